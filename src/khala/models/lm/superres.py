"""Super-resolution: predicts level k of all frames at once from the levels below it, for k = 2, 3, ..."""

import torch
from torch import Tensor

from khala.models.lm.backbone import Backbone
from khala.models.lm.transformer import Transformer
from khala.music.layout import TokenLayout


class Superres(Transformer):
    """A `Transformer` with full attention: the text, then one position per frame."""

    def embed_song(self, text_ids_BT: Tensor, codes_BQT: Tensor, cues_BTC: Tensor | None = None) -> Tensor:
        """Prompt, the known levels 0..Q-1 of all frames and, for a model that is shown them, the frames' cues -> input
        of the pass for level Q, [B, N + T, D]."""
        text_ids_BT = mark(text_ids_BT, codes_BQT.shape[1], self.config.layout)
        song_BTD = self.embed_codes(codes_BQT)
        song_BTD = song_BTD if cues_BTC is None else song_BTD + self.embed_conditions(cues_BTC)
        return torch.cat([self.embed_text(text_ids_BT), song_BTD], dim=1)


def mark(text_ids_BT: Tensor, task: int, layout: TokenLayout) -> Tensor:
    """The prompt with its last position turned into the marker of `task` (a level, or 0: next token; 1: q0 -> q1)."""
    text_ids_BT = text_ids_BT.clone()
    text_ids_BT[:, -1] = layout.marker(task)
    return text_ids_BT


def init_from_backbone(superres: Superres, backbone: Backbone) -> None:
    """Start super-resolution from a trained backbone: all that both have, rows of text and levels 0, 1 included.

    What only super-resolution has (the deeper levels) keeps its own initial values.
    """
    if superres.config.dim != backbone.config.dim or superres.config.layers != backbone.config.layers:
        raise ValueError("super-resolution can only start from a backbone of the same depth and width")
    target = superres.state_dict()
    for name, weight in backbone.state_dict().items():
        if name not in target:
            continue
        rows = weight.shape[0]
        target[name][:rows].copy_(weight)
