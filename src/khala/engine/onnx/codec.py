"""The spectral codec's decoder without torch: codes -> samples (`models.codec.spectral.vocoder`).

A song is decoded in blocks, so that memory is linear in its length with a small factor; the phase is carried from block
to block. The network, and each projection, are spread over threads in pieces.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.onnx.codebooks import Codebooks
from khala.engine.onnx.session import open_session
from khala.engine.onnx.spectra import Complex, Floats, Grid, MelBank
from khala.engine.onnx.threads import workers
from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.integration import integrate
from khala.models.codec.spectral.projections import MAGNITUDE_PROJECTIONS, MARGIN_FRAMES, MEL_PROJECTIONS
from khala.music.progress import Progress, silent
from khala.weights.names import CODEC_GRAPH, MEL_GRAPH

OPENING_FRAMES, BLOCK_FRAMES = 160, 224
"""Frames decoded at once, first and then: 7 and 10 s. Where a window of a song ends (`models.lm.windows`), so does a
block: as soon as it can be decoded."""
PIECE_FRAMES = 64
"""Frames that a thread takes at a time."""
CONTEXT_FRAMES = 8
"""Frames that the network reads on either side of a piece: more than its receptive field."""
TINY = 1e-20
"""Added to magnitudes that are divided by."""

Spread = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]


@dataclass(frozen=True)
class Prepared:
    """The network's outputs (`graphs.vocoder`) for S spectra, the pairs as complex numbers."""

    mid: Floats
    magnitude: Floats
    mel_magnitude: Floats
    advance: Complex
    slope: Complex
    width: Complex

    @classmethod
    def joined(cls, pieces: "Sequence[Prepared]") -> "Prepared":
        """Join pieces along S."""
        return cls(*(np.concatenate([getattr(piece, its.name) for piece in pieces], -2) for its in fields(cls)))


class CodecSession:
    """The codec of the model in `folder`. Raises ModelError."""

    def __init__(self, folder: Path, config: SpectralConfig, codebooks: Codebooks) -> None:
        self.config, self.codebooks, self.grid = config, codebooks, Grid(config)
        self._network, self._mel = open_session(folder / CODEC_GRAPH), open_session(folder / MEL_GRAPH)
        self._bank = bank = MelBank(config)
        self._filters = {"mel": bank.mel, "spread": bank.spread}
        self._spectra = config.hop // config.stride

    def decode(self, codes_QT: NDArray[np.int16], progress: Progress = silent, threads: int = 1) -> Samples:
        """Decode codes [Q, T] of the first Q levels, any Q -> samples [2, hop T]. Progress counts frames."""
        hop, frames, done = self.config.hop, codes_QT.shape[1], 0
        samples_2N = np.empty((2, frames * hop), np.float32)
        for block_2N in self.blocks(codes_QT, threads):
            length = block_2N.shape[1]
            samples_2N[:, done * hop : done * hop + length] = block_2N
            done += length // hop
            progress("decode", done, frames)
        return samples_2N

    def blocks(self, codes_QT: NDArray[np.int16], threads: int = 1) -> Iterator[Samples]:
        """Decode as `decode` does -> one block of samples after the other."""
        synthesis = BlockSynthesis(self, threads)
        while (block_2N := synthesis.next(codes_QT, whole=True)) is not None:
            yield block_2N

    def decode_block(
        self, codes_QT: NDArray[np.int16], start: int, stop: int, phase: Complex | None, spread: Spread
    ) -> tuple[Samples, Complex]:
        """Decode frames `start` to `stop` -> their samples, and the `phase` that the next block takes.

        No code after the block matters but the next `MARGIN_FRAMES` + `CONTEXT_FRAMES`.
        """
        n, hop, total = self._spectra, self.config.hop, codes_QT.shape[1]
        first, last = max(start - MARGIN_FRAMES, 0), min(stop + MARGIN_FRAMES, total)
        prepared = self.prepare(codes_QT, first, last, spread)
        # `phase` holds the left margin, from the block before; the rest is integrated from there.
        phase = integrate(prepared.mid, prepared.advance, prepared.slope, phase)
        samples_2N = self.project(prepared, phase, spread)[:, (start - first) * hop : (stop - first) * hop]
        return samples_2N, phase[max(stop - MARGIN_FRAMES - first, 0) * n : (stop - first) * n]

    def prepare(self, codes_QT: NDArray[np.int16], first: int, last: int, spread: Spread) -> Prepared:
        """Run the network over frames `first` to `last`, in pieces."""
        begin, end = max(first - CONTEXT_FRAMES, 0), min(last + CONTEXT_FRAMES, codes_QT.shape[1])
        latent_TD = self.codebooks.latent(codes_QT[:, begin:end])

        def run(start: int) -> Prepared:
            stop = min(start + PIECE_FRAMES, last)
            left, right = max(start - CONTEXT_FRAMES, begin), min(stop + CONTEXT_FRAMES, end)
            inputs = {
                "latent": latent_TD[left - begin : right - begin],
                "log_area": self._bank.log_area,
                **self._filters,
            }
            mid, magnitude, mel_magnitude, *pairs = self._network.run(None, inputs)
            kept = slice((start - left) * self._spectra, (stop - left) * self._spectra)
            advance, slope, width = (pair[kept].view(np.complex64)[..., 0] for pair in pairs)
            return Prepared(mid[kept], magnitude[:, kept], mel_magnitude[:, kept], advance, slope, width)

        return Prepared.joined(spread(run, range(first, last, PIECE_FRAMES)))

    def project(self, prepared: Prepared, phase_SK: Complex, spread: Spread) -> Samples:
        """Compute samples [2, N] whose spectra have nearly the magnitudes, from the phase of mid."""
        steps, length = len(phase_SK), PIECE_FRAMES * self._spectra
        shape = 2, steps, self.config.fft
        before_2SN, frames_2SN = np.empty(shape, np.float32), np.empty(shape, np.float32)
        pieces = [(side, slice(at, min(at + length, steps))) for side in range(2) for at in range(0, steps, length)]

        def begin(piece: tuple[int, slice]) -> None:
            side, rows = piece
            phase = phase_SK[rows] * _unit(prepared.width[rows]) if side else phase_SK[rows]
            frames_2SN[side, rows] = self.grid.frames(prepared.magnitude[side, rows] * phase)

        def to_magnitude(piece: tuple[int, slice]) -> None:
            side, rows = piece
            spectrum = self.grid.spectra(self.grid.samples(before_2SN[side], rows.start, rows.stop))
            spectrum *= prepared.magnitude[side, rows] / (np.abs(spectrum) + TINY)
            frames_2SN[side, rows] = self.grid.frames(spectrum)

        def to_mel(piece: tuple[int, slice]) -> None:
            side, rows = piece
            spectrum = self.grid.spectra(self.grid.samples(before_2SN[side], rows.start, rows.stop))
            wanted = prepared.mel_magnitude[side, rows]
            (gain,) = self._mel.run(None, {"loudness": np.abs(spectrum), "wanted": wanted, **self._filters})
            spectrum *= gain
            frames_2SN[side, rows] = self.grid.frames(spectrum)

        spread(begin, pieces)
        for project in (*[to_magnitude] * MAGNITUDE_PROJECTIONS, *[to_mel] * MEL_PROJECTIONS):
            before_2SN, frames_2SN = frames_2SN, before_2SN
            spread(project, pieces)
        edge = self.grid.edge
        mid_N, side_N = (self.grid.samples(one, 0, steps)[edge:-edge] for one in frames_2SN)
        return np.stack([mid_N + side_N, mid_N - side_N])


class BlockSynthesis:
    """A song that is decoded block by block as its codes come in (`engine.base.Synthesis`)."""

    def __init__(self, codec: CodecSession, threads: int = 1) -> None:
        self._codec, self._threads, self._start = codec, threads, 0
        self._phase: Complex | None = None

    def next(self, codes_QT: NDArray[np.int16], whole: bool) -> Samples | None:
        start, total = self._start, codes_QT.shape[1]
        stop = start + (BLOCK_FRAMES if start else OPENING_FRAMES)
        if whole:
            stop = min(stop, total)
        if stop == start or (not whole and stop + MARGIN_FRAMES + CONTEXT_FRAMES > total):
            return None
        with workers(self._threads) as spread:
            samples_2N, self._phase = self._codec.decode_block(codes_QT, start, stop, self._phase, spread)
        self._start = stop
        return samples_2N


def _unit(z: Complex) -> Complex:
    unit: Complex = z / (np.abs(z) + TINY)
    return unit
