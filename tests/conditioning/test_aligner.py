"""A song in the making is led through its words."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from khala.conditioning.aligner import PhoneAligner
from khala.conditioning.outline import NUM_CONDITIONS
from khala.conditioning.phone_sequence import CONDITION_ROWS, PHONE_IDS, REST, PhoneSequence
from khala.generation.decode import decode_backbone
from khala.generation.slot import Slot
from khala.models.lm.backbone import Backbone, condition_stream
from khala.models.lm.config import PAD_ID
from khala.models.presets import tiny
from khala.music.request import Sampling

WORDS = PhoneSequence((REST, 3, 9, REST, 5, REST), (1, 4))
FRAMES = 40
FREE = [0] * FRAMES, [5] * FRAMES


@pytest.fixture(scope="module")
def model() -> Backbone:
    torch.manual_seed(1)
    return Backbone(replace(tiny().backbone, condition_rows=CONDITION_ROWS))


def said(model: Backbone, phone: int, surely: float = 9.0) -> torch.Tensor:
    """A hidden state in which the head says that phone."""
    return surely * torch.linalg.pinv(model.head.weight[list(PHONE_IDS)].detach())[:, phone][None, None]


def path(aligner: PhoneAligner, take: int, frames: int) -> list[int]:
    index = aligner.phone_index(take, frames)
    assert index is not None and index.dtype == np.int16
    found: list[int] = index.tolist()
    return found


def walk(aligner: PhoneAligner, hidden: list[torch.Tensor], takes: list[int] | None = None) -> None:
    for frame, state in enumerate(hidden, 1):
        aligner.advance(takes or [0], frame, state)


def test_it_stays_as_long_as_the_model_says_and_then_goes_on(model: Backbone) -> None:
    aligner = PhoneAligner(model, [WORDS], [FREE])
    rest, first, second, other = (said(model, phone, 40.0) for phone in (REST, 3, 9, 20))
    walk(aligner, [rest, rest, first, first, first])
    assert path(aligner, 0, 6) == [0, 0, 0, 1, 1, 1]
    assert aligner.condition_ids([0], 5).tolist() == [list(WORDS.condition_ids([1, 1, 1])[2])], (
        "it is the phone's third frame"
    )
    walk(aligner, [rest, rest, first, first, first, second + 0.5 * other, second, rest])
    assert path(aligner, 0, 9) == [0, 0, 0, 1, 1, 1, 2, 2, 3]


def test_a_phone_ends_when_it_has_likelier_ended_than_not(model: Backbone) -> None:
    aligner = PhoneAligner(model, [WORDS], [FREE])
    rows = model.head.weight[[PHONE_IDS[3], PHONE_IDS[9]]].detach()
    lasts = torch.linalg.pinv(rows)[:, 0][None, None]  # logits 1 and 0: of it 0.73, 0.53, 0.39 are left
    walk(aligner, [said(model, 3, 40.0), *[lasts] * 3])
    assert path(aligner, 0, 5) == [0, 1, 1, 1, 2]


def test_from_the_end_of_a_line_it_may_go_to_the_next_without_a_rest(model: Backbone) -> None:
    aligner = PhoneAligner(model, [WORDS], [FREE])
    walk(aligner, [said(model, 3, 40.0), said(model, 9, 40.0), said(model, 5, 40.0)])
    assert path(aligner, 0, 4) == [0, 1, 2, 4]


def test_bounds_hold_whatever_the_model_says(model: Backbone) -> None:
    low, high = [0, 0, 1, 2, 2, 3, 3, 4, 5], [0, 0, 1, 2, 3, 3, 3, 5, 5]
    for phone in (REST, 3, 5):
        aligner = PhoneAligner(model, [WORDS], [(low, high)])
        walk(aligner, [said(model, phone, 40.0)] * 8)
        places = path(aligner, 0, 9)
        assert all(a <= place <= b for a, place, b in zip(low, places, high, strict=True))


def test_a_song_that_is_far_behind_its_words_catches_up_in_a_frame(model: Backbone) -> None:
    aligner = PhoneAligner(model, [WORDS], [([0, 0, 4, 4], [5] * 4)])
    walk(aligner, [said(model, REST, 40.0)] * 2 + [said(model, 5, 40.0)])
    assert path(aligner, 0, 4) == [0, 0, 4, 4]


def test_a_song_does_not_end_before_its_words(model: Backbone) -> None:
    """It is to end after 10 frames, and is pulled to its end ever more; its words end in frame 25."""
    bind = torch.randn(2, 16, 16, generator=torch.Generator().manual_seed(1))
    model.bind_codebooks(bind)
    stream = condition_stream([PAD_ID], [(1,) * NUM_CONDITIONS] * (FRAMES + 1))
    bounds = [0] * 25 + [5] * (FRAMES - 24), [0] * 25 + [5] * (FRAMES - 24)
    slot = Slot([65], seed=4, max_frames=FRAMES, sampling=Sampling(), target_frames=10, condition_ids=stream)
    guide = PhoneAligner(model, [None, WORDS], [([], []), bounds])
    lengths = [result.codes.shape[1] for result in decode_backbone(model, [slot, slot], guide)]
    assert lengths[0] < 15 and lengths[1] == 25


def test_a_take_is_led_by_itself_alone(model: Backbone) -> None:
    torch.manual_seed(2)
    hidden = [torch.randn(3, 1, 32) for _ in range(FRAMES - 1)]
    words, other = [WORDS, None, WORDS], PhoneSequence((REST, 1, 2, 3, 4, 5, 6, REST), (1,))
    together = PhoneAligner(model, words, [FREE, ([], []), FREE])
    walk(together, hidden, [0, 1, 2])
    alone = PhoneAligner(model, [other, WORDS], [FREE, FREE])
    walk(alone, [state[2:] for state in hidden], [1])
    assert path(alone, 1, FRAMES) == path(together, 2, FRAMES) != path(together, 0, FRAMES)
    assert together.phone_index(1, FRAMES) is None and together.condition_ids([1], 3).unique().tolist() == [PAD_ID]
