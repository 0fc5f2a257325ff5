"""A song in the making is led through its words."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from khala.conditioning.aligner import PhoneAligner
from khala.conditioning.outline import NUM_CONDITIONS
from khala.conditioning.phone_sequence import PHONE_IDS, REST, PhoneSequence
from khala.conditioning.rows import CONDITION_ROWS
from khala.engine.pytorch.decode import decode_backbone
from khala.models.lm.backbone import Backbone
from khala.models.lm.conditions import condition_stream
from khala.models.lm.config import PAD_ID
from khala.models.lm.slot import Slot
from khala.models.presets import tiny
from khala.music.request import Sampling

WORDS = PhoneSequence((REST, 3, 9, REST, 5, REST), (1, 4))
FRAMES = 40
FREE = [0] * FRAMES, [5] * FRAMES


@pytest.fixture(scope="module")
def model() -> Backbone:
    torch.manual_seed(1)
    return Backbone(replace(tiny().backbone, condition_rows=CONDITION_ROWS))


def said(phone: int, surely: float = 9.0) -> NDArray[np.float32]:
    """Logits of a model that says that phone."""
    return np.eye(len(PHONE_IDS), dtype=np.float32)[phone, None] * surely


def path(aligner: PhoneAligner, take: int, frames: int) -> list[int]:
    index = aligner.phone_index(take, frames)
    assert index is not None and index.dtype == np.int16
    found: list[int] = index.tolist()
    return found


def walk(aligner: PhoneAligner, logits: list[NDArray[np.float32]], takes: list[int] | None = None) -> None:
    for frame, state in enumerate(logits, 1):
        aligner.advance(takes or [0], frame, state)


@pytest.mark.parametrize("planned", [False, True])
def test_windows_are_told_the_phones_of_their_frames(planned: bool) -> None:
    """Counted from their first frame on, as in training; nothing of a take whose words are not known."""
    places = [0] * 10 + [1] * 5 + [2] * 5 + [3] * 20
    aligner = PhoneAligner([WORDS, None], [(places, places) if planned else FREE, ((), ())])
    walk(aligner, [said(WORDS.phones[place], 40.0) for place in places[1:18]])
    found = aligner.conditions_from(0, 4, 17).tolist()
    sung = aligner.phone_index(0, 18)
    assert sung is not None and len(set(sung[4:].tolist())) > 1
    assert found == [list(row) for row in WORDS.condition_ids(places[4:] if planned else sung[4:], planned)[:14]]
    assert aligner.conditions_from(1, 4, 17).tolist() == [[PAD_ID] * 5] * 14


def test_it_stays_as_long_as_the_model_says_and_then_goes_on() -> None:
    aligner = PhoneAligner([WORDS], [FREE])
    rest, first, second, other = (said(phone, 40.0) for phone in (REST, 3, 9, 20))
    walk(aligner, [rest, rest, first, first, first])
    assert path(aligner, 0, 6) == [0, 0, 0, 1, 1, 1]
    assert aligner.condition_ids([0], 5).tolist() == [list(WORDS.condition_ids([1, 1, 1])[2])], (
        "it is the phone's third frame"
    )
    walk(aligner, [rest, rest, first, first, first, second + 0.5 * other, second, rest])
    assert path(aligner, 0, 9) == [0, 0, 0, 1, 1, 1, 2, 2, 3]


def test_a_phone_ends_when_it_has_likelier_ended_than_not() -> None:
    aligner = PhoneAligner([WORDS], [FREE])
    lasts = said(3, 1.0)  # logits 1 and 0: of it 0.73, 0.53, 0.39 are left
    walk(aligner, [said(3, 40.0), *[lasts] * 3])
    assert path(aligner, 0, 5) == [0, 1, 1, 1, 2]


def test_from_the_end_of_a_line_it_may_go_to_the_next_without_a_rest() -> None:
    aligner = PhoneAligner([WORDS], [FREE])
    walk(aligner, [said(3, 40.0), said(9, 40.0), said(5, 40.0)])
    assert path(aligner, 0, 4) == [0, 1, 2, 4]


def test_bounds_hold_whatever_the_model_says() -> None:
    low, high = [0, 0, 1, 2, 2, 3, 3, 4, 5], [0, 0, 1, 2, 3, 3, 3, 5, 5]
    for phone in (REST, 3, 5):
        aligner = PhoneAligner([WORDS], [(low, high)])
        walk(aligner, [said(phone, 40.0)] * 8)
        places = path(aligner, 0, 9)
        assert all(a <= place <= b for a, place, b in zip(low, places, high, strict=True))


def test_a_song_that_is_far_behind_its_words_catches_up_in_a_frame() -> None:
    aligner = PhoneAligner([WORDS], [([0, 0, 4, 4], [5] * 4)])
    walk(aligner, [said(REST, 40.0)] * 2 + [said(5, 40.0)])
    assert path(aligner, 0, 4) == [0, 0, 4, 4]


def test_a_plan_is_followed_whatever_the_model_says_and_tells_how_long_phones_last() -> None:
    plan = [0, 0, 1, 1, 1, 2, 3, 4, 5]
    aligner = PhoneAligner([WORDS], [(plan, plan)])
    walk(aligner, [said(REST, 40.0)] * 8)
    assert path(aligner, 0, 9) == plan
    rows = [tuple(aligner.condition_ids([0], frame)[0].tolist()) for frame in range(9)]
    assert rows == WORDS.condition_ids(plan) and rows[2][-1] == rows[3][-1] + 1 != PAD_ID
    older = PhoneAligner([WORDS], [(plan, plan)], table_rows=436)
    assert older.condition_ids([0], 2)[0].tolist() == [*rows[2][:-1], PAD_ID]
    assert PhoneAligner([WORDS], [FREE]).condition_ids([0], 0)[0, -1] == PAD_ID, "without a plan nobody knows"


def test_a_song_does_not_end_before_its_words(model: Backbone) -> None:
    """It is to end after 10 frames, and is pulled to its end ever more; its words end in frame 25."""
    bind = torch.randn(2, 16, 16, generator=torch.Generator().manual_seed(1))
    model.bind_codebooks(bind)
    stream = condition_stream([PAD_ID], [(1,) * NUM_CONDITIONS] * (FRAMES + 1))
    bounds = [0] * 25 + [5] * (FRAMES - 24), [0] * 25 + [5] * (FRAMES - 24)
    slot = Slot([65], seed=4, max_frames=FRAMES, sampling=Sampling(), target_frames=10, condition_ids=stream)
    guide = PhoneAligner([None, WORDS], [([], []), bounds])
    lengths = [result.codes.shape[1] for result in decode_backbone(model, [slot, slot], guide)]
    assert lengths[0] < 15 and lengths[1] == 25


def test_a_take_is_led_by_itself_alone() -> None:
    dice = np.random.default_rng(2)
    logits = [dice.standard_normal((3, len(PHONE_IDS)), np.float32) for _ in range(FRAMES - 1)]
    words, other = [WORDS, None, WORDS], PhoneSequence((REST, 1, 2, 3, 4, 5, 6, REST), (1,))
    together = PhoneAligner(words, [FREE, ([], []), FREE])
    walk(together, logits, [0, 1, 2])
    alone = PhoneAligner([other, WORDS], [FREE, FREE])
    walk(alone, [state[2:] for state in logits], [1])
    assert path(alone, 1, FRAMES) == path(together, 2, FRAMES) != path(together, 0, FRAMES)
    assert together.phone_index(1, FRAMES) is None and (together.condition_ids([1], 3) == PAD_ID).all()


def test_a_take_that_is_stepped_past_its_end_stays_where_it_was() -> None:
    """On a GPU tokens are looked at now and then: a short take may be stepped on beside a longer one."""
    short = PhoneAligner([WORDS], [([0, 0], [5, 5])])
    walk(short, [said(3, 40.0)] * 4)
    assert path(short, 0, 4) == [0, 1]
    assert short.condition_ids([0], 4).tolist() == [list(WORDS.condition_ids([1])[0])]
    assert not short.unfinished([0], 4).any()
