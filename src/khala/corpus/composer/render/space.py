"""Ducking: while somebody sings the band is turned down, and the cymbals further under a sibilant.

It follows the sung phones alone, so that a repeated chorus is mixed alike.
"""

from collections.abc import Sequence

import numpy as np
import scipy.signal

from khala.corpus.composer.render.fluidsynth import GRID
from khala.corpus.composer.voice import TimedPhone
from khala.corpus.composer.voice.phones import SIBILANT
from khala.corpus.data.audio_format import SAMPLE_RATE

DUCK_DB = 3.0
"""Attenuation of the whole band under a voice."""
DIP_DB = 10.0
"""Further attenuation around `DIP_HERTZ`, where vowels and consonants are distinguished."""
DIP_HERTZ, DIP_WIDTH = 2400.0, 1.2
"""Centre of the dip, and its bandwidth as a share of the centre."""
HUSH_DB, HUSH_SIBILANT_DB = 4.0, 9.0
"""Attenuation of the drums above 4 kHz under a voice, and under a sibilant."""
_RAMP = 0.06  # seconds in which the band fades down and back
_FAST_RAMP = 0.015
_PAUSE = 0.35  # seconds; the band stays down in a shorter pause


def vocal_activity(phones: Sequence[Sequence[TimedPhone]], length: int) -> np.ndarray:
    """Return where somebody sings, 0..1 float32 [length], from the phones of all lines in seconds of the song."""
    return _envelope([(line[0].start, line[-1].end) for line in phones if line], length, _RAMP, _PAUSE)


def sibilants(phones: Sequence[Sequence[TimedPhone]], length: int) -> np.ndarray:
    """Return where a sibilant is sung, 0..1 float32 [length]."""
    spans = [(phone.start, phone.end) for line in phones for phone in line if phone.name in SIBILANT]
    return _envelope(spans, length, _FAST_RAMP, 0.0)


def step_back(band: np.ndarray, amount: np.ndarray) -> None:
    """Turn the band [2, n] down by `DUCK_DB`, and by `DIP_DB` more in its middle, in place, scaled by `amount` [n]."""
    alpha = 0.5 * DIP_WIDTH * np.sin(2 * np.pi * DIP_HERTZ / SAMPLE_RATE)
    cos = np.cos(2 * np.pi * DIP_HERTZ / SAMPLE_RATE)
    middle = scipy.signal.lfilter(  # the audio cookbook's band pass of peak gain 1: what it takes away is a dip
        np.array([alpha, 0, -alpha]) / (1 + alpha), np.array([1 + alpha, -2 * cos, 1 - alpha]) / (1 + alpha), band
    )
    band -= np.float32(1 - 10 ** (-DIP_DB / 20)) * amount * middle.astype(np.float32)
    band *= 1 - np.float32(1 - 10 ** (-DUCK_DB / 20)) * amount


def hush(drums: np.ndarray, amount: np.ndarray, sibilant: np.ndarray) -> None:
    """Turn drums [2, n] above 4 kHz down in place, by `HUSH_DB` scaled by `amount` [n] or `HUSH_SIBILANT_DB` scaled by
    `sibilant` [n], whichever is more."""
    high = scipy.signal.sosfilt(scipy.signal.butter(1, 4000, "highpass", fs=SAMPLE_RATE, output="sos"), drums)
    taken = np.maximum((1 - 10 ** (-HUSH_DB / 20)) * amount, (1 - 10 ** (-HUSH_SIBILANT_DB / 20)) * sibilant)
    drums -= taken.astype(np.float32) * high.astype(np.float32)


def _envelope(spans: Sequence[tuple[float, float]], length: int, ramp: float, pause: float) -> np.ndarray:
    """Return 1 inside spans and in pauses shorter than `pause`, else 0, with smooth ramps; all times in seconds."""
    blocks = -(-length // GRID)
    inside = np.zeros(blocks)
    last = -np.inf
    for start, end in sorted(spans):
        first = last if 0 <= start - last < pause else start
        edges = (time * SAMPLE_RATE / GRID for time in (first - ramp / 2, end + ramp / 2))
        begin, stop = (max(round(edge), 0) for edge in edges)
        inside[begin:stop] = 1
        last = max(last, end)
    window = np.hanning(max(round(ramp * SAMPLE_RATE / GRID), 1) + 2)
    smooth = np.convolve(inside, window / window.sum(), mode="same")
    return np.repeat(smooth, GRID)[:length].astype(np.float32)
