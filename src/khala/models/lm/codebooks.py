"""Embedding and logits through the codec's own frozen codebooks, instead of a learned row for each of 64 x 1024 codes.

A code's vector describes its sound, so a small model need not learn it from the occurrences of the code:

    input   of known levels:  W_in (sum of their vectors)           the partly decoded latent of the frame
    logits  of level q >= 2:  gain_q (W_out h) . vector / rms_q + bias_qc      W_out h predicts the residual
    or the residual itself:   W_out h                                          the sum of all levels that are to come
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.nn.linear import Linear, linear
from khala.nn.precision import compute_dtype_of


class CodebookProjections(nn.Module):
    """The learned projections into and out of the codec's latent space. `bind` the codebooks before use.

    The vectors [Q, C, K] are a buffer that is not saved with the model: they belong to the codec. They and `rms_q` are
    divided by the rms of level 0, so that the input does not depend on the scale of the codec's latents.
    """

    vectors: Tensor | None
    rms: Tensor | None
    scale: Tensor | None

    def __init__(self, dim: int, width: int, levels: int, codebook: int, residual: bool = False) -> None:
        super().__init__()
        self.shape = (levels, codebook, width)
        self.register_buffer("vectors", None, persistent=False)
        self.register_buffer("rms", None, persistent=False)
        self.register_buffer("scale", None, persistent=False)
        self.inward = Linear(width, dim, bias=False)
        deep = levels - 2
        self.outward = Linear(dim, width, bias=False) if deep else None
        by_level = deep and not residual
        self.gain = nn.Parameter(torch.full((deep,), width**-0.5)) if by_level else None
        self.bias = nn.Parameter(torch.zeros(deep, codebook)) if by_level else None

    def bind(self, codebooks_QCK: Tensor) -> None:
        """Set the codec's codebooks [Q, C, K]; levels beyond the model's are left out. Raises ValueError for a wrong
        shape."""
        levels = self.shape[0]
        if codebooks_QCK.shape[0] < levels or codebooks_QCK.shape[1:] != self.shape[1:]:
            raise ValueError(f"codebooks {list(codebooks_QCK.shape)} do not fit a model of {list(self.shape)}")
        weight = self.inward.weight
        vectors = codebooks_QCK[:levels].detach().float()
        rms_Q = vectors.square().mean((1, 2)).sqrt()
        self.vectors = (vectors / rms_Q[0]).to(weight.device, weight.dtype)
        self.rms = (rms_Q / rms_Q[0]).to(weight.device, weight.dtype)
        self.scale = rms_Q[0].to(weight.device)

    def embed(self, codes_BQT: Tensor, start: int) -> Tensor:
        """Embed codes [B, Q, T] of levels `start`, `start` + 1, ... -> [B, T, D], their part of a frame's embedding."""
        added: Tensor = self.inward(self._to_compute_dtype(self.latent(codes_BQT, start)))
        return added

    def latent(self, codes_BQT: Tensor, start: int) -> Tensor:
        """Add up the vectors of codes [B, Q, T] of levels `start`, `start` + 1, ..., over the rms of level 0
        -> [B, T, K]."""
        vectors_QCK = self._bound()
        levels, size, width = vectors_QCK.shape
        B, Q, T = codes_BQT.shape
        offset_Q1 = torch.arange(start, start + Q, device=codes_BQT.device)[:, None] * size
        ids = (codes_BQT + offset_Q1).transpose(1, 2).reshape(B * T, Q)
        return F.embedding_bag(ids, vectors_QCK.view(levels * size, width), mode="sum").view(B, T, width)

    def embed_ids(self, ids_BT: Tensor) -> Tensor:
        """Embed ids counted over all levels (level * codebook + code) -> [B, T, D]; zeros for negative ids (text)."""
        vectors = self._bound().flatten(0, 1)
        latent = F.embedding(ids_BT.clamp(min=0), vectors) * (ids_BT >= 0).unsqueeze(-1)
        added: Tensor = self.inward(self._to_compute_dtype(latent))
        return added

    def logits(self, hidden: Tensor, level: int) -> Tensor:
        """Return logits of the codes of one `level` >= 2, [..., D] -> [..., C]."""
        vectors_QCK = self._bound()
        assert self.outward is not None and self.gain is not None and self.bias is not None and self.rms is not None
        predicted = self.outward(hidden) * (self.gain[level - 2] / self.rms[level])
        return linear(predicted, vectors_QCK[level], self.bias[level - 2])

    def residual(self, hidden: Tensor) -> Tensor:
        """The expected sum of the vectors of all levels >= 2, in the codec's scale: [..., D] -> float32 [..., K]."""
        self._bound()
        assert self.outward is not None and self.scale is not None
        predicted: Tensor = self.outward(hidden).float() * self.scale
        return predicted

    def _to_compute_dtype(self, x: Tensor) -> Tensor:
        return x.to(compute_dtype_of(x.dtype, x.device))

    def _bound(self) -> Tensor:
        if self.vectors is None:
            raise RuntimeError(
                "this model embeds codes through the codec's codebooks: call bind_codebooks(codec.codebooks) first"
            )
        return self.vectors
