"""Air: noise above 5 kHz (flite) or 7 kHz (Kokoro), where recordings at 16 kHz hold hardly anything of a voice.

Fricatives, bursts and breath are noise there, as loud as the same phone just below, less an attenuation by its place of
articulation: an "s" extends to 10 kHz, a "sh" falls off, a vowel has breath alone.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import scipy.ndimage
import scipy.signal

from khala.corpus.data.audio_format import SAMPLE_RATE

_BANDS = {False: ((5200, 7800), (7800, 10800), (10800, 15500)), True: ((), (7000, 10800), (10800, 15500))}
"""Bands of noise in Hz, for flite's (False) and natural voices; the latter contain the first band themselves."""
_BELOW = {False: (3400, 5400), True: (4600, 6800)}
"""Hz; band whose level the noise follows."""
_LEVELS = {
    **dict.fromkeys(("s", "z"), (0.0, 0.0, -7.0)),
    **dict.fromkeys(("sh", "ch", "jh", "zh"), (-5.0, -9.0, -15.0)),
    **dict.fromkeys(("f", "th", "hh"), (-2.0, -4.0, -7.0)),
    **dict.fromkeys(("t", "d"), (-3.0, -5.0, -10.0)),
    **dict.fromkeys(("k", "p", "g", "b", "v", "dh"), (-7.0, -10.0, -14.0)),
}
"""Phone -> levels of the bands in dB, relative to the band below them."""
_VOWEL = (-15.0, -19.0, -25.0)
_NATURAL_GAIN = 1.4
_SMOOTH = 0.004  # seconds over which levels are measured
_NOISE = 30 * SAMPLE_RATE  # samples of noise, repeated in a longer line


def with_air(samples: np.ndarray, phones: Sequence[tuple[str, float, float]], natural: bool = False) -> np.ndarray:
    """Return samples float32 [n] at 44.1 kHz with air; `phones` are name, start and end in seconds, in order."""
    size = max(round(_SMOOTH * SAMPLE_RATE), 1)
    band_pass = scipy.signal.butter(2, _BELOW[natural], "bandpass", fs=SAMPLE_RATE, output="sos")
    below = scipy.signal.sosfilt(band_pass, samples)
    level = np.sqrt(np.maximum(scipy.ndimage.uniform_filter1d(below**2, size), 0.0))
    found = samples.copy()
    for number, band in enumerate(_BANDS[natural]):
        if band:
            gain = np.full(len(samples), 10 ** (_VOWEL[number] / 20))
            for name, start, end in phones:
                if name in _LEVELS:
                    first, last = (max(round(edge * SAMPLE_RATE), 0) for edge in (start, end))
                    gain[first:last] = 10 ** (_LEVELS[name][number] / 20)
            gain = scipy.ndimage.uniform_filter1d(gain, 2 * size) * (_NATURAL_GAIN if natural else 1.0)
            found += (np.resize(_noise(band), len(samples)) * level * gain).astype(np.float32)
    return found


@cache
def _noise(band: tuple[int, int]) -> np.ndarray:
    """Return noise float32 [n] of a band, with mean power 1."""
    white = np.random.default_rng(band[0]).standard_normal(_NOISE)  # each its own: else neighbours cancel out
    noise = scipy.signal.sosfilt(scipy.signal.butter(2, band, "bandpass", fs=SAMPLE_RATE, output="sos"), white)
    even: np.ndarray = (noise / noise.std()).astype(np.float32)
    return even
