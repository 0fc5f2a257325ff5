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


@torch.inference_mode()
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
    """Decode codes [Q, T] to samples float32 [2, hop T]; progress counts frames.

    `context_frames` None takes what the codec asks for. A codec that knows no bound is decoded in one call.
    """
    if not 0 <= overlap_frames < chunk_frames:
        raise ValueError(f"an overlap of {overlap_frames} frames does not fit into chunks of {chunk_frames}")
    frames, hop = codes_QT.shape[1], codec.hop
    if context_frames is None:
        context_frames = codec.context_frames
    if context_frames is None:
        chunk_frames, overlap_frames, context_frames = max(frames, 1), 0, 0
    samples_CN = np.zeros((2, frames * hop), np.float32)
    step = chunk_frames - overlap_frames
    for start in range(0, frames, step):
        stop = min(start + chunk_frames, frames)
        left, right = max(0, start - context_frames), min(frames, stop + context_frames)
        codes_BQT = torch.from_numpy(codes_QT[None, :, left:right].astype(np.int64)).to(codec.codebooks.device)
        chunk_BCN = codec.decode(codes_BQT)[..., (start - left) * hop : (stop - left) * hop]
        chunk_CN = chunk_BCN[0].float().cpu().numpy()
        faded = min(overlap_frames, stop - start) * hop if start else 0
        into_CN = samples_CN[:, start * hop : stop * hop]
        fade_N = np.linspace(0.0, 1.0, faded, dtype=np.float32)
        into_CN[:, :faded] *= 1 - fade_N
        chunk_CN[:, :faded] *= fade_N
        into_CN[:, :faded] += chunk_CN[:, :faded]
        into_CN[:, faded:] = chunk_CN[:, faded:]
        progress("decode", stop, frames)
    return samples_CN
