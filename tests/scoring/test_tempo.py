import json
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.scoring.tempo import agrees, estimate_tempo, metrical_level, onsets

RATE = 44100


def clicks(bpm: float, seconds: float = 16) -> np.ndarray:
    """Noise bursts on every beat."""
    random = np.random.default_rng(0)
    burst = np.exp(-np.arange(4000) / 600) * random.normal(size=4000)
    signal = random.normal(size=round(seconds * RATE)) * 1e-3
    for beat in range(int((seconds - 0.2) * bpm / 60)):
        start = round(beat * 60 / bpm * RATE)
        signal[start : start + len(burst)] += burst
    return np.stack([signal, signal]) * 0.3


@pytest.mark.parametrize("bpm", [64, 72, 85, 97, 110, 128, 145, 163])
def test_the_beat_of_clicks_is_found_within_one_percent_at_a_metrical_level(bpm: float) -> None:
    found = estimate_tempo(clicks(bpm), RATE)
    assert found is not None and found.strength > 0.5
    level = metrical_level(found.bpm, bpm)
    assert level in (1, 2, 0.5)
    assert found.bpm / level == pytest.approx(bpm, rel=0.01)


def test_the_level_of_a_song_is_its_beat(sung: Path, played: Path) -> None:
    for song in (sung, played):
        found = estimate_tempo(*read_audio(song))
        truth = json.loads(song.with_suffix(".json").read_text())["truth"]["bpm"]
        assert found is not None and found.bpm == pytest.approx(truth, rel=0.01)


def test_the_sample_rate_does_not_matter() -> None:
    slower = clicks(100)[:, ::2]
    found = estimate_tempo(slower, RATE // 2)
    assert found is not None and found.bpm == pytest.approx(100, rel=0.01)


def test_noise_has_no_beat_and_silence_no_tempo() -> None:
    noise = np.random.default_rng(1).normal(size=(2, 16 * RATE)) * 0.1
    found = estimate_tempo(noise, RATE)
    assert found is not None and found.strength < 0.1
    assert estimate_tempo(np.zeros((2, 16 * RATE)), RATE) is None
    assert estimate_tempo(clicks(100)[:, :RATE], RATE) is None


def test_an_onset_stands_out_from_what_is_around_it() -> None:
    noise = np.random.default_rng(1).normal(size=8 * RATE)
    assert (onsets(noise) == 0).mean() > 0.3


def test_four_percent_is_the_limit() -> None:
    assert agrees(103.9, 100) and agrees(96.1, 100)
    assert not agrees(104.1, 100) and not agrees(95.9, 100)


def test_a_metrical_level_is_named_apart_from_agreement() -> None:
    assert metrical_level(100, 100) == 1
    assert metrical_level(202, 100) == 2 and not agrees(202, 100)
    assert metrical_level(49, 100) == 0.5
    assert metrical_level(123, 100) is None
