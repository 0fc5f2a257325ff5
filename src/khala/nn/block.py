"""The transformer block of both language models: pre-norm attention, pre-norm SwiGLU."""

from torch import Tensor, nn

from khala.nn.attention import Attention
from khala.nn.cache import CacheRow
from khala.nn.mlp import SwiGLU
from khala.nn.norm import RMSNorm
from khala.nn.rope import CosSin


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(
        self,
        dim: int,
        heads: int,
        kv_heads: int,
        head_dim: int,
        ffn: int,
        *,
        eps: float = 1e-6,
        bias: bool = False,
        qk_norm: bool = False,
    ) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(dim, eps=eps)
        self.attention = Attention(dim, heads, kv_heads, head_dim, bias=bias, qk_norm=qk_norm, eps=eps)
        self.mlp_norm = RMSNorm(dim, eps=eps)
        self.mlp = SwiGLU(dim, ffn, bias=bias)

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
        """Apply the block, [B, T, D] -> [B, T - start, D]; arguments as in `Attention.forward`."""
        y_BTD = self.attention(
            self.attention_norm(x_BTD), cos_sin, causal=causal, mask=mask, start=start, kv_out=kv_out
        )
        return self.feed_forward(x_BTD[:, start:], y_BTD)

    def feed_forward(self, x_BTD: Tensor, y_BTD: Tensor) -> Tensor:
        """Apply the rest of the block: `x_BTD` is its input, `y_BTD` the output of its attention."""
        x_BTD = x_BTD + y_BTD
        out_BTD: Tensor = x_BTD + self.mlp(self.mlp_norm(x_BTD))
        return out_BTD
