"""Samples -> codes, in chunks, so that memory does not grow with the song."""

from threading import get_ident

import numpy as np
import torch
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.models.codec.base import Codec
from khala.music.progress import Progress, silent
from khala.nn.threads import one_thread, spread

CHUNK_FRAMES = 64
"""3 s of song: the published encoder is 128 channels wide at the rate of samples."""


@torch.inference_mode()
@one_thread()
def encode(
    codec: Codec, samples_2N: Samples, progress: Progress = silent, chunk_frames: int = CHUNK_FRAMES
) -> NDArray[np.int16]:
    """Encode samples [2, N] to codes of all levels [Q, T], those of a whole encode; progress counts frames.

    A chunk is encoded with as many more frames on either side as the codec looks at, whose codes are then cut off.
    """
    hop, context, device = codec.hop, codec.encoder_context_frames, codec.codebooks.device
    frames, done, caller = -(-samples_2N.shape[1] // hop), 0, get_ident()
    starts = range(0, frames, chunk_frames)

    def encode_chunk(start: int) -> NDArray[np.int16]:
        nonlocal done
        left, right = max(0, start - context), start + chunk_frames + context
        samples_B2N = torch.from_numpy(samples_2N[None, :, left * hop : right * hop]).to(device)
        codes_QT = codec.encode(samples_B2N)[0, :, start - left :][:, :chunk_frames]
        done += 1
        if get_ident() == caller:  # others help; the listener expects this one
            progress("encode", min(done * chunk_frames, frames), frames)
        return codes_QT.to("cpu", torch.int16).numpy()

    # a GPU gets one chunk after the other
    chunks = spread(encode_chunk, starts) if device.type == "cpu" else [encode_chunk(start) for start in starts]
    progress("encode", frames, frames)
    return np.concatenate([np.zeros((codec.levels, 0), np.int16), *chunks], 1)
