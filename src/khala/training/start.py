"""Start from a model that exists: its weights under a run's own text vocabulary, conditions and codec."""

from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.conditioning.vocabulary import require_vocabulary
from khala.models.codec.folder import load_spectral
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.lm.transformer import Transformer
from khala.music.errors import ModelError
from khala.training.recode import recode
from khala.weights import load_model
from khala.weights.tokenizer import Tokenizer

GROWING = "conditions.weight"
"""The table of conditions: a model that was trained before there were more kinds has fewer rows."""
BY_LEVEL = ("codebooks.gain", "codebooks.bias")
"""What only a model has that predicts level by level."""


def start_from_part(
    part: Literal["backbone", "superres"],
    model: Transformer,
    tokenizer: Tokenizer,
    start: str,
    codebooks_QCD: Tensor,
    codec: Path | None,
) -> None:
    """Copy the weights of a part of the model `start` into `model`, whose run has these codebooks.

    If `start` has others, the weights are changed to the codes of the run's codec, in the folder `codec` (`recode`).
    Raises ModelError if `start` cannot be read, or is too different.
    """
    known = load_model(start)
    require_vocabulary(known.config)
    start_from(model, tokenizer, known.backbone if part == "backbone" else known.superres, known.tokenizer)
    if model.codebooks is None or torch.equal(codebooks_QCD, known.codebooks):
        return
    ours = load_spectral(codec) if codec else None
    if not ours or not isinstance(known.codec, SpectralCodec) or ours.config != known.codec.config:
        raise ModelError(f"{start} has other codes than the run; tokenize the songs with its codec: --codec {start}")
    if not torch.equal(codebooks_QCD, ours.codebooks):
        raise ModelError(f"the tokens have other codes than the codec in {codec}; tokenize the songs again")
    recode(model, ours, known.codec)


def start_from(model: Transformer, tokenizer: Tokenizer, known: Transformer, known_tokenizer: Tokenizer) -> None:
    """Copy the weights of `known` into `model`. A word that is new starts as the mean of its bytes' rows, a condition
    that is new as if it said nothing.

    Raises ModelError if the models differ in more than that.
    """
    ours, theirs = model.state_dict(), known.state_dict()
    if model.config.residual:
        theirs = {name: weight for name, weight in theirs.items() if name not in BY_LEVEL}
    rows = {"embedding.weight", "head.weight"}
    growing = rows | {GROWING}
    if ours.keys() != theirs.keys() or any(
        ours[name].shape[name in growing :] != theirs[name].shape[name in growing :] for name in ours
    ):
        raise ModelError("the model to start from has another shape than the recipe's; choose another, or its preset")
    ids = _same_text(tokenizer, known_tokenizer)
    with torch.no_grad():
        for name, target in ours.items():
            source = theirs[name].to(target)
            if name in rows:
                text = torch.stack([source[its].mean(0) for its in ids])
                source = torch.cat([text, source[known_tokenizer.vocab :]])
            if name == GROWING:
                source = F.pad(source, (0, 0, 0, max(len(target) - len(source), 0)))
            if source.shape != target.shape:
                raise ModelError(
                    f"{name} of the model to start from is {tuple(source.shape)}, not {tuple(target.shape)}"
                )
            target.copy_(source)


def _same_text(tokenizer: Tokenizer, known: Tokenizer) -> list[list[int]]:
    """Return for every id of `tokenizer` the ids of `known` that spell the same text."""
    place = {piece: [i] for i, piece in enumerate(known.pieces())}
    found = [place.get(piece) or [place[bytes([byte])][0] for byte in piece] for piece in tokenizer.pieces()]
    return found + [[known.special_base + i] for i in range(tokenizer.vocab - tokenizer.special_base)]
