"""The backbone: writes levels 0 and 1 of a song, one code after another (q0, q1, q0, q1, ...), after its prompt."""

from torch import Tensor

from khala.models.transformer import Transformer
from khala.music.layout import TokenLayout


class Backbone(Transformer):
    """A causal `Transformer` over text and two levels."""


def interleave(codes_B2T: Tensor, layout: TokenLayout) -> Tensor:
    """Codes of levels 0 and 1 -> token ids [B, 2 T] in the order in which the backbone writes them."""
    first = codes_B2T.new_tensor([layout.level_rows(0).start, layout.level_rows(1).start])
    return (codes_B2T + first[:, None]).transpose(1, 2).flatten(1)
