"""What a model is not told now and then, so that it can do without when a song is made."""

from dataclasses import replace
from random import Random

from khala.conditioning.outline import Outline
from khala.training.recipe import LanguageModelRecipe


def drop_wishes(outline: Outline, dice: Random, recipe: LanguageModelRecipe) -> Outline:
    """Leave the singer, all chords or those of some parts out of an outline, as often as the recipe says."""
    if dice.random() < recipe.singer_dropout:
        outline = replace(outline, singer="")
    if dice.random() < recipe.chord_dropout:
        return replace(outline, chords=())
    if not outline.parts or dice.random() < 0.5:
        return outline
    told = [part for part in outline.parts if dice.random() < 0.5]
    kept = (chord for chord in outline.chords if any(part.begin <= chord[0] < part.end for part in told))
    return replace(outline, chords=tuple(kept))
