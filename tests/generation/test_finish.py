"""Finishing: loudness, an end that does not click, a report that says what was done."""

import json

import numpy as np
import pytest

from khala.audio.loudness import integrated_loudness, true_peak
from khala.generation.finish import CUT_FADE, END_FADE, finish
from khala.music.errors import KhalaError

RATE = 44100


def hum(seconds: float = 4.0, amplitude: float = 0.05) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.tile(amplitude * np.cos(2 * np.pi * 220 * t), (2, 1)).astype(np.float32)


def test_loudness_and_report() -> None:
    samples, report = finish(hum(), truncated=False)
    assert integrated_loudness(samples, RATE) == pytest.approx(-14, abs=0.2)
    assert report.loudness == pytest.approx(-14, abs=0.2)
    assert report.true_peak == pytest.approx(true_peak(samples), abs=1e-3)
    assert report.gain == pytest.approx(-14 - integrated_loudness(hum(), RATE), abs=0.2)
    assert json.loads(json.dumps(report.to_dict())).keys() == {"loudness", "true_peak", "gain", "fade"}


@pytest.mark.parametrize(("truncated", "fade"), [(False, END_FADE), (True, CUT_FADE)])
def test_the_end(truncated: bool, fade: float) -> None:
    samples, report = finish(hum(), truncated)
    assert report.fade == fade
    assert np.abs(samples[:, -1]).max() == 0
    level = np.abs(samples[0]).reshape(-1, 441).max(1)  # 10 ms each
    steady = level[100]
    faded = round(fade * 100)
    assert level[: -faded - 1] == pytest.approx(steady, rel=0.01)
    assert level[-max(2, faded // 2) :].max() < 1.01 * steady * (0.51 if truncated else 1)


def test_the_first_sample_is_left_alone() -> None:
    samples, report = finish(hum(), truncated=True)
    assert samples[0, 0] == pytest.approx(0.05 * 10 ** (report.gain / 20), rel=1e-3)


def test_silence_and_nothing() -> None:
    for n in (0, 1, 2048):
        samples, report = finish(np.zeros((2, n), np.float32), truncated=True)
        assert samples.shape == (2, n) and not samples.any()
        assert report.to_dict() == {"loudness": None, "true_peak": None, "gain": 0.0, "fade": CUT_FADE}


def test_no_numbers_no_song() -> None:
    samples = hum()
    samples[1, 100] = np.nan
    with pytest.raises(KhalaError, match="no numbers; try again with --dtype float32"):
        finish(samples, truncated=False)
