"""A plan of when phones are sung: in order, in their lines' time, by what the model says."""

from dataclasses import replace

import numpy as np
import pytest

from khala.conditioning.durations import (
    BEGIN,
    FEATURE_ROWS,
    FEATURES,
    FIRST_ROWS,
    LEAD_FRAMES,
    NOTHING,
    LineFeatures,
    SungLine,
    line_targets,
    plan_timing,
    require_features,
    sung_line,
    sung_lines,
    targets,
)
from khala.conditioning.outline import Outline, Part
from khala.conditioning.phone_sequence import REST, PhoneSequence, phones_of_prompt
from khala.models.durations import CLASSES, HIDDEN, DurationModel
from khala.music.errors import ModelError
from khala.music.phones import LETTERS, PHONES
from khala.music.prompt import PromptStyle, backbone_prompt
from khala.music.request import SongRequest

OUTLINE = Outline(
    200, 40, 4, (Part(0, 40, "intro"), Part(40, 200, "verse")), ((40, 100), (100, 160)), style="folk", singer="ada"
)


def model(durations: dict[int, int] | None = None, rows: int = FEATURE_ROWS) -> DurationModel:
    """A model that gives each phone of `durations` that class, and all others class 2: three frames, or a lead of 2."""
    zeros = np.zeros
    made = DurationModel(
        zeros((rows, HIDDEN), np.float32),
        zeros(HIDDEN, np.float32),
        np.eye(HIDDEN, dtype=np.float32),
        zeros(HIDDEN, np.float32),
        zeros((CLASSES, HIDDEN), np.float32),
        zeros(CLASSES, np.float32),
    )
    made.head_bias[2] = 20.0
    now = FIRST_ROWS[list(FEATURES).index("phone +0")]
    for unit, (phone, frames) in enumerate((durations or {}).items()):
        made.rows[now + phone, unit] = 40.0
        made.head[frames, unit] = 4.0
    return made


def phones(*lines: SungLine) -> PhoneSequence:
    every, starts = [REST], []
    for line in lines:
        starts.append(len(every))
        every += [*line.phones, REST]
    return PhoneSequence(tuple(every), tuple(starts))


def test_a_line_of_a_prompt_is_its_phones_and_where_words_begin() -> None:
    line = sung_line("S1Q 1T (QO)")
    assert [LETTERS[phone] for phone in line.phones] == list("S1Q1TQO")
    assert line.word_begins == (True, False, False, True, False, True, False)
    assert sung_line("B*S SO") == SungLine(tuple(map(LETTERS.index, "B*SO")), (True, False, False, False))


def test_the_lines_are_those_of_the_phone_sequence() -> None:
    style = PromptStyle(lyrics="phones")
    prompt = backbone_prompt(SongRequest(tags=("pop",), lyrics="[verse]\nSing it\nthis song\n\n[chorus]\nOh"), style)
    lines = sung_lines(prompt)
    assert phones(*lines) == phones_of_prompt(prompt) and len(lines) == 3


def test_features_have_their_rows_and_bounds() -> None:
    features = LineFeatures(SungLine((20, 3, 21), (True, False, False)), OUTLINE, 0)
    ids = features.ids([LEAD_FRAMES, 3])
    assert len(ids) == len(FEATURES) and (np.diff(ids) > 0).all() and ids[0] >= 0 and ids[-1] < FEATURE_ROWS
    values = dict(zip(FEATURES, (ids - FIRST_ROWS[:-1]).tolist(), strict=True))
    told = ("phone -2", "phone -1", "phone +0", "phone +1", "phone +2", "word begins -1", "word begins +0")
    assert [values[name] for name in told] == [BEGIN, 20, 3, 21, NOTHING, 1, 0]
    assert values["phones so far"] == 2 and values["phones left"] == 2 and values["vowels left"] == 1
    assert values["twelfth of the beat"] == 3 and values["beat"] == 0, "three frames after the bar, ten to a beat"
    assert values["frames to the next half beat"] == 2 and values["frames to the next beat"] == 7
    assert values["frames of the phone before"] == 3 and values["half beats left"] == 57 // 5
    assert values["section"] == 2 and values["singer"] == 2 and values["style"] > 0
    other = replace(OUTLINE, bar=0, style="polka", singer="", parts=())
    values = dict(zip(FEATURES, (LineFeatures(sung_line("A" * 99), other, 0).ids([]) - FIRST_ROWS[:-1]), strict=True))
    assert all(value < size for value, size in zip(values.values(), FEATURES.values(), strict=True))
    assert values["style"] == values["section"] == values["singer"] == 0


def test_phones_last_as_long_as_the_model_says() -> None:
    first, second = SungLine((20, 3, 21), (True, False, False)), SungLine((5, 6), (True, True))
    says = model({BEGIN: LEAD_FRAMES + 1, 3: 9, 20: 0})
    index = plan_timing([first, second], phones(first, second), OUTLINE, 200, says, 1)
    lengths = [int((index == place).sum()) for place in range(8)]
    assert np.array_equal(index, np.sort(index)) and index.dtype == np.int16
    assert lengths == [41, 1, 10, 3, 101 - 55, 3, 3, 200 - 107]
    assert [int(np.argmax(index == start)) for start in (1, 5)] == [41, 101]


def test_a_line_ends_in_time_and_begins_after_the_one_before() -> None:
    lines = [SungLine((20, 3) * 20, (True,) * 40), SungLine((5, 6), (True, True))]
    index = plan_timing(lines, phones(*lines), OUTLINE, 200, model({20: 30, 3: 40}), 1)
    assert np.array_equal(np.unique(index), np.arange(len(phones(*lines).phones))), "every phone is sung"
    assert int(np.argmax(index == 41)) <= 106, "hurried"
    crowded = replace(OUTLINE, lines=((40, 44), (44, 48)))
    index = plan_timing(lines, phones(*lines), crowded, 200, model(), 1)
    assert {*range(1, 41), 42, 43} <= set(index), "there is time for every phone, if not for a rest"


def test_lines_beyond_the_outline_are_not_sung() -> None:
    lines = [SungLine((20, 3), (True, False))] * 3
    index = plan_timing(lines, phones(*lines), OUTLINE, 200, model(), 1)
    assert index.max() == 6, "the rest after the second line"


def test_the_same_words_are_sung_alike_and_another_seed_otherwise() -> None:
    line = SungLine((20, 3, 21, 8, 25, 2), (True,) * 6)
    open_to_all = replace(model(), head_bias=np.zeros(CLASSES, np.float32))
    outline = replace(OUTLINE, lines=((40, 80), (120, 160)))

    def spans(seed: int) -> list[list[int]]:
        index = plan_timing([line, line], phones(line, line), outline, 200, open_to_all, seed)
        return [[int(np.argmax(index == start + n)) - 80 * at for n in range(6)] for at, start in ((1, 1), (2, 8))]

    assert len({tuple(spans(seed)[0]) for seed in range(5)}) == 5
    assert all(first == second for first, second in map(spans, range(9)))


def test_targets_are_read_from_what_is_sung() -> None:
    line = SungLine((20, 3), (True, False))
    durations = line_targets([(20, 41), (3, 43), (REST, 50)], line, 40)
    assert durations == [LEAD_FRAMES + 1, 2, 7] and list(targets(durations)) == [LEAD_FRAMES + 1, 1, 6]
    assert line_targets([(20, 41), (4, 43), (REST, 50)], line, 40) is None, "other phones"
    assert line_targets([(20, 20), (3, 43), (REST, 50)], line, 40) is None, "too early"
    assert list(targets([0, 1, 500])) == [0, 0, CLASSES - 1]


def test_a_model_of_other_features_is_refused() -> None:
    require_features(model())
    with pytest.raises(ModelError, match="knows other features"):
        require_features(model(rows=FEATURE_ROWS - 1))
    assert LETTERS[3] == "*" and PHONES[3] == "AX"
