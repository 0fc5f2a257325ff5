"""Log spectra to samples: a network sharpens the magnitudes and predicts differences of phase, which are integrated.

A magnitude spectrum does not determine the phase, only its change. So the network predicts differences: from one
spectrum to the next (`advance`), from one bin to the next (`slope`) and from mid to side (`width`), each as a complex
number whose magnitude is its certainty. `phase.integrate_phase` adds them up from the first frame to the last, and a
few projections (Griffin and Lim 1984) make neighbouring spectra consistent with one waveform. So the phase of a frame
depends on all frames before it; `synthesise` carries it from block to block and needs no more memory for a long song.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.features import Analysis
from khala.models.codec.spectral.phase import integrate_phase
from khala.models.codec.spectral.projections import MAGNITUDE_PROJECTIONS, MARGIN_FRAMES, MEL_PROJECTIONS
from khala.nn.conv import ConvNeXtBlock

BLOCK_FRAMES = 512
"""Frames synthesised at once: 24 s."""


@dataclass(frozen=True)
class Spectra:
    """The network's output, each [B, S, K]: S spectra of K bins on the codec's grid.

    `log_mid` and `log_side` are logarithms of magnitudes plus the configuration's floor. `advance[s]` is the phase
    difference of spectra s - 1 and s beyond `phase.expected_advance`, `slope[k]` that of bins k - 1 and k, `width` that
    of mid and side.
    """

    log_mid: Tensor
    log_side: Tensor
    advance: Tensor
    slope: Tensor
    width: Tensor


class Vocoder(nn.Module):
    """Features [B, T, F] -> `Spectra` with S = 4 T (`forward`) -> samples [B, 2, hop T] (`synthesise`)."""

    spread: Tensor
    log_area: Tensor

    def __init__(self, config: SpectralConfig, analysis: Analysis) -> None:
        super().__init__()
        self.config = config
        self._analysis = (analysis,)  # in a tuple: shared with the codec, not a part of this module
        bins = config.fft // 2 + 1
        spread = analysis.mel.clone()
        spread[0, 0] = spread[-1, -1] = 1.0  # the first and the last bin lie outside of all triangles
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
        """Compute the log magnitudes of bins as if every band were flat."""
        return (log_mel - self.log_area) @ self.spread

    @torch.no_grad()
    def synthesise(self, features_BTF: Tensor, block: int = BLOCK_FRAMES) -> Tensor:
        """Synthesise samples [B, 2, hop T], `block` frames at a time; they do not depend on its size."""
        n, hop, total = self.analysis.spectra, self.config.hop, features_BTF.shape[1]
        samples, phase, start = [], None, 0
        while start < total:
            stop = min(start + block, total)
            first, last = max(start - MARGIN_FRAMES, 0), min(stop + MARGIN_FRAMES, total)
            features = features_BTF[:, first:last]
            spectra = self(features)
            # `phase` holds the left margin, from the block before; the rest is integrated from there.
            phase = integrate_phase(spectra.log_mid.exp(), spectra.advance, spectra.slope, phase)
            piece = self.project(spectra, phase)
            samples.append(piece[..., (start - first) * hop : (stop - first) * hop])
            phase = phase[:, max(stop - MARGIN_FRAMES - first, 0) * n : (stop - first) * n]
            start = stop
        return torch.cat(samples, dim=2)

    def project(self, spectra: Spectra, phase_BSK: Tensor) -> Tensor:
        """Compute samples [B, 2, N] whose spectra have nearly the predicted magnitudes, from the phase of mid."""
        logs = torch.stack([spectra.log_mid, spectra.log_side], dim=1)
        # The floor would be audible: a hiss of this magnitude in every bin, and their sum in every mel band.
        magnitude = (logs.exp() - self.config.floor).clamp(min=0)
        mel = magnitude @ self.analysis.mel.T
        phase = torch.stack([phase_BSK, phase_BSK * _unit(spectra.width)], dim=1)
        samples = self.analysis.istft(magnitude * phase)
        for step in range(MAGNITUDE_PROJECTIONS + MEL_PROJECTIONS):
            spectrum = self.analysis.stft(samples)
            if step < MAGNITUDE_PROJECTIONS:
                spectrum = magnitude * _unit(spectrum)
            else:
                ratio = (mel + self.config.floor) / (spectrum.abs() @ self.analysis.mel.T + self.config.floor)
                spectrum = spectrum * (ratio.clamp(0.1, 10) @ self.spread)
            samples = self.analysis.istft(spectrum)
        mid, side = samples.unbind(1)
        return torch.stack([mid + side, mid - side], dim=1)


def _unit(z: Tensor) -> Tensor:
    return z / (z.abs() + 1e-20)
