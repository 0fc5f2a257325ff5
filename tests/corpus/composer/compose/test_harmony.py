"""Chord numerals."""

import pytest

from khala.corpus.composer.compose.harmony import parse_numeral, tones, voicing


def test_numerals_become_chords() -> None:
    assert tones(parse_numeral("V7", 0, "major", 0, 1)) == (7, 11, 2, 5)
    assert tones(parse_numeral("VI", 9, "minor", 0, 1)) == (5, 9, 0)
    assert tones(parse_numeral("bVII", 2, "major", 0, 1)) == (0, 4, 7)
    assert tones(parse_numeral("viidim", 0, "major", 0, 1)) == (11, 2, 5)
    assert parse_numeral("ii7", 0, "major", 0, 1).quality == "min7"
    assert voicing(parse_numeral("I", 0, "major", 0, 1), 52) == (52, 55, 60)
    with pytest.raises(ValueError, match="H7"):
        parse_numeral("H7", 0, "major", 0, 1)
