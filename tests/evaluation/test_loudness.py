import numpy as np
import pytest

from khala.evaluation.loudness import FLOOR_DB, level, loudness

RATE = 44100


def tone(seconds: float, amplitude: float) -> np.ndarray:
    wave = amplitude * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, wave])


def test_level_is_the_power_of_each_second() -> None:
    song = np.concatenate([tone(2, 0.5), tone(1, 0.05), np.zeros((2, RATE))], axis=1)
    assert level(song, RATE) == pytest.approx([-9.03, -9.03, -29.03, FLOOR_DB], abs=0.02)


def test_a_short_rest_is_not_a_window_of_its_own() -> None:
    assert len(level(tone(2.4, 0.5), RATE)) == 2
    assert len(level(tone(2.6, 0.5), RATE)) == 3
    assert len(level(tone(0.2, 0.5), RATE)) == 1


def test_a_song_with_quiet_and_loud_parts_has_a_span() -> None:
    found = loudness(np.concatenate([tone(4, 0.05), tone(4, 0.5)], axis=1), RATE)
    assert found.span == pytest.approx(20, abs=0.1)
    assert found.true_peak == pytest.approx(-6.02, abs=0.05)
    assert found.integrated is not None and -9.5 < found.integrated < -5


def test_silence_has_no_loudness() -> None:
    found = loudness(np.zeros((2, RATE)), RATE)
    assert (found.integrated, found.true_peak, found.span) == (None, None, 0.0)
