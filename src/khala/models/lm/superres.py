"""Super-resolution: predicts level k of all frames at once from the levels below it, for k = 2, 3, ..."""

import torch
from torch import Tensor

from khala.models.lm.backbone import Backbone
from khala.models.lm.transformer import Transformer
from khala.music.layout import TokenLayout


class Superres(Transformer):
    """A `Transformer` with full attention over the text, then one position per frame."""

    def embed_song(self, text_ids_BT: Tensor, codes_BQT: Tensor, condition_ids_BTC: Tensor | None = None) -> Tensor:
        """Embed the input of the pass for level Q -> [B, N + T, D].

        `text_ids_BT` is the prompt, N ids; `codes_BQT` levels 0..Q-1 of all frames; `condition_ids_BTC` the condition
        ids of the frames, for a model with conditions.
        """
        text_ids_BT = mark_task(text_ids_BT, codes_BQT.shape[1], self.config.layout)
        song_BTD = self.embed_codes(codes_BQT)
        song_BTD = song_BTD if condition_ids_BTC is None else song_BTD + self.embed_conditions(condition_ids_BTC)
        return torch.cat([self.embed_text(text_ids_BT), song_BTD], dim=1)


def mark_task(text_ids_BT: Tensor, task: int, layout: TokenLayout) -> Tensor:
    """Replace the last id of a prompt by the marker of `task`: a level, or 0 for next token, 1 for q0 -> q1."""
    text_ids_BT = text_ids_BT.clone()
    text_ids_BT[:, -1] = layout.marker(task)
    return text_ids_BT


def init_from_backbone(superres: Superres, backbone: Backbone) -> None:
    """Copy a trained backbone's weights into super-resolution, including the rows of text and levels 0 and 1; of a
    deeper backbone the first layers.

    Weights of the deeper levels keep their initial values. Raises ValueError for another width or more layers.
    """
    if superres.config.dim != backbone.config.dim or superres.config.layers > backbone.config.layers:
        raise ValueError("super-resolution can only start from a backbone of the same width and at least its depth")
    target = superres.state_dict()
    for name, weight in backbone.state_dict().items():
        if name not in target:
            continue
        rows = weight.shape[0]
        target[name][:rows].copy_(weight)
