"""Grouped-query attention (Ainslie et al., arXiv 2305.13245) with rotary positions and optional query/key norms."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.nn.cache import Row
from khala.nn.linear import Linear
from khala.nn.norm import RMSNorm
from khala.nn.rope import Turns, rotate


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
        self, x_BTD: Tensor, turns: Turns, *, causal: bool, mask: Tensor | None = None, start: int = 0
    ) -> Tensor:
        """Attention within the batch; the answer holds positions `start` and later. `mask` as in SDPA, True = seen."""
        q_BTHK, k_BTGK, v_BTGK = self._project(x_BTD, turns)
        y_BTD = self._attend(q_BTHK[:, start:], k_BTGK, v_BTGK, causal, mask)
        out_BTD: Tensor = self.out(y_BTD)
        return out_BTD

    def extend(self, x_BTD: Tensor, turns: Turns, rows: tuple[Row, ...]) -> Tensor:
        """Causal attention of new positions, sequence b behind what `rows[b]` holds. Not for training.

        Either one position per sequence, or the first positions of an empty slot. Each sequence attends by itself,
        whatever the lengths of the others; a single position does so in plain products, because the fused kernel rounds
        by how many threads it has.
        """
        q_BTHK, k_BTGK, v_BTGK = self._project(x_BTD, turns)
        answers = []
        for b, row in enumerate(rows):
            row.new_keys.copy_(k_BTGK[b].transpose(0, 1))
            row.new_values.copy_(v_BTGK[b].transpose(0, 1))
            if x_BTD.shape[1] == 1:  # a group's query heads as positions of one head: no copies of its keys
                q_GHK = q_BTHK[b].view(self.kv_heads, -1, self.head_dim)
                weights = (torch.bmm(q_GHK, row.keys.mT) * self.head_dim**-0.5).softmax(-1)
                answers.append(torch.bmm(weights, row.values).view(1, 1, -1))
            else:
                answers.append(self._attend(q_BTHK[b : b + 1], k_BTGK[b : b + 1], v_BTGK[b : b + 1], True, None))
        out_BTD: Tensor = self.out(answers[0] if len(answers) == 1 else torch.cat(answers))
        return out_BTD

    def _project(self, x_BTD: Tensor, turns: Turns) -> tuple[Tensor, Tensor, Tensor]:
        heads, groups = self.heads, self.kv_heads
        qkv_BTHK = self.qkv(x_BTD).view(*x_BTD.shape[:2], heads + 2 * groups, self.head_dim)
        qk_BTHK, v_BTGK = qkv_BTHK.split_with_sizes([heads + groups, groups], dim=2)
        if self.qk_norm is not None:
            qk_BTHK = self.qk_norm(qk_BTHK)
        q_BTHK, k_BTGK = rotate(qk_BTHK, turns).split_with_sizes([heads, groups], dim=2)
        return q_BTHK, k_BTGK, v_BTGK

    def _attend(self, q_BTHK: Tensor, k_BTGK: Tensor, v_BTGK: Tensor, causal: bool, mask: Tensor | None) -> Tensor:
        q, k, v = (part.transpose(1, 2) for part in (q_BTHK, k_BTGK, v_BTGK))
        y_BHTK = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=self.heads != self.kv_heads
        )
        return y_BHTK.transpose(1, 2).flatten(2)
