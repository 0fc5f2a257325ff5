"""Recorded songs as codes of a model."""

import numpy as np
from numpy.typing import NDArray

from khala.audio.loudness import normalise
from khala.audio.resample import resample
from khala.audio.samples import Samples
from khala.engine.base import Engine

ENCODED_LUFS = -16.0
"""Loudness of the songs that Khala Mini knows."""


def encode_song(engine: Engine, samples_CN: Samples, rate: int) -> NDArray[np.int16]:
    """Encode samples [1 or 2, N] at `rate` Hz -> codes [Q, T] of all levels. Raises ValueError for samples that are no
    numbers."""
    codec_rate = engine.config.codec.sample_rate
    stereo_2N = np.repeat(resample(samples_CN, rate, codec_rate), 3 - len(samples_CN), axis=0)
    return engine.encode(normalise(stereo_2N, codec_rate, ENCODED_LUFS).samples)
