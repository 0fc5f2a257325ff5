"""What a model is not told now and then."""

from dataclasses import replace
from random import Random

import pytest

from khala.conditioning.outline import Outline, Part
from khala.training.objectives.dropout import drop_wishes
from khala.training.recipe import BackboneRecipe

PARTS = tuple(Part(100 * n, 100 * n + 100, "verse") for n in range(4))
CHORDS = tuple((50 * n, 50 * n + 50, n) for n in range(8))
OUTLINE = Outline(400, 50, parts=PARTS, key=3, style="pop", voice="female", singer="nora", chords=CHORDS)


def test_singer_and_chords_are_left_out_as_often_as_the_recipe_says() -> None:
    recipe = BackboneRecipe(chord_dropout=0.4, singer_dropout=0.2)
    found = [drop_wishes(OUTLINE, Random(seed), recipe) for seed in range(600)]
    assert sum(not outline.singer for outline in found) / 600 == pytest.approx(0.2, abs=0.05)
    assert sum(outline.chords == CHORDS for outline in found) / 600 == pytest.approx(0.3, abs=0.07)
    some = [outline.chords for outline in found if outline.chords not in ((), CHORDS)]
    assert len(some) / 600 == pytest.approx(0.3, abs=0.08)
    for chords in some:
        told = {begin // 100 for begin, *_ in chords}
        assert chords == tuple(chord for chord in CHORDS if chord[0] // 100 in told), "parts have all or none"
    assert {replace(outline, singer="nora", chords=CHORDS) for outline in found} == {OUTLINE}, "nothing else is"
