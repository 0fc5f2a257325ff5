"""Words on a motif: stressed syllables on beats, words held together, the breath kept, nothing left to chance."""

import random
from itertools import pairwise

import pytest

from khala.corpus.composer.compose.melody import motif
from khala.corpus.composer.compose.meter import BREATH_BEATS, METERS, MIN_ONSET_SECONDS
from khala.corpus.composer.compose.setting import beat_weights, fit, most_syllables

MOTIF = motif(random.Random(1), METERS[7], (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0), "arch")
WORDS = ("we", "remember", "every", "summer")


@pytest.mark.parametrize("seconds", [0.4, 0.5, 0.9])
def test_every_syllable_has_a_place_and_the_breath_is_kept(seconds: float) -> None:
    set_to = fit(MOTIF, WORDS, 8, 2, 4, seconds)
    assert len(set_to.onsets) == len(set_to.strong) == len(set_to.heights) == 8
    gaps = [b - a for a, b in pairwise(set_to.onsets)]
    assert min(gaps) * seconds >= MIN_ONSET_SECONDS - 1e-9 or min(gaps) == 1
    assert set_to.onsets[-1] + 1 <= 8 - 2 * BREATH_BEATS
    assert set_to == fit(MOTIF, WORDS, 8, 2, 4, seconds)


def test_stressed_syllables_want_beats() -> None:
    assert beat_weights(WORDS) == (0.2, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0)
    onsets = fit(MOTIF, WORDS, 8, 2, 4, 0.5).onsets
    assert sum(onsets[place] % 1 == 0 for place in (2, 4, 6)) == 3


def test_a_line_with_one_syllable_more_stays_near_the_tune() -> None:
    shorter = fit(MOTIF, ("remember", "every", "summer"), 8, 2, 4, 0.5)
    longer = fit(MOTIF, WORDS, 8, 2, 4, 0.5)
    assert abs(shorter.onsets[0] - longer.onsets[0]) <= 1 and abs(shorter.onsets[-1] - longer.onsets[-1]) <= 1
    assert shorter.heights[0] == longer.heights[0] and shorter.heights[-1] == longer.heights[-1]


def test_too_many_syllables_are_refused() -> None:
    assert most_syllables(4, 1, 0.5) == 6
    with pytest.raises(ValueError, match="8 syllables in a line that takes 6"):
        fit(MOTIF, WORDS, 4, 1, 4, 0.5)
