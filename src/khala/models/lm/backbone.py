"""The backbone: predicts levels 0 and 1 of a song after its prompt, one code at a time (q0, q1, q0, q1, ...)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from khala.models.lm.config import PAD_ID
from khala.models.lm.transformer import Transformer
from khala.music.layout import TokenLayout


class Backbone(Transformer):
    """A causal `Transformer` over text and two levels."""


def condition_stream(prompt_rows: Sequence[int], frame_rows: Sequence[Sequence[int]]) -> Tensor:
    """Lay out condition ids by position: N of a prompt, one each, and T + 1 frames, C each -> [N + 2 T, C].

    A position has the conditions of the frame that it predicts a code of: the last of the prompt those of the first
    frame, and so on.
    """
    frames = torch.tensor(frame_rows).repeat_interleave(2, 0)[:-1]  # no position predicts q1 of frame T + 1
    rows = torch.full((len(prompt_rows) + 2 * len(frame_rows) - 2, frames.shape[1]), PAD_ID)
    rows[: len(prompt_rows), 0] = torch.tensor(prompt_rows, dtype=torch.long)
    rows[len(prompt_rows) - 1 :] = frames
    return rows


def interleave(codes_B2T: Tensor, layout: TokenLayout) -> Tensor:
    """Interleave codes of levels 0 and 1 -> token ids [B, 2 T] in the order in which the backbone predicts them."""
    first = codes_B2T.new_tensor([layout.level_rows(0).start, layout.level_rows(1).start])
    return (codes_B2T + first[:, None]).transpose(1, 2).flatten(1)
