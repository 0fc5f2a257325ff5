"""When lines are sung: from the index of the words, frame by frame."""

import numpy as np
import pytest

from khala.generation.plan import plan_take
from khala.generation.timed_lyrics import timed_lines
from khala.models.lm.result import BackboneResult
from khala.models.presets import mini
from khala.music.request import SongRequest
from khala.weights.tokenizer import Tokenizer

REQUEST = SongRequest(tags=("pop",), lyrics="[verse]\nSing it\nAll day long\nOh", duration=12, seed=1)


@pytest.mark.parametrize(("heard", "sung"), [(0, False), (5, False), (6, True), (7, True)])
def test_a_line_is_sung_if_three_quarters_of_its_phones_are(heard: int, sung: bool) -> None:
    """Five phones, a rest, and so many of seven, each two frames long, after a rest of four frames."""
    index = np.repeat(np.arange(7 + heard), 2)
    result = BackboneResult(np.zeros((2, 2 + len(index)), np.int16), True, np.array([0, 0, *index], np.int16))
    lines = timed_lines(plan_take(REQUEST, 1, mini(), Tokenizer.of_bytes()), result)
    assert lines is not None
    assert [line.to_dict(10) for line in lines] == [
        {"line": 2, "text": "Sing it", "start": 0.4, "end": 1.4, "sung": True},
        {
            "line": 3,
            "text": "All day long",
            "start": 1.6 if heard else None,
            "end": (16 + 2 * heard) / 10 if heard else None,
            "sung": sung,
        },
        {"line": 4, "text": "Oh", "start": None, "end": None, "sung": False},
    ]
