"""The last stage: what the codec gives becomes what people hear: an end, a loudness, no clipping."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from khala.audio.fades import fade_out
from khala.audio.loudness import amplify, normalise
from khala.audio.samples import Samples
from khala.music.errors import KhalaError

CUT_FADE = 1.5
"""Seconds over which a song dies away that was cut, or that stops in full flow."""

LAST, FULL_FLOW = 0.25, 0.1
"""A song stops in full flow if its last so many seconds are louder than this share of its root mean square (-20 dB)."""

END_FADE = 0.010
"""Seconds at the end of a whole song: no click, if its last sample is not silent. Its start is left alone, because
music may begin with a drum at the first sample."""


@dataclass(frozen=True)
class FinishReport:
    """`loudness` in LUFS (None: silence), `true_peak` in dBTP, `gain` in dB before the limiter, `fade` in seconds."""

    loudness: float | None
    true_peak: float | None
    gain: float
    fade: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, rounded to what can be told apart by ear."""
        return {key: None if value is None else round(value, 3) for key, value in asdict(self).items()}


def finish(
    samples_CN: Samples, truncated: bool, rate: int = 44100, gain: float | None = None
) -> tuple[Samples, FinishReport]:
    """Samples [2, n] of a song -> the same at -14 LUFS and at most -1 dBTP, with an end; `truncated` says it was cut.
    A song that ended by itself, but while the band was still playing, gets the fade of a cut one. With a `gain` in dB
    it is that much louder instead, whatever its loudness: what is made of another song goes on as loud.

    Raises KhalaError for samples that are not numbers.
    """
    if not np.isfinite(samples_CN).all():
        raise KhalaError("the model made samples that are no numbers; try again with --dtype float32")
    fade = end_fade(samples_CN, truncated, rate)
    faded_CN = fade_out(samples_CN, fade, rate)
    result = normalise(faded_CN, rate) if gain is None else amplify(faded_CN, rate, gain)
    return result.samples, FinishReport(result.loudness, result.true_peak, result.gain, fade)


def end_fade(samples_CN: Samples, truncated: bool, rate: int) -> float:
    """Return over how many seconds a song dies away."""
    last = samples_CN[:, -round(LAST * rate) :]
    stops = _power(last) > FULL_FLOW**2 * _power(samples_CN)
    return CUT_FADE if truncated or stops else END_FADE


def _power(samples_CN: Samples) -> float:
    return float(np.mean(np.square(samples_CN, dtype=np.float64))) if samples_CN.size else 0.0
