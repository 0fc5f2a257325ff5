"""What generation and the corpus ask of any codec."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Codec(Protocol):
    """Stereo samples <-> codes. One frame is ``hop`` samples; frame t describes samples [hop t, hop (t + 1)).

    ``context_frames`` is how many frames on either side of a frame its decoded samples depend on: with so many more
    decoded and cut off again, a chunk is the same as that stretch of a whole decode. None: there is no bound (phase
    runs through the song), so a song is decoded in one call, and the codec itself bounds its memory.
    """

    sample_rate: int
    hop: int
    levels: int
    context_frames: int | None

    @property
    def codebooks(self) -> Tensor:
        """[Q, C, D]: the vectors whose sum over the levels is a frame's latent."""
        ...

    def encode(self, samples_BCN: Tensor, levels: int | None = None) -> Tensor:
        """Samples [B, 2, N] float32 in [-1, 1] -> codes int64 [B, Q, T]; T = N / hop, a part of a frame
        at the end rounded up (spectral) or dropped (dac, as published)."""
        ...

    def decode(self, codes_BQT: Tensor) -> Tensor:
        """Codes of the first Q levels (any Q) -> samples [B, 2, hop T]."""
        ...

    def decode_latent(self, latent_BDT: Tensor) -> Tensor:
        """The sum of code vectors [B, D, T] -> samples [B, 2, hop T]."""
        ...
