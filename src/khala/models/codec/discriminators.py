"""Discriminators of a codec's training: they look at samples by periods and at spectra by bands.

Both are convolutional and small; each returns what its layers hold, the last of which are its verdicts, one a patch
(Kumar et al. 2023, arXiv 2306.06546, section 3.4; periods: Kong et al. 2020, arXiv 2010.05646).
"""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

PERIODS = (2, 3, 5, 7, 11)
STFT_SIZES = (2048, 1024, 512)
BANDS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Bounds of the bands of a spectrum, as shares of its bins."""
SLOPE = 0.1
"""Of the leaky rectifiers."""

Maps = list[Tensor]
"""What the layers of one discriminator hold, verdicts last."""


class PeriodDiscriminator(nn.Module):
    """Samples [B, C, N], folded into rows of `period` samples -> maps [B, W, rows, period]."""

    def __init__(self, channels: int, period: int, widths: Sequence[int] = (32, 128, 512, 1024, 1024)) -> None:
        super().__init__()
        self.period = period
        strides = [3] * (len(widths) - 1) + [1]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(before, after, (5, 1), (stride, 1), (2, 0)))
            for before, after, stride in zip((channels, *widths), widths, strides, strict=False)
        )
        self.verdict = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, samples_BCN: Tensor) -> Maps:
        padded = F.pad(samples_BCN, (0, -samples_BCN.shape[2] % self.period), mode="reflect")
        maps = _maps(self.layers, padded.unflatten(2, (-1, self.period)))
        return [*maps, self.verdict(maps[-1])]


class BandDiscriminator(nn.Module):
    """Spectra [B, C, S, K], each band of bins by layers of its own, all bands by the last -> maps."""

    def __init__(self, channels: int, width: int = 32) -> None:
        super().__init__()
        self.bands = nn.ModuleList(_band_layers(channels, width) for _ in BANDS[1:])
        self.verdict = weight_norm(nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, spectra_BCSK: Tensor) -> Maps:
        bins = spectra_BCSK.shape[3]
        maps: Maps = []
        ends = []
        for layers, low, high in zip(self.bands, BANDS, BANDS[1:], strict=False):
            x = spectra_BCSK[..., round(low * bins) : round(high * bins)]
            maps += _maps(cast(nn.ModuleList, layers), x)
            ends.append(maps[-1])
        return [*maps, self.verdict(torch.cat(ends, dim=3))]


class StftDiscriminator(nn.Module):
    """Samples [B, C, N] -> the maps of a `BandDiscriminator` on their complex spectra of `size` samples."""

    window: Tensor

    def __init__(self, channels: int, size: int, width: int = 32) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("window", torch.hann_window(size), persistent=False)
        self.bands = BandDiscriminator(2 * channels, width)

    def forward(self, samples_BCN: Tensor) -> Maps:
        B, C, _ = samples_BCN.shape
        spectra = torch.stft(
            samples_BCN.flatten(0, 1).float(), self.size, self.size // 4, window=self.window, return_complex=True
        )
        parts_BCSK = torch.view_as_real(spectra.mT).unflatten(0, (B, C)).permute(0, 1, 4, 2, 3).flatten(1, 2)
        maps: Maps = self.bands(parts_BCSK)
        return maps


class SampleDiscriminators(nn.ModuleList):
    """All discriminators of samples with so many channels, by periods and by spectra; `share` scales their widths."""

    def __init__(self, channels: int, share: float = 1.0) -> None:
        widths = [max(4, round(share * width)) for width in (32, 128, 512, 1024, 1024)]
        by_period = (PeriodDiscriminator(channels, period, widths) for period in PERIODS)
        by_spectra = (StftDiscriminator(channels, size, max(4, round(32 * share))) for size in STFT_SIZES)
        super().__init__([*by_period, *by_spectra])


def _band_layers(channels: int, width: int) -> nn.ModuleList:
    wide = [nn.Conv2d(channels, width, (3, 9), padding=(1, 4))]
    wide += [nn.Conv2d(width, width, (3, 9), (1, 2), padding=(1, 4)) for _ in range(3)]
    return nn.ModuleList(weight_norm(layer) for layer in (*wide, nn.Conv2d(width, width, 3, padding=1)))


def _maps(layers: nn.ModuleList, x: Tensor) -> Maps:
    maps: Maps = []
    for layer in layers:
        x = F.leaky_relu(layer(x), SLOPE)
        maps.append(x)
    return maps
