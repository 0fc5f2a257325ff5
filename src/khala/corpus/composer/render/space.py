"""Room for the words: while somebody sings the band steps back, and the cymbals where a sibilant is sung.

All of it follows the sung phones alone, so that a chorus which comes back is mixed as it was before.
"""

from collections.abc import Sequence

import numpy as np
import scipy.signal

from khala.corpus.composer.render.fluidsynth import GRID
from khala.corpus.composer.voice import TimedPhone
from khala.corpus.composer.voice.phones import SIBILANT
from khala.corpus.data.audio_format import SAMPLE_RATE

DUCK_DB = 3.0
"""dB by which the whole band is turned down under a voice."""
DIP_DB = 10.0
"""dB by which it is turned down further around `DIP_HERTZ`, where vowels and consonants are told apart."""
DIP_HERTZ, DIP_WIDTH = 2400.0, 1.2
"""Centre of the dip, and its bandwidth as a share of it."""
HUSH_DB, HUSH_SIBILANT_DB = 4.0, 9.0
"""dB by which the drums above 4 kHz are turned down under a voice, and under a sibilant."""
_RAMP = 0.06  # seconds in which the band steps back and returns
_FAST_RAMP = 0.015
_PAUSE = 0.35  # a shorter pause than this is not filled by the band


def vocal_activity(phones: Sequence[Sequence[TimedPhone]], length: int) -> np.ndarray:
    """How far the band is to step back, 0..1 float32 [length], for the phones of all lines in seconds of the song."""
    return _envelope([(line[0].start, line[-1].end) for line in phones if line], length, _RAMP, _PAUSE)


def sibilants(phones: Sequence[Sequence[TimedPhone]], length: int) -> np.ndarray:
    """Where a sibilant is sung, 0..1 float32 [length]."""
    spans = [(phone.start, phone.end) for line in phones for phone in line if phone.name in SIBILANT]
    return _envelope(spans, length, _FAST_RAMP, 0.0)


def step_back(band: np.ndarray, amount: np.ndarray) -> None:
    """Turns the band [2, n] down by `DUCK_DB`, and by `DIP_DB` more in its middle, as far as `amount` [n] says."""
    alpha = 0.5 * DIP_WIDTH * np.sin(2 * np.pi * DIP_HERTZ / SAMPLE_RATE)
    cos = np.cos(2 * np.pi * DIP_HERTZ / SAMPLE_RATE)
    middle = scipy.signal.lfilter(  # the audio cookbook's band pass of peak gain 1: what it takes away is a dip
        np.array([alpha, 0, -alpha]) / (1 + alpha), np.array([1 + alpha, -2 * cos, 1 - alpha]) / (1 + alpha), band
    )
    band -= np.float32(1 - 10 ** (-DIP_DB / 20)) * amount * middle.astype(np.float32)
    band *= 1 - np.float32(1 - 10 ** (-DUCK_DB / 20)) * amount


def hush(drums: np.ndarray, amount: np.ndarray, sibilant: np.ndarray) -> None:
    """Turns what drums [2, n] do above 4 kHz down by `HUSH_DB` as far as `amount` [n] says, by `HUSH_SIBILANT_DB` where a
    `sibilant` [n] is sung."""
    high = scipy.signal.sosfilt(scipy.signal.butter(1, 4000, "highpass", fs=SAMPLE_RATE, output="sos"), drums)
    taken = np.maximum((1 - 10 ** (-HUSH_DB / 20)) * amount, (1 - 10 ** (-HUSH_SIBILANT_DB / 20)) * sibilant)
    drums -= taken.astype(np.float32) * high.astype(np.float32)


def _envelope(spans: Sequence[tuple[float, float]], length: int, ramp: float, pause: float) -> np.ndarray:
    """1 inside spans of seconds and in pauses between them, 0 outside, with raised-cosine ramps around them."""
    blocks = -(-length // GRID)
    inside = np.zeros(blocks)
    last = -np.inf
    for start, end in sorted(spans):
        first = last if 0 <= start - last < pause else start
        inside[
            max(round((first - ramp / 2) * SAMPLE_RATE / GRID), 0) : max(
                round((end + ramp / 2) * SAMPLE_RATE / GRID), 0
            )
        ] = 1
        last = max(last, end)
    window = np.hanning(max(round(ramp * SAMPLE_RATE / GRID), 1) + 2)
    smooth = np.convolve(inside, window / window.sum(), mode="same")
    return np.repeat(smooth, GRID)[:length].astype(np.float32)
