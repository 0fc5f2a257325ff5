"""Codes -> samples, in chunks, so that memory does not grow with the song.

Chunks overlap, and where they do one fades into the next. A chunk is decoded with `context_frames` more frames on
either side, which are then cut off: with as many as the codec looks at, a chunk is the same as that stretch of a whole
decode, seams included. With none, `chunk_frames=1920` and `overlap_frames=480` this is the published scheme.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.models.codec.base import Codec
from khala.music.progress import Progress, silent
from khala.nn.threads import one_thread

CHUNK_FRAMES = 512
"""24 s of song: the codec's memory is that of a short song, and the context decoded twice is a twentieth of a chunk."""

OVERLAP_FRAMES = 2


@one_thread()
def synthesise(
    codec: Codec,
    codes_QT: NDArray[np.int16],
    *,
    chunk_frames: int = CHUNK_FRAMES,
    overlap_frames: int = OVERLAP_FRAMES,
    context_frames: int | None = None,
    progress: Progress = silent,
) -> Samples:
    """Decode codes [Q, T] to samples float32 [2, hop T]; progress counts frames. Chunks as in `ChunkSynthesis`."""
    synthesis = ChunkSynthesis(codec, chunk_frames, overlap_frames, context_frames)
    frames, done = codes_QT.shape[1], 0
    samples_CN = np.zeros((2, frames * codec.hop), np.float32)
    while (piece_CN := synthesis.next(codes_QT, whole=True)) is not None:
        samples_CN[:, done * codec.hop :][:, : piece_CN.shape[1]] = piece_CN
        done += piece_CN.shape[1] // codec.hop
        progress("decode", done, frames)
    return samples_CN


class ChunkSynthesis:
    """A song that is decoded chunk by chunk as its codes come in (`engine.base.Synthesis`).

    `context_frames` None takes what the codec asks for. A codec that knows no bound is decoded in one call.
    """

    def __init__(
        self,
        codec: Codec,
        chunk_frames: int = CHUNK_FRAMES,
        overlap_frames: int = OVERLAP_FRAMES,
        context_frames: int | None = None,
    ) -> None:
        if not 0 <= overlap_frames < chunk_frames:
            raise ValueError(f"an overlap of {overlap_frames} frames does not fit into chunks of {chunk_frames}")
        self._codec, self._chunk, self._overlap = codec, chunk_frames, overlap_frames
        self._context = codec.context_frames if context_frames is None else context_frames
        self._start = 0
        self._tail_CN = np.empty((2, 0), np.float32)  # of the chunk before: what the next one fades into

    @torch.inference_mode()
    @one_thread()
    def next(self, codes_QT: NDArray[np.int16], whole: bool) -> Samples | None:
        start, frames, hop, context = self._start, codes_QT.shape[1], self._codec.hop, self._context
        if context is None:
            if start or not (whole and frames):
                return None
            stop, step, context = frames, frames, 0
        else:
            stop, step = start + self._chunk, self._chunk - self._overlap
            if whole:
                if start >= frames:
                    return None
                stop = min(stop, frames)
                step = step if start + step < frames else stop - start
            elif stop + context > frames:
                return None
        left, right = max(0, start - context), min(frames, stop + context)
        codes_BQT = torch.from_numpy(codes_QT[None, :, left:right].astype(np.int64)).to(self._codec.codebooks.device)
        decoded_BCN = self._codec.decode(codes_BQT)[..., (start - left) * hop : (stop - left) * hop]
        chunk_CN = decoded_BCN[0].float().cpu().numpy()
        faded = min(self._tail_CN.shape[1], chunk_CN.shape[1])
        fade_N = np.linspace(0.0, 1.0, faded, dtype=np.float32)
        chunk_CN[:, :faded] = self._tail_CN[:, :faded] * (1 - fade_N) + chunk_CN[:, :faded] * fade_N
        self._start, self._tail_CN = start + step, chunk_CN[:, step * hop :]
        return chunk_CN[:, : step * hop]
