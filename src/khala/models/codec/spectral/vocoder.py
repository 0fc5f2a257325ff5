"""Log spectra to samples: a network sharpens the magnitudes and says how phase moves; the phase itself is summed up.

A magnitude spectrum does not say where a wave stands, only how it goes on. So the network predicts differences: from
one spectrum to the next (``advance``), from one bin to the next (``slope``) and from mid to side (``width``), each as a
complex number whose length is how sure it is. ``phase.integrate`` adds them up from the first frame to the last, and a
few projections (Griffin and Lim 1984) make neighbouring spectra agree on one waveform. The phase of a frame therefore
depends on all frames before it; ``synthesise`` carries it from block to block and needs no more memory for a long song.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.features import Analysis
from khala.models.codec.spectral.phase import integrate
from khala.nn.conv import ConvNeXtBlock

MAGNITUDE_STEPS = 2  # projections onto the predicted magnitudes
MEL_STEPS = 3  # and then onto the mel magnitudes alone, which leaves noise its grain
BLOCK = 512  # frames synthesised at once: 24 s
MARGIN = 16  # frames on either side of a block that it hears: more than network and projections reach


@dataclass(frozen=True)
class Spectra:
    """Shapes [B, S, K]: S spectra of K bins on the codec's grid. ``log_mid`` and ``log_side`` are logarithms of a
    magnitude and the configuration's floor added to it. ``advance[s]`` leads from spectrum s - 1 to s beyond
    what the bin's own frequency explains, ``slope[k]`` from bin k - 1 to k, ``width`` from mid to side."""

    log_mid: Tensor
    log_side: Tensor
    advance: Tensor
    slope: Tensor
    width: Tensor


class Vocoder(nn.Module):
    """Features [B, T, F] -> ``Spectra`` with S = 4 T (``forward``) -> samples [B, 2, hop T] (``synthesise``)."""

    spread: Tensor
    log_area: Tensor

    def __init__(self, config: SpectralConfig, analysis: Analysis) -> None:
        super().__init__()
        self.config = config
        self._analysis = (analysis,)  # in a tuple: shared with the codec, not a part of this module
        bins = config.fft // 2 + 1
        spread = analysis.mel.clone()
        spread[0, 0] = spread[-1, -1] = 1.0  # the first and the last bin lie outside all triangles
        self.register_buffer("spread", spread / spread.sum(0), persistent=False)
        self.register_buffer("log_area", analysis.mel.sum(1).log(), persistent=False)
        inputs = 2 * config.bands + config.balance_bands + config.low_bins
        self.enter = nn.Conv1d(inputs, config.width, 3, padding=1)
        self.blocks = nn.ModuleList(ConvNeXtBlock(config.width, config.expansion) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, 8 * bins)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    @property
    def analysis(self) -> Analysis:
        return self._analysis[0]

    def forward(self, features_BTF: Tensor) -> Spectra:
        mid, side, balance, low = self.analysis.split(features_BTF)
        low = low.repeat_interleave(self.analysis.spectra, dim=1)
        x_BDS = self.enter(torch.cat([mid / 2, side / 2, 2 * balance, low / 2], dim=2).transpose(1, 2))
        for block in self.blocks:
            x_BDS = block(x_BDS)
        log_mid, log_side, *pairs = self.head(self.norm(x_BDS.transpose(1, 2))).chunk(8, dim=2)
        advance, slope, width = (torch.complex(pairs[i], pairs[i + 1]) for i in (0, 2, 4))
        return Spectra(self._even(mid) + log_mid, self._even(side) + log_side, advance, slope, width)

    def _even(self, log_mel: Tensor) -> Tensor:
        """The log magnitudes of bins if every band were flat."""
        return (log_mel - self.log_area) @ self.spread

    @torch.no_grad()
    def synthesise(self, features_BTF: Tensor, block: int = BLOCK) -> Tensor:
        """Samples [B, 2, hop T], ``block`` frames at a time; the same for every block length."""
        n, hop, total = self.analysis.spectra, self.config.hop, features_BTF.shape[1]
        samples, phase, start = [], None, 0
        while start < total:
            stop = min(start + block, total)
            first, last = max(start - MARGIN, 0), min(stop + MARGIN, total)
            features = features_BTF[:, first:last]
            spectra = self(features)
            # ``phase`` holds the left margin, as the block before left it; the rest is summed up from there.
            phase = integrate(spectra.log_mid.exp(), spectra.advance, spectra.slope, phase)
            piece = self.project(spectra, phase)
            samples.append(piece[..., (start - first) * hop : (stop - first) * hop])
            phase = phase[:, max(stop - MARGIN - first, 0) * n : (stop - first) * n]
            start = stop
        return torch.cat(samples, dim=2)

    def project(self, spectra: Spectra, phase_BSK: Tensor) -> Tensor:
        """Samples [B, 2, N] whose spectra have nearly the predicted magnitudes, starting from a phase of mid."""
        logs = torch.stack([spectra.log_mid, spectra.log_side], dim=1)
        # Left in, the floor would be heard: a hiss of this strength in every bin, and a sum of it in every mel band.
        magnitude = (logs.exp() - self.config.floor).clamp(min=0)
        mel = magnitude @ self.analysis.mel.T
        turn = torch.stack([phase_BSK, phase_BSK * _unit(spectra.width)], dim=1)
        samples = self.analysis.istft(magnitude * turn)
        for step in range(MAGNITUDE_STEPS + MEL_STEPS):
            found = self.analysis.stft(samples)
            if step < MAGNITUDE_STEPS:
                found = magnitude * _unit(found)
            else:
                ratio = (mel + self.config.floor) / (found.abs() @ self.analysis.mel.T + self.config.floor)
                found = found * (ratio.clamp(0.1, 10) @ self.spread)
            samples = self.analysis.istft(found)
        mid, side = samples.unbind(1)
        return torch.stack([mid + side, mid - side], dim=1)


def _unit(z: Tensor) -> Tensor:
    return z / (z.abs() + 1e-20)
