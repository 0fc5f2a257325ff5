"""Chords that headers of lyrics ask for."""

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


def test_remarks_say_what_is_not_played() -> None:
    assert kinds("[verse: C G Am F]\nLa") == []
    assert kinds("[verse: softly]\nLa\n[chorus: Anna and Bob]\nOh") == []
    assert kinds("[verse: softly]\nLa\n\n[chorus: C G Xm F]\nOh") == [("not-a-chord", 4)]
    assert kinds("[verse]\nLa\n[chorus: C G]\nOh", plays_them=False) == [("chords-unknown", 3)]
    (remark,) = chord_remarks(read_lyrics("[verse: C G Xm F]\nLa").sections, True)
    assert remark.text.startswith("'Xm' is not a chord") and remark.values == {"chord": "Xm"}
