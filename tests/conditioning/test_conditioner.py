"""A song's conditions: those that its model has rows for."""

from dataclasses import replace

import numpy as np

from khala.conditioning.conditioner import Conditioning
from khala.conditioning.outline import NUM_CONDITIONS, Outline
from khala.conditioning.phone_sequence import PhoneSequence
from khala.conditioning.rows import CONDITION_ROWS, FIRST_ROWS
from khala.models.lm.config import PAD_ID

OUTLINE = Outline(40, 20, key=3, style="pop", voice="female", singer="nora", chords=((0, 40, 5),))
SONG = Conditioning(OUTLINE, [], PhoneSequence((39, 4, 5, 39), (1,)))
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


def test_a_plan_of_the_timing_bounds_every_frame() -> None:
    planned = replace(SONG, timing=INDEX)
    low, high = planned.alignment_bounds(45)
    assert low == high == [*INDEX.tolist(), *[3] * 5]
    assert planned.alignment_bounds(30)[0] == INDEX[:30].tolist()
