"""Finishing: loudness, an end that does not click, a report that says what was done."""

import json

import numpy as np
import pytest

from khala.audio.fades import fade_out
from khala.audio.limiter import true_peak
from khala.audio.loudness import integrated_loudness
from khala.generation.finish import finish
from khala.music.errors import KhalaError

RATE = 44100
CUT_FADE, END_FADE = 1.5, 0.010  # seconds: those of a cut song, and of one that came to its end


def hum(seconds: float = 4.0, amplitude: float = 0.05) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.tile(amplitude * np.cos(2 * np.pi * 220 * t), (2, 1)).astype(np.float32)


def test_loudness_and_report() -> None:
    samples, report = finish(hum(), truncated=False)
    assert integrated_loudness(samples, RATE) == pytest.approx(-14, abs=0.2)
    assert report.loudness == pytest.approx(-14, abs=0.2)
    assert report.true_peak == pytest.approx(true_peak(samples), abs=1e-3)
    assert report.gain == pytest.approx(-14 - integrated_loudness(fade_out(hum(), CUT_FADE, RATE), RATE), abs=0.2)
    assert json.loads(json.dumps(report.to_dict())).keys() == {"loudness", "true_peak", "gain", "fade"}


def test_a_cut_song_dies_away() -> None:
    samples, report = finish(hum(), truncated=True)
    assert report.fade == CUT_FADE and np.abs(samples[:, -1]).max() == 0
    level = np.abs(samples[0]).reshape(-1, 441).max(1)  # 10 ms each
    faded = round(CUT_FADE * 100)
    assert level[: -faded - 1] == pytest.approx(level[100], rel=0.01)
    assert level[-faded // 2 :].max() < 0.51 * 1.01 * level[100]


def test_a_song_that_stops_in_full_flow_dies_away_and_one_that_rings_out_does_not() -> None:
    assert finish(hum(), truncated=False)[1].fade == CUT_FADE
    ringing = hum() * np.exp(-np.linspace(0, 6, round(4 * RATE)), dtype=np.float32)
    samples, report = finish(ringing, truncated=False)
    assert report.fade == END_FADE and np.abs(samples[:, -1]).max() == 0
    before = round(END_FADE * RATE)
    assert samples[:, :-before] == pytest.approx(ringing[:, :-before] * 10 ** (report.gain / 20), rel=1e-3, abs=1e-6)


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
