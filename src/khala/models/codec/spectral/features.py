"""Features of the spectral codec: log spectra of mid and side, their balance, and a finer spectrum of the bass.

One codec frame of 2048 samples becomes one vector: for each of its four spectra (2048 samples, centred 256, 768, 1280
and 1792 samples into the frame) the log-mel magnitudes of mid and side and, per coarse band, the balance of left and
right (mid and side alone do not distinguish them); and once, from 8192 samples around the frame, the log magnitudes of
the lowest bins, because 2048 samples do not resolve neighbouring bass notes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from khala.audio.mel import mel_filters
from khala.models.codec.config import SpectralConfig

VOICE_HERTZ = (250.0, 6000.0)
"""Where words are told apart."""


class Analysis(nn.Module):
    """Samples [B, 2, N] -> features [B, T, F], T = ceil(N / hop). Frame t describes samples [hop t, hop (t + 1))."""

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
        for name, bands in (("mel", config.bands), ("coarse", config.balance_bands)):
            filters = torch.tensor(mel_filters(bands, bins, config.sample_rate), dtype=torch.float32)
            self.register_buffer(name, filters, persistent=False)

    @property
    def spectra(self) -> int:
        """Number of spectra per codec frame."""
        return self.config.hop // self.config.stride

    @property
    def widths(self) -> tuple[int, int, int, int]:
        """Sizes of the groups of a feature vector: mid, side, balance, low; their sum is F."""
        config, n = self.config, self.spectra
        return n * config.bands, n * config.bands, n * config.balance_bands, config.low_bins

    @property
    def centres(self) -> Tensor:
        """Centre frequencies of the mel bands, Hz [bands]."""
        hertz = torch.linspace(0, self.config.sample_rate / 2, self.mel.shape[1]).to(self.mel)
        return (self.mel @ hertz) / self.mel.sum(1)

    @property
    def voice_bands(self) -> Tensor:
        """Which mel bands lie in `VOICE_HERTZ`, bool [bands]."""
        (low, high), centres = VOICE_HERTZ, self.centres
        return (centres > low) & (centres < high)

    def stft(self, samples_BCN: Tensor) -> Tensor:
        """Compute complex spectra [B, C, S, K] on the codec's grid: S = 4 T of K = 1025 bins, T = ceil(N / hop)."""
        config = self.config
        tail = -samples_BCN.shape[-1] % config.hop
        edge = (config.fft - config.stride) // 2
        padded = nn.functional.pad(samples_BCN, (edge, edge + tail))
        spectrum: Tensor = torch.fft.rfft(padded.unfold(-1, config.fft, config.stride) * self.window, dim=-1)
        return spectrum

    def istft(self, spectrum_BCSK: Tensor) -> Tensor:
        """Compute the samples [B, C, stride S] whose spectra are nearest to the given ones [B, C, S, K]."""
        config = self.config
        frames = torch.fft.irfft(spectrum_BCSK, dim=-1) * self.window
        total = _overlap_add(frames, config.stride)
        weight = _overlap_add(self.window.square().expand(frames.shape[-2], -1), config.stride)
        edge = (config.fft - config.stride) // 2
        return (total[..., edge:-edge] / weight[edge:-edge]).contiguous()

    def forward(self, samples_B2N: Tensor) -> Tensor:
        config = self.config
        left, right = self.stft(samples_B2N).unbind(1)
        loud_left, loud_right = left.abs() @ self.coarse.T, right.abs() @ self.coarse.T
        # The floor is thirty times higher here: the panning of near-silence does not matter.
        balance = (loud_left - loud_right) / (loud_left + loud_right + 30 * config.floor)
        groups = [self.log_mel((left + right) / 2), self.log_mel((left - right) / 2), balance]
        low = self._low(samples_B2N)
        B, T, _ = low.shape
        return torch.cat([*(group.reshape(B, T, -1) for group in groups), low], dim=2)

    def log_mel(self, spectrum_SK: Tensor) -> Tensor:
        """Compute log(mel magnitude + floor) [..., S, bands] of complex spectra [..., S, K]."""
        return torch.log(spectrum_SK.abs() @ self.mel.T + self.config.floor)

    def split(self, features_BTF: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Split features into mid, side [B, S, bands], balance [B, S, balance bands], low [B, T, low bins]."""
        B, T, _ = features_BTF.shape
        mid, side, balance, low = features_BTF.split(self.widths, dim=2)
        S = T * self.spectra
        return mid.reshape(B, S, -1), side.reshape(B, S, -1), balance.reshape(B, S, -1), low

    def _low(self, samples_B2N: Tensor) -> Tensor:
        config = self.config
        edge = (config.low_fft - config.hop) // 2
        tail = -samples_B2N.shape[-1] % config.hop
        mid = nn.functional.pad(samples_B2N.mean(1), (edge, edge + tail))
        spectrum = torch.fft.rfft(mid.unfold(-1, config.low_fft, config.hop) * self.low_window, dim=-1)
        scale = config.fft / config.low_fft  # a sine has the same magnitude in both window lengths
        return torch.log(spectrum[..., 1 : config.low_bins + 1].abs() * scale + config.floor)


def _overlap_add(frames: Tensor, stride: int) -> Tensor:
    """Overlap-add frames [..., S, W], `stride` apart -> [..., stride (S - 1) + W]; the stride divides W."""
    *lead, steps, width = frames.shape
    parts = width // stride
    total = frames.new_zeros(*lead, steps + parts - 1, stride)
    for part in range(parts):
        total[..., part : part + steps, :] += frames[..., part * stride : (part + 1) * stride]
    return total.flatten(-2)
