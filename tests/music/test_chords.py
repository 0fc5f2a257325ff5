"""Chords are read as people write them."""

import pytest

from khala.music.chords import CHORDS, MAX_CHORDS, NO_CHORD, chord_name, parse_chord, parse_chords
from khala.music.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("C", 0), ("B", 11), ("Cm", 12), ("Bm", 23), ("C#", 1), ("Db", 1), ("Cb", 11), ("B#", 0), ("E♭", 3)),
        *(("F♯m", 18), ("Am7", 21), ("Amin7", 21), ("A-7", 21), ("Amaj7", 9), ("AM7", 9), ("G7", 7), ("Gsus4", 7)),
        *(("Bdim7", 23), ("Bm7b5", 23), ("Caug", 0), ("C+", 0), ("C6/9", 0), ("Cadd9", 0), ("C/E", 0), ("Am/G", 21)),
        *(("N.C.", NO_CHORD), ("nc", NO_CHORD), ("G7(b9)", 7), ("D°", 14), (" F ", 5)),
    ],
)
def test_a_chord_is_its_root_and_its_third(text: str, number: int) -> None:
    assert parse_chord(text) == number


@pytest.mark.parametrize("text", ["", "H", "c", "Chorus", "Amazing", "C G", "verse", "X7", "Am/", "m", "C##"])
def test_what_is_no_chord_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is not a chord; write chords as C, Am"):
        parse_chord(text)


def test_a_row_of_chords() -> None:
    assert parse_chords("C G Am F") == parse_chords("C, G,Am | F |") == parse_chords("C - G – Am - F") == (0, 7, 21, 5)
    with pytest.raises(InvalidRequest, match="the chords are empty"):
        parse_chords(" | ")
    with pytest.raises(InvalidRequest, match=f"at most {MAX_CHORDS}"):
        parse_chords("C " * (MAX_CHORDS + 1))
    with pytest.raises(InvalidRequest, match="'Q' is not a chord"):
        parse_chords("C Q")


def test_names_are_read_back() -> None:
    assert [parse_chord(chord_name(number)) for number in range(CHORDS)] == list(range(CHORDS))
