import numpy as np
import pytest

from khala.evaluation.silence import silence

RATE = 8000


def tone(seconds: float) -> np.ndarray:
    return np.tile(0.3 * np.sin(np.arange(round(seconds * RATE))), (2, 1))


def test_a_gap_inside_is_told_from_the_lead_in_and_the_tail() -> None:
    quiet = np.zeros((2, RATE))
    song = np.concatenate([quiet, tone(3), quiet, quiet, quiet, tone(2), quiet, quiet], axis=1)
    found = silence(song, RATE)
    assert (found.before, found.longest, found.after) == pytest.approx((1.0, 3.0, 2.0), abs=0.06)


def test_a_sound_in_one_channel_is_no_silence() -> None:
    song = tone(4)
    song[0, RATE : 3 * RATE] = 0
    assert silence(song, RATE).longest == 0


@pytest.mark.parametrize(("level", "longest"), [(-62, 3.0), (-58, 0.0)])
def test_what_is_below_60_db_is_silence(level: float, longest: float) -> None:
    song = tone(6) / np.sqrt(0.3**2 / 2)
    song[:, 2 * RATE : 5 * RATE] *= 10 ** (level / 20)
    assert silence(song, RATE).longest == pytest.approx(longest, abs=0.06)


def test_a_file_without_sound_is_one_gap() -> None:
    assert silence(np.zeros((2, 5 * RATE)), RATE).longest == 5.0
    assert silence(np.full((1, 5 * RATE), np.nan), RATE).longest == 5.0
