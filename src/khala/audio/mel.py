"""The mel filter bank that measures, codec and recogniser share."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=16)
def mel_filters(bands: int, bins: int, rate: int) -> NDArray[np.float64]:
    """Triangles of height one [bands, bins], evenly spaced on Slaney's mel scale from 0 Hz to half of `rate` in Hz.

    The scale is linear up to 1 kHz and logarithmic above (Slaney, Auditory Toolbox, 1998). `bins` are those of a real
    Fourier transform, from 0 Hz to half of `rate`, too.
    """
    step = np.log(6.4) / 27
    top = rate / 2
    top_mel = top * 3 / 200 if top < 1000 else 15 + np.log(top / 1000) / step
    mels = np.linspace(0, top_mel, bands + 2)
    corners = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * step))
    frequencies = np.linspace(0, top, bins)
    rise = (frequencies - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - frequencies) / (corners[2:] - corners[1:-1])[:, None]
    filters: NDArray[np.float64] = np.clip(np.minimum(rise, fall), 0, None)
    filters.setflags(write=False)  # the cache hands the same array to everybody
    return filters


def mel_sums(magnitudes: NDArray[Any], filters: NDArray[np.float64]) -> NDArray[Any]:
    """Add up magnitudes [..., bins] by filters [bands, bins] -> [..., bands], in the precision of the magnitudes.

    Does without a matrix product: numpy spreads large ones over threads, and rounds by how many there are.
    """
    sums = np.zeros((*magnitudes.shape[:-1], len(filters)), magnitudes.dtype)
    for band, filter_K in enumerate(filters.astype(magnitudes.dtype)):
        inside = np.flatnonzero(filter_K)
        if len(inside):
            bins = slice(inside[0], inside[-1] + 1)
            sums[..., band] = np.einsum("...k,k->...", magnitudes[..., bins], filter_K[bins])
    return sums
