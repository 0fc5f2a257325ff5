"""A song's conditions: those that its model has rows for."""

from dataclasses import replace

import numpy as np
import pytest

from khala.conditioning.conditioner import Conditioning, request_of_window
from khala.conditioning.outline import NUM_CONDITIONS, Outline, Part
from khala.conditioning.phone_sequence import PhoneSequence
from khala.conditioning.preview import preview
from khala.conditioning.rows import CONDITION_ROWS, FIRST_ROWS
from khala.conditioning.windows import SongWindow
from khala.models.lm.config import PAD_ID
from khala.models.presets import tiny
from khala.music.prompt import PromptStyle
from khala.music.request import SongRequest

OUTLINE = Outline(40, 20, key=3, style="pop", voice="female", singer="nora", chords=((0, 40, 5),))
SONG = Conditioning(OUTLINE, PhoneSequence((39, 4, 5, 39), (1,)))
INDEX = np.repeat(np.arange(4, dtype=np.int16), 10)


def test_an_older_model_is_told_nothing_that_it_has_no_rows_for() -> None:
    older = replace(SONG, table_rows=FIRST_ROWS["chord"])
    for mine, all_of_it in (
        (older.rows(40), SONG.rows(40)),
        (older.uncond_rows(40), SONG.uncond_rows(40)),
        (older.rows_with_phones(40, INDEX), SONG.rows_with_phones(40, INDEX)),
    ):
        assert max(map(max, all_of_it)) < CONDITION_ROWS
        known = [[row if row < FIRST_ROWS["chord"] else PAD_ID for row in rows] for rows in all_of_it]
        assert [list(rows) for rows in mine] == known != [list(rows) for rows in all_of_it]


def test_guidance_leads_away_from_chords_and_singer() -> None:
    told, away = (np.array(rows) for rows in (SONG.rows(40), SONG.uncond_rows(40)))
    assert set(np.flatnonzero((told != away).any(0))) == {8, 9, NUM_CONDITIONS - 4, NUM_CONDITIONS - 1}
    assert (away[:, [8, 9, -4, -1]] == PAD_ID).all()


def test_windows_hold_the_words_of_their_lines() -> None:
    """A line begins up to four frames before its place, unless it is planned when."""
    lines = tuple((100 * n, 100 * n + 100) for n in range(10))
    outline = Outline(1000, 20, parts=(Part(0, 1000, "verse"),), lines=lines, voice="male")
    sung = PhoneSequence((39, *(4, 39) * 10), tuple(range(1, 21, 2)))
    song = Conditioning(outline, sung)
    assert song.windows(1250, 0) == [SongWindow(0, 0, 1250, range(10))]
    assert song.windows(1250, 1000)[0] == SongWindow(0, 0, 1000, range(10)), "a song that is no longer is told whole"
    found = song.windows(1250, 500)
    assert [one.stop for one in found] == [496, 696, 896, 1096, 1250] and found[1].first == 196
    assert [one.lines for one in found] == [range(5), range(2, 7), range(4, 9), range(6, 10), range(8, 10)]
    timing = np.zeros(1000, np.int16)
    for number, (begin, _) in enumerate(lines):
        timing[begin + 7 : begin + 60], timing[begin + 60 :] = 2 * number + 1, 2 * number + 2
    assert [one.stop for one in replace(song, timing=timing).windows(1250, 550)][:2] == [507, 707]


def test_windows_are_asked_for_with_their_words_and_length() -> None:
    prompt = PromptStyle(duration_text=True, lyrics="phones", backbone_limit=512, superres_limit=512)
    config = replace(tiny(), prompt=prompt, backbone=replace(tiny().backbone, condition_rows=CONDITION_ROWS))
    words = "\n".join(f"[{'verse' if n % 2 else 'chorus'}]\nSing {'la ' * n}\nand la" for n in range(1, 8))
    found = preview(SongRequest(tags=("pop",), lyrics=words, seed=1, duration=60), config)
    assert found.outline is not None
    parts = [SongWindow(0, 0, 650, range(4)), SongWindow(600, 650, found.outline.frames + 300, range(3, 6))]
    asked = [request_of_window(found, part, replace(config, window_frames=650)) for part in parts]
    assert asked[0].lyrics == "[verse]\nSing la\nand la\n[chorus]\nSing la la\nand la"
    assert asked[1].lyrics == "[chorus]\nand la\n[verse]\nSing la la la\nand la"
    assert [one.duration for one in asked] == [
        pytest.approx(frames / config.frame_rate) for frames in (650, found.outline.frames - 600)
    ]
    assert request_of_window(found, parts[0], config) == found.request


def test_a_plan_of_the_timing_bounds_every_frame() -> None:
    planned = replace(SONG, timing=INDEX)
    low, high = planned.alignment_bounds(45)
    assert low == high == [*INDEX.tolist(), *[3] * 5]
    assert planned.alignment_bounds(30)[0] == INDEX[:30].tolist()


@pytest.mark.parametrize("timing", [None, INDEX])
def test_the_conditions_of_a_song_that_goes_on_stay_what_they_are(timing: np.ndarray | None) -> None:
    song = replace(SONG, timing=timing)
    whole = song.rows_with_phones(40, INDEX)
    lengths = {row[-1] for row in whole}
    assert (lengths == {PAD_ID}) == (timing is None), "how long a phone lasts is known where it is planned"
    for frames in range(40):
        assert song.rows_with_phones(frames, INDEX[:frames])[:-1] == whole[:frames]
