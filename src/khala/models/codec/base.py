"""The interface of the codecs."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Codec(Protocol):
    """Stereo samples <-> codes. One frame is `hop` samples; frame t describes samples [hop t, hop (t + 1)).

    `context_frames` is the receptive field of decoding: a frame's samples depend on this many frames on either side, so
    a chunk that is decoded with this context, which is cut off again, equals that part of a whole decode. None: there
    is no bound (phase runs through the song), so a song is decoded in one call, and the codec itself limits its memory.
    `encoder_context_frames` is that of encoding.
    """

    sample_rate: int
    hop: int
    levels: int
    context_frames: int | None
    encoder_context_frames: int

    @property
    def decoder_dtype(self) -> torch.dtype:
        """The format of the decoder's weights; everything else is float32."""
        ...

    @property
    def codebooks(self) -> Tensor:
        """[Q, C, D]: the vectors whose sum over the levels is a frame's latent."""
        ...

    def encode(self, samples_BCN: Tensor, levels: int | None = None) -> Tensor:
        """Encode float32 samples [B, 2, N] in [-1, 1] -> codes int64 [B, Q, T] of the first `levels` (default: all).

        T = N / hop; an incomplete frame at the end is padded (spectral) or dropped (dac, as published).
        """
        ...

    def decode(self, codes_BQT: Tensor) -> Tensor:
        """Decode codes [B, Q, T] of the first Q levels, any Q -> samples [B, 2, hop T]."""
        ...

    def decode_latent(self, latent_BDT: Tensor) -> Tensor:
        """Decode a sum of code vectors [B, D, T] -> samples [B, 2, hop T]."""
        ...
