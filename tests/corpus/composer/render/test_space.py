"""The band steps back under a voice, in its middle most, and cymbals under sibilants; nowhere else."""

import numpy as np
import pytest

from khala.corpus.composer.render import space
from khala.corpus.composer.voice import TimedPhone

SAMPLE_RATE = 44100
LINES = [[TimedPhone("s", 0, 1.0, 1.2), TimedPhone("iy", 0, 1.2, 2.0)], [TimedPhone("aa", 0, 3.0, 3.5)]]


def tone(hertz: float, seconds: float = 4.0) -> np.ndarray:
    wave = 0.1 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)
    return np.stack([wave, wave]).astype(np.float32)


def level(samples: np.ndarray, start: float, end: float) -> float:
    return float(
        20
        * np.log10(np.sqrt((samples[:, int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)] ** 2).mean()) / 0.1 * 2**0.5)
    )


def test_the_band_steps_back_while_somebody_sings_and_only_then() -> None:
    amount = space.vocal_activity(LINES, 4 * SAMPLE_RATE)
    assert amount.shape == (4 * SAMPLE_RATE,) and amount.dtype == np.float32
    assert amount[int(1.5 * SAMPLE_RATE)] == pytest.approx(1) and amount[int(3.2 * SAMPLE_RATE)] == pytest.approx(1)
    assert amount[: int(0.9 * SAMPLE_RATE)].max() == 0 == amount[int(2.2 * SAMPLE_RATE) : int(2.8 * SAMPLE_RATE)].max()
    for hertz, taken in ((80, space.DUCK_DB), (space.DIP_HERTZ, space.DUCK_DB + space.DIP_DB)):
        band = tone(hertz)
        space.step_back(band, amount)
        assert level(band, 0.2, 0.8) == pytest.approx(0, abs=0.05)
        assert level(band, 1.3, 1.9) == pytest.approx(-taken, abs=0.5)


def test_a_breath_between_lines_is_not_filled_by_the_band() -> None:
    close = [LINES[0], [TimedPhone("aa", 0, 2.2, 3.0)]]
    assert space.vocal_activity(close, 4 * SAMPLE_RATE)[
        int(1.2 * SAMPLE_RATE) : int(2.8 * SAMPLE_RATE)
    ].min() == pytest.approx(1)


def test_cymbals_are_hushed_under_a_voice_and_more_under_its_sibilants() -> None:
    amount, sibilant = space.vocal_activity(LINES, 4 * SAMPLE_RATE), space.sibilants(LINES, 4 * SAMPLE_RATE)
    for hertz, share in ((12000, 1.0), (100, 0.0)):
        drums = tone(hertz)
        space.hush(drums, amount, sibilant)
        assert level(drums, 0.2, 0.8) == pytest.approx(0, abs=0.1)
        assert level(drums, 1.5, 1.9) == pytest.approx(-space.HUSH_DB * share, abs=0.6)
        assert level(drums, 1.05, 1.15) == pytest.approx(-space.HUSH_SIBILANT_DB * share, abs=2.0)
