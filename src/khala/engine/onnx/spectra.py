"""Spectra on the spectral codec's grid and samples, in pieces (`models.codec.spectral.features`)."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from khala.audio.mel import mel_filters
from khala.models.codec.config import SpectralConfig

Floats = NDArray[np.float32]
Complex = NDArray[np.complex64]


class MelBank:
    """`mel` [bands, K], triangles of height one; `spread` [bands, K] spreads bands over bins; `log_area` [bands],
    the logarithm of the triangles' sums."""

    def __init__(self, config: SpectralConfig) -> None:
        self.mel: Floats = mel_filters(config.bands, config.fft // 2 + 1, config.sample_rate).astype(np.float32)
        spread = self.mel.copy()
        spread[0, 0] = spread[-1, -1] = 1.0  # the first and the last bin lie outside of all triangles
        self.spread: Floats = spread / spread.sum(0)
        self.log_area: Floats = np.log(self.mel.sum(1))


class Grid:
    """Windowed frames of `fft` samples, `stride` apart: their spectra, and the samples that they overlap to."""

    def __init__(self, config: SpectralConfig) -> None:
        self.fft, self.stride, self.parts = config.fft, config.stride, config.fft // config.stride
        self.edge = (config.fft - config.stride) // 2
        self._window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.fft) / self.fft)).astype(np.float32)
        self._scaled = self._window * np.float32(self.fft)
        self._inverse = lru_cache(2)(self._inverse_weight)

    def frames(self, spectrum_SK: Complex) -> Floats:
        """Compute windowed frames [S, fft]."""
        frames_SN: Floats = np.fft.irfft(spectrum_SK).astype(np.float32, copy=False)
        frames_SN *= self._window
        return frames_SN

    def spectra(self, samples_N: Floats) -> Complex:
        """Compute the spectra [S, K] of the frames in samples [stride (S + parts - 1)]."""
        frames_SN = np.lib.stride_tricks.sliding_window_view(samples_N, self.fft)[:: self.stride] * self._scaled
        # with its default norm numpy multiplies by an integer 1, and for that computes in double precision;
        # before version 2 it always does
        spectrum: Complex = np.fft.rfft(frames_SN, norm="forward").astype(np.complex64, copy=False)
        return spectrum

    def samples(self, frames_SN: Floats, first: int, stop: int) -> Floats:
        """Overlap-add all frames [S, fft] -> the samples that frames `first` to `stop` cover.

        Half a frame less half a stride is 0 at either end: too few frames overlap there.
        """
        steps = len(frames_SN)
        total = np.zeros((stop - first + self.parts - 1, self.stride), np.float32)
        for part in range(self.parts):
            low, high = max(first - part, 0), min(stop + self.parts - 1 - part, steps)
            into = total[low + part - first : high + part - first]
            into += frames_SN[low:high, part * self.stride : (part + 1) * self.stride]
        total *= self._inverse(steps)[first : stop + self.parts - 1]
        return total.ravel()

    def _inverse_weight(self, steps: int) -> Floats:
        """Return what the sum of so many overlapping frames is multiplied by, by strides."""
        weight = np.zeros((steps + self.parts - 1, self.stride), np.float32)
        for part in range(self.parts):
            weight[part : part + steps] += np.square(self._window[part * self.stride : (part + 1) * self.stride])
        inverse = np.zeros(weight.size, np.float32)
        kept = slice(self.edge, weight.size - self.edge)
        inverse[kept] = 1 / weight.ravel()[kept]
        return inverse.reshape(weight.shape)
