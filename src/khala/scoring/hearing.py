"""Tempo, bars and key of a recording, all that can be told of them."""

from khala.conditioning.outline import KEYS
from khala.music.heard import Heard
from khala.scoring.bars import locate_bars
from khala.scoring.key import MODES, chroma, estimate_key
from khala.scoring.tempo import estimate_tempo
from khala.scoring.types import Array

MIN_STRENGTH = 0.1
"""Strength from which a beat is one: noise has less."""
MIN_LEAD = 0.05
"""How far a key must be above the second best: below, half of those of corpus songs are wrong."""


def hear_music(samples: Array, rate: int, beats_per_bar: int | None = None) -> Heard:
    """Return what is heard in samples [channels, N]; with `beats_per_bar` only where bars of that length begin is
    searched for, else the number of beats is estimated, too."""
    tempo = estimate_tempo(samples, rate)
    bars = locate_bars(samples, rate, tempo.bpm, beats_per_bar) if tempo and tempo.strength >= MIN_STRENGTH else None
    key = estimate_key(chroma(samples, rate))
    name = KEYS[key.tonic + 12 * MODES.index(key.mode)] if key and key.lead >= MIN_LEAD else None
    if bars is None:
        return Heard(key=name)
    return Heard(bars.bpm, bars.beats, bars.first_downbeat_seconds, name)
