import json
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.evaluation.voice import BANDS, HOP, detect_voice, features
from khala.scoring.spectrum import FRAMES_PER_SECOND


def test_singing_is_heard_where_it_is(sung: Path) -> None:
    samples, rate = read_audio(sung)
    truth = json.loads(sung.with_suffix(".json").read_text())["truth"]["vocal"]
    heard = detect_voice(samples, rate)
    middles = np.arange(len(heard.probability)) * HOP / FRAMES_PER_SECOND + 0.5
    truly = np.array([any(start < middle < end for start, end in truth) for middle in middles])
    assert heard.present and 0.3 < truly.mean() < 1
    assert ((heard.probability > 0.5) == truly).mean() > 0.75


def test_an_instrumental_is_not_sung(played: Path) -> None:
    samples, rate = read_audio(played)
    assert not detect_voice(samples, rate).present


def test_loudness_does_not_matter(sung: Path) -> None:
    samples, rate = read_audio(sung)
    assert detect_voice(0.05 * samples, rate).share == pytest.approx(detect_voice(samples, rate).share, abs=0.05)


def test_in_silence_and_under_a_second_nobody_sings() -> None:
    for samples in (np.zeros((2, 44100 * 5)), np.ones((2, 4410)), np.zeros((1, 0))):
        assert features(samples, 44100).shape == (0, 4 * BANDS)
        assert not detect_voice(samples, 44100).present
