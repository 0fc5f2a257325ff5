"""The rows of the backbone's head that are ever asked for, in the order in which the graph computes them."""

from collections.abc import Sequence

from khala.conditioning.phone_sequence import PHONE_IDS
from khala.models.lm.config import TransformerConfig


class DrawableRows:
    """Where the logits of each step's tokens are: `second`, the codes of q1; `first`, those of q0, then the end;
    `phones`, what a frame guide wants. `ids` holds the token ids of all of them."""

    def __init__(self, config: TransformerConfig) -> None:
        layout, size = config.layout, config.codebook
        self.ids = [*layout.level_rows(1), *layout.level_rows(0), layout.eos, *PHONE_IDS]
        self.second, self.first = slice(0, size), slice(size, 2 * size + 1)
        self.phones = slice(2 * size + 1, None)

    def of_step(self, step: int) -> slice:
        """Return where the logits for token 0, 1, ... of a song are: a song has at least one frame."""
        return self.codes(step) if step == 0 or step % 2 else self.first

    def codes(self, step: int) -> slice:
        """Return where the logits of that token's codes are, without the end's."""
        return self.second if step % 2 else slice(self.first.start, self.first.stop - 1)

    def require(self, head_rows: Sequence[int]) -> None:
        """Raise ValueError if a guide wants other rows than the graph has."""
        if list(head_rows) != self.ids[self.phones]:
            raise ValueError("the guide wants logits that the graph of the backbone does not compute")
