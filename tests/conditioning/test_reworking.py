"""Outlines of songs that are made of others."""

from dataclasses import replace

import pytest

from khala.conditioning.outline import Outline, Part
from khala.conditioning.reworking import (
    Change,
    changes,
    extended,
    nearest_bar,
    pinned_indices,
    relined,
    spans_of,
    without_first_lines,
)
from khala.music.errors import InvalidRequest
from khala.music.reading import Section, sections
from khala.music.request import SongRequest

RATE = 21.533
PLACES = ((80, 160), (160, 240), (320, 400))
OUTLINE = Outline(
    frames=440,
    bar=40,
    parts=(Part(0, 80, "intro"), Part(80, 240, "verse"), Part(240, 400, "chorus"), Part(400, 440, "outro")),
    lines=PLACES,
    key=3,
    style="pop",
    voice="female",
    singer="nora",
    chords=((80, 120, 5), (120, 160, 7), (240, 280, 2)),
)
LINES = ("over the hills", "far away", "we will go home")


def test_an_outline_comes_back_from_json() -> None:
    assert Outline.from_frames(OUTLINE.to_frames()) == OUTLINE


def test_lines_that_differ_are_found_whatever_their_spaces_and_capitals() -> None:
    new = ("Over  the hills", "and far beyond", "we will go home")
    assert changes(LINES, new, PLACES, 440, None) == [Change((1, 2), (1, 2), (160, 240))]
    assert changes(LINES, LINES, PLACES, 440, None) == []
    assert changes(LINES, LINES[:2], PLACES, 440, None) == [Change((2, 3), (2, 2), (320, 400))]
    added = (*LINES[:2], "in the evening sun", LINES[2])
    assert changes(LINES, added, PLACES, 440, None) == [Change((2, 2), (2, 3), (240, 320))]


def test_chosen_lines_change_and_no_others_may() -> None:
    assert changes(LINES, LINES, PLACES, 440, (1, 2)) == [Change((1, 2), (1, 2), (160, 240))]
    longer = (LINES[0], "far", "away", LINES[2])
    assert changes(LINES, longer, PLACES, 440, (1, 2)) == [Change((1, 2), (1, 3), (160, 240))]
    with pytest.raises(InvalidRequest, match="'by the sea' differs, too"):
        changes(LINES, ("by the sea", *LINES[1:]), PLACES, 440, (1, 2))


def test_lines_get_the_places_of_those_before_or_divide_them() -> None:
    found = [Change((1, 2), (1, 3), (160, 240))]
    assert relined(OUTLINE, (LINES[0], "far", "away", LINES[2]), found, RATE).lines == (
        (80, 160),
        (160, 200),
        (200, 240),
        (320, 400),
    )
    assert relined(OUTLINE, LINES[:2], [Change((2, 3), (2, 2), (320, 400))], RATE).lines == PLACES[:2]
    with pytest.raises(InvalidRequest, match="is too long for the"):
        relined(OUTLINE, (LINES[0], "a very long line " * 8, LINES[2]), [Change((1, 2), (1, 2), (160, 240))], RATE)
    with pytest.raises(InvalidRequest, match="no time for more lines before 'far away'"):
        relined(OUTLINE, (LINES[0], "and", *LINES[1:]), [Change((1, 1), (1, 2), (160, 160))], RATE)


def test_what_is_written_anew_leaves_the_lines_around_it_alone() -> None:
    sung = ((82, 158), (161, 243), (322, 390))
    assert spans_of([Change((1, 2), (1, 2), (160, 240))], sung, 440) == ((158, 246),)
    assert spans_of([Change((0, 1), (0, 1), (80, 160))], ((74, 158), *sung[1:]), 440) == ((74, 161),)
    both = [Change((0, 1), (0, 1), (80, 160)), Change((1, 2), (1, 2), (160, 240))]
    assert spans_of(both, sung, 440) == ((76, 246),)
    assert spans_of([Change((2, 3), (2, 3), (320, 400))], sung, 402) == ((316, 402),)


def test_phones_that_stay_are_pinned_by_their_new_index() -> None:
    # three lines of 2, 3 and 2 phones, rests between; the second one becomes one of 4
    index = [0, 1, 2, 3, 3, 4, 5, 6, 7, 7, 8, 9, 10, 10]
    found, spans = [Change((1, 2), (1, 2), (0, 0))], ((4, 9),)
    pinned = pinned_indices(index, spans, found, (1, 4, 8), (1, 4, 9), 11)
    assert pinned == [0, 1, 2, 3, -1, -1, -1, -1, -1, 8, 9, 10, 11, 11]
    # nothing is sung instead of it: behind it the song is in the rest before the third line
    pinned = pinned_indices(index, spans, [Change((1, 2), (1, 1), (0, 0))], (1, 4, 8), (1, 4), 6)
    assert pinned[:4] == [0, 1, 2, 3] and pinned[9:] == [3, 4, 5, 6, 6]
    # the last one becomes one of 3: behind it the song is in its last rest, as it was
    pinned = pinned_indices(index, ((10, 12),), [Change((2, 3), (2, 3), (0, 0))], (1, 4, 8), (1, 4, 8), 11)
    assert pinned == [0, 1, 2, 3, 3, 4, 5, 6, 7, 7, -1, -1, 11, 11]


def test_a_song_goes_on_in_its_bars_with_what_is_left_of_the_lyrics() -> None:
    request = SongRequest(tags=("pop", "72 bpm"), lyrics="x", duration=440 / RATE + 18, seed=3)  # which it is not
    more = [Section("bridge", ("in the evening sun", "till the day is done"))]
    longer = extended(OUTLINE, 400, request, RATE, more)
    assert longer.parts[:3] == OUTLINE.parts[:3] and longer.parts[3].name != "intro"
    assert longer.lines[:3] == PLACES and len(longer.lines) == 5
    assert all(begin >= 400 and (begin - 400) % 40 == 0 for begin, _ in longer.lines[3:])
    assert (longer.bar, longer.key, longer.style, longer.voice, longer.singer) == (40, 3, "pop", "female", "nora")
    assert longer.parts[-1].end == longer.frames and abs(longer.frames / RATE - request.duration) < 3
    cut = extended(OUTLINE, 100, request, RATE, more)
    assert cut.lines[0] == (80, 100) and len(cut.lines) == 3 and cut.chords == ((80, 100, 5),)
    assert cut.parts[1] == Part(80, 100, "verse") and cut.parts[2].begin == 100


def test_the_nearest_bar_is_within_the_song() -> None:
    assert [nearest_bar(OUTLINE, frame, 430) for frame in (0, 19, 21, 430, 900)] == [0, 0, 40, 400, 400]
    late = replace(OUTLINE, first_bar=51)
    assert [nearest_bar(late, frame, 430) for frame in (0, 30, 32, 429, 900)] == [11, 11, 51, 411, 411]
    assert [row[0] for row in late.condition_ids(51, 91)] == [row[0] for row in OUTLINE.condition_ids(0, 40)]
    assert nearest_bar(None, 33, 430) == 33 and nearest_bar(None, 999, 430) == 430


def test_sections_lose_the_lines_that_were_sung() -> None:
    its = sections("[verse]\none\ntwo\n[inst]\n[chorus]\nthree")
    left = [[(s.name, *s.lines) for s in without_first_lines(its, count)] for count in (1, 2, 3)]
    assert left == [[("verse", "two"), ("inst",), ("chorus", "three")], [("inst",), ("chorus", "three")], []]
