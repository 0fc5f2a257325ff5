"""The backbone: writes levels 0 and 1 of a song, one code after another (q0, q1, q0, q1, ...), after its prompt."""

from collections.abc import Sequence

import torch
from torch import Tensor

from khala.conditioning.outline import NOTHING, line_cue
from khala.models.lm.transformer import Transformer
from khala.music.layout import TokenLayout


class Backbone(Transformer):
    """A causal `Transformer` over text and two levels."""


def cue_stream(lines: Sequence[int | None], frame_cues: Sequence[Sequence[int]]) -> Tensor:
    """Cues of a prompt whose ids belong to `lines` and of T + 1 frames -> those of every position, [N + 2 T, n]
    where a frame has n.

    A position is shown the frame that it predicts a code of: the last of the prompt the first frame, and so on.
    """
    frames = torch.tensor(frame_cues).repeat_interleave(2, 0)[:-1]  # q1 of the frame after the last is not asked for
    rows = torch.full((len(lines) + 2 * len(frame_cues) - 2, frames.shape[1]), NOTHING)
    for position, line in enumerate(lines):
        if line is not None:
            rows[position, 0] = line_cue(line)
    rows[len(lines) - 1 :] = frames
    return rows


def interleave(codes_B2T: Tensor, layout: TokenLayout) -> Tensor:
    """Codes of levels 0 and 1 -> token ids [B, 2 T] in the order in which the backbone writes them."""
    first = codes_B2T.new_tensor([layout.level_rows(0).start, layout.level_rows(1).start])
    return (codes_B2T + first[:, None]).transpose(1, 2).flatten(1)
