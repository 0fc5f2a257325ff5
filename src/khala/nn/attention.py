"""Grouped-query attention (Ainslie et al., arXiv 2305.13245) with rotary positions and optional query/key norms."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.nn.blockwise import attend_by_blocks
from khala.nn.cache import CacheRow
from khala.nn.linear import Linear
from khala.nn.norm import RMSNorm
from khala.nn.rope import CosSin, rotate


class Attention(nn.Module):
    """`heads` query heads share `kv_heads` keys and values, each `head_dim` wide.

    Rows of the fused `qkv` weight: all query heads, then all keys, then all values. The norm of queries and keys has a
    weight per head, [heads + kv_heads, K].
    """

    def __init__(
        self, dim: int, heads: int, kv_heads: int, head_dim: int, *, bias: bool, qk_norm: bool, eps: float
    ) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = heads, kv_heads, head_dim
        self.qkv = Linear(dim, (heads + 2 * kv_heads) * head_dim, bias=bias)
        self.out = Linear(heads * head_dim, dim, bias=bias)
        self.qk_norm = RMSNorm(heads + kv_heads, head_dim, eps=eps) if qk_norm else None

    def forward(
        self,
        x_BTD: Tensor,
        cos_sin: CosSin,
        *,
        causal: bool,
        mask: Tensor | None = None,
        start: int = 0,
        kv_out: CacheRow | None = None,
    ) -> Tensor:
        """Attend within sequences [B, T, D] -> [B, T - start, D], the outputs of positions `start` and later.

        `mask` is broadcast to [B, H, T - start, T] and True where a key may be attended to. With `kv_out` the keys and
        values of a batch of one are written there.
        """
        q_BTHK, k_BTGK, v_BTGK = self.split_heads(self.qkv(x_BTD), cos_sin)
        if kv_out is not None:
            kv_out.new_keys_TGK.copy_(k_BTGK[0])
            kv_out.new_values_TGK.copy_(v_BTGK[0])
        y_BTD: Tensor = self.out(self.attend(q_BTHK[:, start:], k_BTGK, v_BTGK, causal=causal, mask=mask))
        return y_BTD

    def attend(
        self, q_BTHK: Tensor, k_BTGK: Tensor, v_BTGK: Tensor, *, causal: bool = False, mask: Tensor | None = None
    ) -> Tensor:
        """Scaled dot-product attention of queries [B, T, H, K] to N keys and values [B, N, G, K] -> [B, T, H K]."""
        q, k, v = (part.transpose(1, 2) for part in (q_BTHK, k_BTGK, v_BTGK))
        if mask is None and q.requires_grad and q.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            y_BHTK = attend_by_blocks(q.to(dtype), k.to(dtype), v.to(dtype), causal)
        else:
            y_BHTK = F.scaled_dot_product_attention(
                q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=self.heads != self.kv_heads
            )
        return y_BHTK.transpose(1, 2).flatten(2)

    def split_heads(self, qkv_BTD: Tensor, cos_sin: CosSin) -> tuple[Tensor, Tensor, Tensor]:
        """Split a fused projection into queries [B, T, H, K], keys and values [B, T, G, K], normed and rotated."""
        heads, groups = self.heads, self.kv_heads
        qkv_BTHK = qkv_BTD.view(*qkv_BTD.shape[:2], heads + 2 * groups, self.head_dim)
        qk_BTHK, v_BTGK = qkv_BTHK.split_with_sizes([heads + groups, groups], dim=2)
        if self.qk_norm is not None:
            qk_BTHK = self.qk_norm(qk_BTHK)
        q_BTHK, k_BTGK = rotate(qk_BTHK, cos_sin).split_with_sizes([heads, groups], dim=2)
        return q_BTHK, k_BTGK, v_BTGK
