"""Bars of composed audio whose beats, meter and downbeats are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.scoring.bars import locate_bars
from khala.scoring.types import Array

RATE = 22050
CHORDS = ((0, 4, 7), (9, 0, 4), (5, 9, 0), (7, 11, 2))


def band(
    bpm: float,
    beats: int,
    first: float,
    drum: tuple[float, ...] = (1,),
    harmony: bool = True,
    offbeat: float = 0.0,
    seconds: int = 24,
) -> Array:
    """A tick on every beat, another chord with every bar, the first of which begins at `first` seconds, and a drum at
    its first beats, of these levels; with `offbeat` ticks of that level between the beats, too [1, N]."""
    rng, signal, time = np.random.default_rng(0), np.zeros(seconds * RATE), np.arange(seconds * RATE) / RATE
    fall = np.exp(-np.arange(2000) / 300)
    boom = np.sin(2 * np.pi * 60 * np.arange(2000) / RATE) * fall
    levels = {2 * beat: level for beat, level in enumerate(drum)}
    for place in range(-2 * beats, int(seconds * bpm / 30)):
        at = round((first + place * 30 / bpm) * RATE)
        if 0 <= at < len(signal) - 2000:
            signal[at : at + 2000] += rng.normal(size=2000) * fall * (offbeat if place % 2 else 0.1)
            signal[at : at + 2000] += boom * levels.get(place % (2 * beats), 0)
    bars = np.floor((time - first) * bpm / 60 / beats).astype(int)
    pitches = 261.63 * 2 ** (np.array(CHORDS if harmony else CHORDS[:1] * 4)[bars % 4] / 12)
    return (signal + 0.1 * np.sin(2 * np.pi * pitches * time[:, None]).sum(1))[None]


def apart(found: float, truth: float, bar: float) -> float:
    return abs((found - truth + bar / 2) % bar - bar / 2)


@pytest.mark.parametrize(("bpm", "beats", "first"), [(100, 4, 0.9), (132, 3, 0.4), (77.3, 4, 2.1), (161, 3, 0.0)])
@pytest.mark.parametrize(("drum", "harmony"), [((1,), False), ((0.6, 0.9, 0.6), True)])
def test_tempo_meter_and_downbeats(
    bpm: float, beats: int, first: float, drum: tuple[float, ...], harmony: bool
) -> None:
    """By the drum alone, or by the chords, where the drum is loudest on another beat."""
    bars = locate_bars(band(bpm, beats, first, drum, harmony), RATE, bpm * 1.006)
    assert bars is not None and bars.beats == beats
    assert bars.bpm == pytest.approx(bpm, rel=1e-3)
    length = 60 / bpm * beats
    assert 0 <= bars.first_downbeat_seconds < length and apart(bars.first_downbeat_seconds, first, length) < 0.03


def test_a_known_meter_is_taken() -> None:
    bars = locate_bars(band(120, 2, 0.3), RATE, 120, beats=2)
    assert bars is not None and bars.beats == 2 and apart(bars.first_downbeat_seconds, 0.3, 1) < 0.03


def test_louder_offbeats_are_no_beats() -> None:
    bars = locate_bars(band(90, 4, 1.0, offbeat=0.5), RATE, 90)
    assert bars is not None and apart(bars.first_downbeat_seconds, 1.0, 240 / 90) < 0.03


def test_composed_songs_from_anywhere_on(sung: Path, played: Path) -> None:
    for song in (sung, played):
        samples, rate = read_audio(song)
        truth = json.loads(song.with_suffix(".json").read_text())["truth"]
        bars = locate_bars(samples[:, round(1.3 * rate) :], rate, truth["bpm"] * 0.997)
        assert bars is not None and bars.bpm == pytest.approx(truth["bpm"], rel=1e-3)
        assert apart(bars.first_downbeat_seconds + 1.3, 0, 60 / truth["bpm"] * bars.beats) < 0.06


def test_too_little_music_has_no_bars() -> None:
    assert locate_bars(band(60, 4, 0, seconds=3), RATE, 60) is None
    assert locate_bars(np.zeros((2, 10 * RATE)), RATE, 60) is None
