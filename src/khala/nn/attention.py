"""Grouped-query attention (Ainslie et al., arXiv 2305.13245) with rotary positions and optional query/key norms."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.nn.cache import KVCache
from khala.nn.linear import Linear
from khala.nn.norm import RMSNorm, rms_norm
from khala.nn.rope import rotate


class Attention(nn.Module):
    """`heads` query heads share `kv_heads` keys and values, each `head_dim` wide.

    Rows of the fused `qkv` weight: all query heads, then all keys, then all values.
    """

    def __init__(
        self, dim: int, heads: int, kv_heads: int, head_dim: int, *, bias: bool, qk_norm: bool, eps: float
    ) -> None:
        super().__init__()
        self.heads, self.kv_heads = heads, kv_heads
        self.qkv = Linear(dim, (heads + 2 * kv_heads) * head_dim, bias=bias)
        self.out = Linear(heads * head_dim, dim, bias=bias)
        self.q_norm = RMSNorm(head_dim, eps) if qk_norm else None
        self.k_norm = RMSNorm(head_dim, eps) if qk_norm else None

    def forward(
        self, x_BTD: Tensor, cos_sin: Tensor, *, causal: bool, mask: Tensor | None = None, start: int = 0
    ) -> Tensor:
        """Attention within the batch; the answer holds positions `start` and later. `mask` as in SDPA, True = seen."""
        q_BHTK, k_BGTK, v_BGTK = self._project(x_BTD, cos_sin)
        grouped = self.heads != self.kv_heads
        y_BHTK = F.scaled_dot_product_attention(
            q_BHTK[:, :, start:], k_BGTK, v_BGTK, attn_mask=mask, is_causal=causal, enable_gqa=grouped
        )
        return self._close(y_BHTK.transpose(1, 2).flatten(2))

    def extend(self, x_BTD: Tensor, cos_sin: Tensor, cache: KVCache, layer: int, slots: list[int]) -> Tensor:
        """Causal attention of new positions, row b behind what slot `slots[b]` holds.

        Either one position per row, or the first positions of an empty slot. Each row attends by itself, whatever the
        lengths of the others: the attention kernel splits its work by batch, and with it the rounding.
        """
        q_BHTK, k_BGTK, v_BGTK = self._project(x_BTD, cos_sin)
        rows = []
        for b, slot in enumerate(slots):
            keys_GTK, values_GTK = cache.append(layer, slot, k_BGTK[b], v_BGTK[b])
            if q_BHTK.shape[2] == 1:  # a group's query heads as positions of one head: no copies of its keys
                q_GTK = q_BHTK[b].unflatten(0, (self.kv_heads, -1)).squeeze(2)
                y_GTK = F.scaled_dot_product_attention(q_GTK[None], keys_GTK[None], values_GTK[None])
                rows.append(y_GTK.reshape(1, 1, -1))
            else:
                y_BHTK = F.scaled_dot_product_attention(
                    q_BHTK[b : b + 1], keys_GTK[None], values_GTK[None], is_causal=True, enable_gqa=True
                )
                rows.append(y_BHTK.transpose(1, 2).flatten(2))
        return self._close(rows[0] if len(rows) == 1 else torch.cat(rows))

    def _project(self, x_BTD: Tensor, cos_sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        heads, groups = self.heads, self.kv_heads
        qkv_BTHK = self.qkv(x_BTD).unflatten(-1, (heads + 2 * groups, -1))
        qk_BTHK, v_BTGK = qkv_BTHK.split([heads + groups, groups], dim=2)
        if self.q_norm is not None and self.k_norm is not None:
            q_HK, k_GK = self.q_norm.weight.expand(heads, -1), self.k_norm.weight.expand(groups, -1)
            qk_BTHK = rms_norm(qk_BTHK, torch.cat([q_HK, k_GK]), self.q_norm.eps)
        qk_BHTK = rotate(qk_BTHK, cos_sin).transpose(1, 2)
        q_BHTK, k_BGTK = qk_BHTK.split([heads, groups], dim=1)
        return q_BHTK, k_BGTK, v_BTGK.transpose(1, 2)

    def _close(self, y_BTD: Tensor) -> Tensor:
        out: Tensor = self.out(y_BTD)
        return out
