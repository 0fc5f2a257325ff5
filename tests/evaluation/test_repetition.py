import numpy as np
import pytest

from khala.evaluation.repetition import repetition

RATE = 22050
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=(2, 20 * RATE)) * 0.1


def test_noise_does_not_repeat() -> None:
    assert repetition(NOISE, RATE).longest < 0.5


def test_a_loop_is_found_with_its_lag() -> None:
    loop = NOISE[:, : 1024 * 16]
    song = np.concatenate([NOISE[:, : 5 * RATE], np.tile(loop, (1, 14)), NOISE[:, 5 * RATE : 8 * RATE]], axis=1)
    found = repetition(song, RATE)
    assert found.longest == pytest.approx(13 * 1024 * 16 / RATE, abs=0.3)
    assert found.lag / (1024 * 16 / RATE) == pytest.approx(round(found.lag / (1024 * 16 / RATE)))


def test_two_bars_of_a_slow_song_are_a_loop_and_a_whole_verse_is_none() -> None:
    for seconds, longest in ((7.5, 7.5), (9.0, 0.0)):
        loop = NOISE[:, : round(seconds * RATE / 1024) * 1024]
        assert repetition(np.tile(loop, (1, 2)), RATE).longest == pytest.approx(longest, abs=0.5)


def test_silence_is_no_loop() -> None:
    song = NOISE.copy()
    song[:, 5 * RATE : 15 * RATE] = 0
    assert repetition(song, RATE).longest < 0.5
