"""Go on from a model that exists: its weights under a run's own vocabulary."""

import torch

from khala.models.lm.transformer import Transformer
from khala.music.errors import ModelError
from khala.weights.tokenizer import Tokenizer


def start_from(model: Transformer, words: Tokenizer, known: Transformer, known_words: Tokenizer) -> None:
    """Copy the weights of `known` into `model`. A word that is new starts as the mean of its bytes' rows.

    Raises ModelError if the models differ in more than their text vocabularies.
    """
    ours, theirs = model.state_dict(), known.state_dict()
    rows = {"embedding.weight", "head.weight"}
    if ours.keys() != theirs.keys() or any(
        ours[name].shape[name in rows :] != theirs[name].shape[name in rows :] for name in ours
    ):
        raise ModelError("the model to start from has another shape than the recipe's; choose another, or its preset")
    places = _places(words, known_words)
    with torch.no_grad():
        for name, target in ours.items():
            source = theirs[name].to(target)
            if name in rows:
                text = torch.stack([source[place].mean(0) for place in places])
                source = torch.cat([text, source[known_words.vocab :]])
            if source.shape != target.shape:
                raise ModelError(
                    f"{name} of the model to start from is {tuple(source.shape)}, not {tuple(target.shape)}"
                )
            target.copy_(source)


def _places(words: Tokenizer, known: Tokenizer) -> list[list[int]]:
    """For every id of `words`, the ids of `known` that say the same."""
    place = {piece: [i] for i, piece in enumerate(known.pieces())}
    found = [place.get(piece) or [place[bytes([byte])][0] for byte in piece] for piece in words.pieces()]
    return found + [[known.special_base + i] for i in range(words.vocab - words.special_base)]
