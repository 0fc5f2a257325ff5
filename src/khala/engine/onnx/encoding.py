"""The spectral codec's encoder without torch: samples -> codes (`models.codec.spectral`).

A frame depends on the samples around it alone, so a song is encoded in pieces, which are spread over threads.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from khala.audio.mel import mel_filters, mel_sums
from khala.audio.samples import Samples
from khala.engine.onnx.codebooks import Codebooks
from khala.engine.onnx.spectra import Complex, Floats, Grid
from khala.engine.onnx.threads import workers
from khala.models.codec.config import SpectralConfig
from khala.music.progress import Progress, silent
from khala.weights.names import CODEC
from khala.weights.tensor_file import TensorFile

PIECE_FRAMES = 128
"""Frames that a thread takes at a time."""
ROUNDING = 1e-5
"""Share of their size by which distances that a matrix product computes may be wrong."""


class SpectralEncoder:
    """The encoder of the codec in `folder`. Raises OSError, ValueError."""

    def __init__(self, folder: Path, config: SpectralConfig, codebooks: Codebooks) -> None:
        self.config, self.codebooks, self.grid = config, codebooks, Grid(config)
        bins, tensors = config.fft // 2 + 1, TensorFile(folder / CODEC)
        self._mel, self._coarse = (
            mel_filters(bands, bins, config.sample_rate) for bands in (config.bands, config.balance_bands)
        )
        self._mean_F, self._project_FD = tensors.array("mean"), tensors.array("project")
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.low_fft) / config.low_fft)
        self._low_window = (window * config.fft).astype(np.float32)

    def encode(self, samples_2N: Samples, progress: Progress = silent, threads: int = 1) -> NDArray[np.int16]:
        """Encode samples [2, N] -> codes [Q, ceil(N / hop)]. Progress counts frames.

        Raises ValueError for samples that are not stereo.
        """
        if len(samples_2N) != 2:
            raise ValueError(f"the codec takes stereo, not {len(samples_2N)} channels")
        frames = -(-samples_2N.shape[1] // self.config.hop)
        codes_QT = np.empty((self.config.levels, frames), np.int16)
        pieces = [slice(at, min(at + PIECE_FRAMES, frames)) for at in range(0, frames, PIECE_FRAMES)]

        def encode_piece(piece: slice) -> None:
            codes_QT[:, piece] = self._quantize(self._latent(samples_2N, piece.start, piece.stop))

        with workers(threads) as spread:
            for first in range(0, len(pieces), threads):
                together = pieces[first : first + threads]
                spread(encode_piece, together)
                progress("encode", together[-1].stop, frames)
        return codes_QT

    def _latent(self, samples_2N: Samples, start: int, stop: int) -> Floats:
        """Analyse frames `start` to `stop` of a song (`features.Analysis`) and project them -> [T, D]."""
        config, frames = self.config, stop - start
        left, right = (self.grid.spectra(one_N) for one_N in self._around(samples_2N, start, stop, self.grid.edge))
        loud_left, loud_right = mel_sums(np.abs(left), self._coarse), mel_sums(np.abs(right), self._coarse)
        balance = (loud_left - loud_right) / (loud_left + loud_right + np.float32(30 * config.floor))
        edge = (config.low_fft - config.hop) // 2
        mid_N = self._around(samples_2N, start, stop, edge).mean(0)
        windows_TN = np.lib.stride_tricks.sliding_window_view(mid_N, config.low_fft)[:: config.hop] * self._low_window
        low = np.fft.rfft(windows_TN, norm="forward")[:, 1 : config.low_bins + 1]  # the norm: see `Grid.spectra`
        groups = [self._log_mel((left + right) / 2), self._log_mel((left - right) / 2), balance]
        groups.append(np.log(np.abs(low) + np.float32(config.floor)))
        features_TF = np.concatenate([group.reshape(frames, -1) for group in groups], 1)
        # A matrix product would round by the number of threads.
        latent_TD: Floats = np.einsum("tf,fd->td", features_TF - self._mean_F, self._project_FD)
        return latent_TD

    def _log_mel(self, spectrum_SK: Complex) -> Floats:
        return np.log(mel_sums(np.abs(spectrum_SK), self._mel) + np.float32(self.config.floor))

    def _around(self, samples_2N: Samples, start: int, stop: int, edge: int) -> Samples:
        """Return the samples of frames `start` to `stop` and `edge` more on either side; outside of the song is
        silence."""
        first, last, total = start * self.config.hop - edge, stop * self.config.hop + edge, samples_2N.shape[1]
        inside = samples_2N[:, max(first, 0) : last].astype(np.float32, copy=False)
        return np.pad(inside, ((0, 0), (max(-first, 0), max(last - total, 0))))

    def _quantize(self, residual_TD: Floats) -> NDArray[np.int64]:
        """Find the nearest code of every level for what the levels before leave, as `nn.rvq` -> [Q, T].

        What a matrix product cannot tell apart is decided exactly, so that codes do not depend on how it rounds.
        """
        codes_QT = np.empty((self.config.levels, len(residual_TD)), np.int64)
        for level, codes_T in enumerate(codes_QT):
            vectors_CD = self.codebooks.vectors(level)
            size_C, size_T1 = np.square(vectors_CD).sum(1), np.square(residual_TD).sum(1, keepdims=True)
            distance_TC = size_C - 2 * (residual_TD @ vectors_CD.T)
            codes_T[:] = distance_TC.argmin(1)
            wrong_T1 = ROUNDING * (size_T1 + size_C.max())
            close_TC = distance_TC <= distance_TC.min(1, keepdims=True) + wrong_T1
            for t in np.flatnonzero(close_TC.sum(1) > 1):
                codes = np.flatnonzero(close_TC[t])
                exact = np.square(vectors_CD[codes].astype(np.float64) - residual_TD[t]).sum(1)
                codes_T[t] = codes[exact.argmin()]
            residual_TD = residual_TD - vectors_CD[codes_T]
        return codes_QT
