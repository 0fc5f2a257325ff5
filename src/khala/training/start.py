"""Start from a model that exists: its weights under a run's own text vocabulary."""

import torch

from khala.models.lm.transformer import Transformer
from khala.music.errors import ModelError
from khala.weights.tokenizer import Tokenizer


def start_from(model: Transformer, tokenizer: Tokenizer, known: Transformer, known_tokenizer: Tokenizer) -> None:
    """Copy the weights of `known` into `model`. A word that is new starts as the mean of its bytes' rows.

    Raises ModelError if the models differ in more than their text vocabularies.
    """
    ours, theirs = model.state_dict(), known.state_dict()
    rows = {"embedding.weight", "head.weight"}
    if ours.keys() != theirs.keys() or any(
        ours[name].shape[name in rows :] != theirs[name].shape[name in rows :] for name in ours
    ):
        raise ModelError("the model to start from has another shape than the recipe's; choose another, or its preset")
    ids = _same_text(tokenizer, known_tokenizer)
    with torch.no_grad():
        for name, target in ours.items():
            source = theirs[name].to(target)
            if name in rows:
                text = torch.stack([source[its].mean(0) for its in ids])
                source = torch.cat([text, source[known_tokenizer.vocab :]])
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
