"""Effects: locked to the beat, and no louder than they say."""

import numpy as np
import pytest

from khala.corpus.composer.render import effects

SAMPLE_RATE = 44100


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    wave = 0.1 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)
    return np.stack([wave, wave]).astype(np.float32)


def level(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt((samples**2).mean())))


def test_echoes_come_late_on_alternate_sides_and_die_away() -> None:
    click = np.zeros(SAMPLE_RATE, np.float32)
    click[0] = 1.0
    wet = effects.echo(click, 10000, 0.5)
    assert not wet[:, :10000].any() and not wet[0, 10000:20000].any() and not wet[1, 20000:30000].any()
    assert np.abs(wet[1, 10000:20000]).max() > 2 * np.abs(wet[0, 20000:30000]).max() > 0
    assert not effects.echo(click[:9000], 10000, 0.5).any()


def test_pumping_repeats_with_the_beat() -> None:
    stem = np.ones((2, 4 * 10240), np.float32)
    effects.pump(stem, 10240.0, 0.6)
    assert stem[0, 0] == pytest.approx(0.4) and stem[0, 10200] > 0.8
    assert np.array_equal(stem[:, :10240], stem[:, 10240:20480])


def test_a_worn_record_has_no_treble_and_the_same_noise_for_the_same_song() -> None:
    assert level(effects.worn(tone(1000), 1)) == pytest.approx(level(tone(1000)), abs=0.5)
    assert level(effects.worn(tone(15000), 1)) < level(tone(15000)) - 12
    assert np.array_equal(effects.worn(tone(1000), 1), effects.worn(tone(1000), 1))
    assert not np.array_equal(effects.worn(tone(1000), 1), effects.worn(tone(1000), 2))


@pytest.mark.parametrize("tilt", [-1.5, 0.0, 2.0])
def test_tone_lifts_the_treble_by_the_tilt_and_cuts_rumble(tilt: float) -> None:
    for hertz, gain in ((200, 0.0), (14000, tilt)):
        assert level(effects.tone(tone(hertz), tilt)[:, 4410:]) - level(tone(hertz)) == pytest.approx(gain, abs=0.2)
    assert level(effects.tone(tone(8, 2.0), tilt)) < level(tone(8, 2.0)) - 15


def test_presence_is_what_competes_with_a_voice() -> None:
    assert level(effects.presence(tone(1000))) > level(tone(1000)) - 1
    assert level(effects.presence(tone(60))) < level(tone(60)) - 10
