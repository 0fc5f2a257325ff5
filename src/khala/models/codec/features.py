"""What the spectral codec hears of a song: log spectra of mid and side, their balance, and the pitch of the bass.

One codec frame of 2048 samples becomes one vector: for each of its four spectra (2048 samples, centred 256, 768, 1280
and 1792 samples into the frame) the log-mel magnitudes of mid and side and, per coarse band, which of left and right is
louder (mid and side alone cannot tell left from right); and once, from 8192 samples around the frame, the log
magnitudes of the lowest bins, because 2048 samples cannot tell neighbouring bass notes apart.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from khala.models.codec.config import SpectralConfig


class Analysis(nn.Module):
    """Samples [B, 2, N] -> features [B, T, F], T = ceil(N / hop). Frame t is about samples [hop t, hop (t + 1))."""

    window: Tensor
    low_window: Tensor
    mel: Tensor
    coarse: Tensor

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        self.config = config
        bins = config.fft // 2 + 1
        self.register_buffer("window", torch.hann_window(config.fft), persistent=False)
        self.register_buffer("low_window", torch.hann_window(config.low_fft), persistent=False)
        self.register_buffer("mel", mel_filters(config.bands, bins, config.sample_rate), persistent=False)
        self.register_buffer("coarse", mel_filters(config.balance_bands, bins, config.sample_rate), persistent=False)

    @property
    def spectra(self) -> int:
        """Spectra per codec frame."""
        return self.config.hop // self.config.stride

    @property
    def widths(self) -> tuple[int, int, int, int]:
        """Values per codec frame of each group in a feature vector: mid, side, balance, low; their sum is F."""
        config, n = self.config, self.spectra
        return n * config.bands, n * config.bands, n * config.balance_bands, config.low_bins

    def stft(self, samples_BCN: Tensor) -> Tensor:
        """Complex spectra [B, C, bins, 4 T] on the codec's grid: ceil(N / hop) whole frames."""
        config = self.config
        frames = -(-samples_BCN.shape[-1] // config.hop)
        edge = (config.fft - config.stride) // 2
        tail = frames * config.hop - samples_BCN.shape[-1]
        padded = nn.functional.pad(samples_BCN, (edge, edge + tail))
        return _stft(padded, self.window, config.stride)

    def forward(self, samples_B2N: Tensor) -> Tensor:
        config, n = self.config, self.spectra
        spectrum = self.stft(samples_B2N)
        left, right = spectrum.unbind(1)
        mid, side = (left + right) / 2, (left - right) / 2
        loud_left, loud_right = self.coarse @ left.abs(), self.coarse @ right.abs()
        # The floor here is higher (thirty times): how near-silence is panned is nobody's concern.
        balance = (loud_left - loud_right) / (loud_left + loud_right + 30 * config.floor)
        groups = [self.log_mel(mid), self.log_mel(side), balance]
        frames = spectrum.shape[-1] // n
        by_frame = [g.transpose(1, 2).reshape(g.shape[0], frames, n * g.shape[1]) for g in groups]
        return torch.cat([*by_frame, self._low(samples_B2N, frames)], dim=2)

    def log_mel(self, spectrum: Tensor) -> Tensor:
        """Complex [..., bins, S] -> log(mel magnitude + floor) [..., bands, S]."""
        return torch.log(self.mel @ spectrum.abs() + self.config.floor)

    def split(self, features_BTF: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Features -> mid, side [B, bands, 4T], balance [B, balance bands, 4T], low [B, low bins, T]."""
        B, T, _ = features_BTF.shape
        *groups, low = features_BTF.split(self.widths, dim=2)
        mid, side, balance = (g.reshape(B, T * self.spectra, -1).transpose(1, 2) for g in groups)
        return mid, side, balance, low.transpose(1, 2)

    def _low(self, samples_B2N: Tensor, frames: int) -> Tensor:
        config = self.config
        edge = (config.low_fft - config.hop) // 2
        tail = frames * config.hop - samples_B2N.shape[-1]
        mid = nn.functional.pad(samples_B2N.mean(1), (edge, edge + tail))
        spectrum = _stft(mid, self.low_window, config.hop)[:, 1 : config.low_bins + 1]
        scale = config.fft / config.low_fft  # a sine reads alike in both window lengths
        return torch.log(spectrum.abs() * scale + config.floor).transpose(1, 2)


def _stft(samples: Tensor, window: Tensor, stride: int) -> Tensor:
    flat = samples.reshape(-1, samples.shape[-1])
    spectrum = torch.stft(flat, len(window), stride, window=window, center=False, return_complex=True)
    return spectrum.view(*samples.shape[:-1], *spectrum.shape[1:])


def mel_filters(bands: int, bins: int, sample_rate: int) -> Tensor:
    """Triangles of height one, evenly spaced on Slaney's mel scale (linear to 1 kHz, then logarithmic) -> [bands, bins]."""
    step = math.log(6.4) / 27
    top = sample_rate / 2
    top_mel = top * 3 / 200 if top < 1000 else 15 + math.log(top / 1000) / step
    mels = torch.linspace(0, top_mel, bands + 2, dtype=torch.float64)
    corners = torch.where(mels < 15, mels * 200 / 3, 1000 * torch.exp((mels - 15).clamp(min=0) * step))
    frequency = torch.linspace(0, top, bins, dtype=torch.float64)
    rise = (frequency - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - frequency) / (corners[2:] - corners[1:-1])[:, None]
    return torch.minimum(rise, fall).clamp(min=0).float()
