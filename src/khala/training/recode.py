"""Give a language model that embeds codes through its codec's codebooks those of another spectral codec.

Two spectral codecs, fitted to different songs, project the same features. So what is the latent z [D] to one is z A + b
to the other, but for what its projection loses; residual codes know no b. With that map the projections into and out of
the codec's space, and the biases of the residual levels, can be had without training. The learned rows of levels 0 and
1 begin as those of the nearest code that was known.
"""

import torch
from torch import Tensor

from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.lm.transformer import Transformer
from khala.nn.rvq import nearest


@torch.no_grad()
def recode(model: Transformer, ours: SpectralCodec, theirs: SpectralCodec) -> None:
    """Change a model of the codes of `theirs` into one of the codes of `ours`, which it is bound to.

    Both have the same shapes. Raises ValueError for a model whose codes have rows at all levels.
    """
    through = model.codebooks
    if through is None:
        raise ValueError("the model does not embed codes through codebooks")
    map_DD = ours.unproject @ theirs.project
    offset_D = (ours.mean - theirs.mean) @ theirs.project
    our_rms_Q, their_rms_Q = (codec.codebooks.square().mean((1, 2)).sqrt() for codec in (ours, theirs))
    scale = our_rms_Q[0] / their_rms_Q[0]  # the model sees latents divided by the rms of level 0
    for level in range(model.config.dense_levels):
        vectors_CD = ours.codebooks[level] @ map_DD + (offset_D if level == 0 else 0)
        nearest_C = nearest(vectors_CD, theirs.codebooks[level])
        rows = _rows(model, level)
        for table in (model.embedding.weight, model.head.weight):
            table[rows] = table[rows][nearest_C]
    model.embedding.weight[_rows(model, 0)] += through.inward.weight @ (offset_D / their_rms_Q[0])
    through.inward.weight.copy_(through.inward.weight @ map_DD.T * scale)
    if through.outward is not None:
        through.outward.weight.copy_(map_DD @ through.outward.weight / scale)
    if through.gain is not None and through.bias is not None:
        through.gain.mul_((our_rms_Q / their_rms_Q)[2 : len(through.gain) + 2] * scale)
        for level, bias_C in enumerate(through.bias, 2):
            sizes_C, known_C = (codec.codebooks[level].square().sum(1) for codec in (ours, theirs))
            bias_C.copy_(_on_line(known_C, bias_C, sizes_C * (their_rms_Q[level] / our_rms_Q[level]) ** 2))


def _rows(model: Transformer, level: int) -> slice:
    rows = model.config.layout.level_rows(level)
    return slice(rows.start, rows.stop)


def _on_line(x: Tensor, y: Tensor, at: Tensor) -> Tensor:
    """The values at other places of the straight line that fits y(x) best: long vectors have low biases."""
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return y.mean() + slope * (at - x.mean())
