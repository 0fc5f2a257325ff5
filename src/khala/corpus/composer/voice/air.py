"""Air: what a voice has above 5 kHz, and recordings of 16 kHz do not, or hardly (flite's), or up to 7 kHz (Kokoro's).

Up there fricatives, bursts and breath are noise, which is as loud as what the same phone has just below, less what its
place of articulation takes away: an "s" goes on to 10 kHz, a "sh" falls off, a vowel has its breath alone.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import scipy.ndimage
import scipy.signal

from khala.corpus.data.audio_format import SAMPLE_RATE

_BANDS = {False: ((5200, 7800), (7800, 10800), (10800, 15500)), True: ((), (7000, 10800), (10800, 15500))}
"""Hz, of flite's voices and of natural ones; these have the first one themselves."""
_BELOW = {False: (3400, 5400), True: (4600, 6800)}
"""Hz of the band that says how loud the noise is."""
_LEVELS = {
    **dict.fromkeys(("s", "z"), (0.0, 0.0, -7.0)),
    **dict.fromkeys(("sh", "ch", "jh", "zh"), (-5.0, -9.0, -15.0)),
    **dict.fromkeys(("f", "th", "hh"), (-2.0, -4.0, -7.0)),
    **dict.fromkeys(("t", "d"), (-3.0, -5.0, -10.0)),
    **dict.fromkeys(("k", "p", "g", "b", "v", "dh"), (-7.0, -10.0, -14.0)),
}
"""dB of the bands over what is below them, by phone."""
_VOWEL = (-15.0, -19.0, -25.0)
_NATURAL_GAIN = 1.4  # what is below is denser in a narrower band
_SMOOTH = 0.004  # seconds over which levels are measured
_NOISE = 30 * SAMPLE_RATE  # samples of noise, repeated in a longer line


def with_air(samples: np.ndarray, phones: Sequence[tuple[str, float, float]], natural: bool = False) -> np.ndarray:
    """Samples float32 [n] at 44.1 kHz with noise above 5 kHz; `phones` are name, start and end in seconds, in order."""
    size = max(round(_SMOOTH * SAMPLE_RATE), 1)
    below = scipy.signal.sosfilt(
        scipy.signal.butter(2, _BELOW[natural], "bandpass", fs=SAMPLE_RATE, output="sos"), samples
    )
    level = np.sqrt(np.maximum(scipy.ndimage.uniform_filter1d(below**2, size), 0.0))
    found = samples.copy()
    for number, band in enumerate(_BANDS[natural]):
        if band:
            gain = np.full(len(samples), 10 ** (_VOWEL[number] / 20))
            for name, start, end in phones:
                if name in _LEVELS:
                    gain[max(round(start * SAMPLE_RATE), 0) : max(round(end * SAMPLE_RATE), 0)] = 10 ** (
                        _LEVELS[name][number] / 20
                    )
            gain = scipy.ndimage.uniform_filter1d(gain, 2 * size) * (_NATURAL_GAIN if natural else 1.0)
            found += (np.resize(_noise(band), len(samples)) * level * gain).astype(np.float32)
    return found


@cache
def _noise(band: tuple[int, int]) -> np.ndarray:
    """Noise float32 of a band, with mean power 1."""
    white = np.random.default_rng(band[0]).standard_normal(_NOISE)  # each its own: else neighbours cancel out
    noise = scipy.signal.sosfilt(scipy.signal.butter(2, band, "bandpass", fs=SAMPLE_RATE, output="sos"), white)
    even: np.ndarray = (noise / noise.std()).astype(np.float32)
    return even
