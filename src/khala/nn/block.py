"""The one transformer block of both language models: pre-norm attention, pre-norm SwiGLU."""

from torch import Tensor, nn

from khala.nn.attention import Attention
from khala.nn.cache import Row
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
        kv_out: Row | None = None,
    ) -> Tensor:
        """As `Attention.forward`: the answer holds positions `start` and later."""
        y_BTD = self.attention(
            self.attention_norm(x_BTD), cos_sin, causal=causal, mask=mask, start=start, kv_out=kv_out
        )
        return self.feed_forward(x_BTD[:, start:], y_BTD)

    def feed_forward(self, x_BTD: Tensor, y_BTD: Tensor) -> Tensor:
        """The rest of the block once attention has given `y_BTD`."""
        x_BTD = x_BTD + y_BTD
        out_BTD: Tensor = x_BTD + self.mlp(self.mlp_norm(x_BTD))
        return out_BTD
