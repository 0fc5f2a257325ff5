import numpy as np
import pytest
import scipy.signal

from khala.corpus.composer.voice.air import with_air

VOICE_RATE = 44100
BELOW = scipy.signal.butter(4, (3500, 6500), "bandpass", fs=VOICE_RATE, output="sos")


def level(samples: np.ndarray, start: float, end: float, low: float = 8500, high: float = 10000) -> float:
    band = scipy.signal.butter(4, (low, high), "bandpass", fs=VOICE_RATE, output="sos")
    part = scipy.signal.sosfilt(band, samples)[int(start * VOICE_RATE) : int(end * VOICE_RATE)]
    return float(20 * np.log10(np.sqrt((part**2).mean()) + 1e-9))


@pytest.mark.parametrize("natural", [False, True])
def test_sibilants_go_on_above_the_recording_vowels_hardly_and_silence_not_at_all(natural: bool) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 3 * VOICE_RATE)
    noise[2 * VOICE_RATE :] = 0
    spoken = scipy.signal.sosfilt(BELOW, noise).astype(np.float32)
    heard = with_air(spoken, [("s", 0.0, 1.0), ("aa", 1.0, 2.0)], natural)
    assert heard.dtype == np.float32 and heard.shape == spoken.shape
    assert level(heard, 0.1, 0.9) > level(spoken, 0.1, 0.9) + 10
    assert level(heard, 0.1, 0.9) > level(heard, 1.1, 1.9) + 12
    assert level(heard, 2.2, 2.9) < -100
    assert level(heard, 0.1, 1.9, 300, 3000) == pytest.approx(level(spoken, 0.1, 1.9, 300, 3000), abs=0.3)
    assert np.array_equal(heard, with_air(spoken, [("s", 0.0, 1.0), ("aa", 1.0, 2.0)], natural))
