"""Chords that headers of lyrics ask for."""

import pytest

from khala.conditioning.harmony import chord_remarks, with_chords
from khala.conditioning.outline import Outline, Part
from khala.music.reading import read_lyrics

NAMES = ("intro", "verse", "chorus", "inst", "verse", "chorus", "outro")
OUTLINE = Outline(700, 40, parts=tuple(Part(100 * n, 100 * n + 100, name) for n, name in enumerate(NAMES)))


def played(lyrics: str) -> dict[int, list[int]]:
    """The chords of each part that has any."""
    found: dict[int, list[int]] = {}
    for begin, end, number in with_chords(OUTLINE, read_lyrics(lyrics).sections).chords:
        assert begin % 100 in (0, 40, 80) and end == min(begin + 40, begin // 100 * 100 + 100), "a bar each"
        found.setdefault(begin // 100, []).append(number)
    return found


def kinds(lyrics: str, plays_them: bool = True) -> list[tuple[str, int | None]]:
    return [(one.kind, one.line) for one in chord_remarks(read_lyrics(lyrics).sections, plays_them)]


def test_chords_are_played_a_bar_each_and_again() -> None:
    assert played("[verse: C G]\nLa la") == {1: [0, 7, 0]}
    assert played("[verse: C G Am F]\nLa\n[chorus]\nOh\n[verse]\nLa") == {1: [0, 7, 21], 4: [0, 7, 21]}
    assert played("[verse: C | G]\nLa\n[chorus: F, Dm]\nOh\n[verse: Em N.C.]\nLa\n[chorus]\nOh") == {
        1: [0, 7, 0],
        2: [5, 14, 5],
        4: [16, 24, 16],
        5: [5, 14, 5],
    }
    assert played("[intro: D A]\n[verse]\nLa\n[outro: G D]") == {0: [2, 9, 2], 6: [7, 2, 7]}


def test_what_is_no_row_of_chords_is_a_hint() -> None:
    assert played("[verse: softly]\nLa\n[chorus: A]\nOh\n[verse: C G Xm]\nLa\n[chorus]\nOh") == {}


def test_the_chords_of_a_song_are_played_where_its_lyrics_name_none() -> None:
    sections = read_lyrics("[verse: C G]\nLa\n[chorus]\nOh").sections
    chords = with_chords(OUTLINE, sections, "F | Bb").chords
    assert {begin // 100 for begin, _, _ in chords} == set(range(7))
    first = {begin: number for begin, _, number in chords if begin % 100 == 0}
    assert first == {0: 5, 100: 0, 200: 5, 300: 5, 400: 5, 500: 5, 600: 5}
    assert [number for begin, _, number in chords if begin < 100] == [5, 10, 5], "each part begins anew"


@pytest.mark.parametrize(
    ("asked", "key", "told"),
    [
        ("C G Am F", 4, ("E major", "C major", "E B C#m A")),
        ("C G Am F", 0, None),
        ("C G Am F", 21, None),  # A minor has the same chords
        ("Am E7 Dm N.C.", 21, None),
        ("Am F C G", 12, ("C minor", "A minor", "Cm G# D# A#")),
        ("Em C G D", 7, None),
        ("C E G# B", 5, None),  # of no key
        ("N.C.", 5, None),
    ],
)
def test_chords_of_another_key_are_told_with_what_they_would_be(
    asked: str, key: int, told: tuple[str, str, str] | None
) -> None:
    remarks = chord_remarks((), True, asked, key)
    assert [tuple(one.values.values()) for one in remarks] == ([told] if told else [])
    assert all(one.kind == "chords-key" and one.line is None for one in remarks)
    assert chord_remarks((), True, asked, -1) == []
    sung = chord_remarks(read_lyrics("[verse]\nLa\n[chorus: C G Am F]\nOh").sections, True, "", 4)
    assert [(one.kind, one.line) for one in sung] == [("chords-key", 3)]


def test_remarks_say_what_is_not_played() -> None:
    assert kinds("[verse: C G Am F]\nLa") == []
    assert kinds("[verse: softly]\nLa\n[chorus: Anna and Bob]\nOh") == []
    assert kinds("[verse: softly]\nLa\n\n[chorus: C G Xm F]\nOh") == [("not-a-chord", 4)]
    assert [(one.kind, one.line, one.text.split(" asks")[0]) for one in chord_remarks((), False, "C G", 4)] == [
        ("chords-unknown", None, "The request")
    ]
    assert kinds("[verse]\nLa\n[chorus: C G]\nOh", plays_them=False) == [("chords-unknown", 3)]
    (remark,) = chord_remarks(read_lyrics("[verse: C G Xm F]\nLa").sections, True)
    assert remark.text.startswith("'Xm' is not a chord") and remark.values == {"chord": "Xm"}
