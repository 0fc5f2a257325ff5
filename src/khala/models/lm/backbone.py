"""The backbone: predicts levels 0 and 1 of a song after its prompt, one code at a time (q0, q1, q0, q1, ...)."""

from torch import Tensor

from khala.models.lm.transformer import Transformer
from khala.music.layout import TokenLayout


class Backbone(Transformer):
    """A causal `Transformer` over text and two levels."""


def interleave(codes_B2T: Tensor, layout: TokenLayout) -> Tensor:
    """Interleave codes of levels 0 and 1 -> token ids [B, 2 T] in the order in which the backbone predicts them."""
    first = codes_B2T.new_tensor([layout.level_rows(0).start, layout.level_rows(1).start])
    return (codes_B2T + first[:, None]).transpose(1, 2).flatten(1)
