"""Phase from its differences over time and frequency. Needs no torch."""

import numpy as np
from numpy.typing import NDArray

SWEEPS = 3
"""Updates of a spectrum from its neighbouring bins."""

Complex = NDArray[np.complex64]


def integrate(
    magnitude_SBK: NDArray[np.float32], advance_SBK: Complex, slope_SBK: Complex, known_SBK: Complex | None
) -> Complex:
    """Integrate phase differences (`vocoder.Spectra`) of spectra [S, ..., K] -> phase as unit complex numbers.

    Each bin is the sum of what the spectrum before and the two neighbouring bins predict, weighted by magnitude and
    certainty: a steady tone continues from its past; an onset, whose past is silent, follows from its slope.
    `known_SBK` is the phase of the first spectra, if it is already determined.
    """
    phase = np.empty_like(advance_SBK)
    first = 0
    if known_SBK is not None:
        first = len(known_SBK)
        phase[:first] = known_SBK
    advance_SBK = advance_SBK * turns_per_stride(advance_SBK.shape[-1])
    for s in range(first, len(phase)):
        past = magnitude_SBK[s - 1] * advance_SBK[s] * phase[s - 1] if s else _noise(magnitude_SBK[0])
        now = _unit(past)
        up, down = -slope_SBK[s][..., 1:], -slope_SBK[s][..., 1:].conj()
        for _ in range(SWEEPS):
            weighted = now * magnitude_SBK[s]
            total = past.copy()
            total[..., 1:] += up * weighted[..., :-1]
            total[..., :-1] += down * weighted[..., 1:]
            now = _unit(total)
        phase[s] = now
    return phase


def turns_per_stride(bins: int) -> Complex:
    """Return the phase advance of each bin's centre frequency over fft / 4 samples, as unit complex numbers [bins]."""
    return np.array([1, 1j, -1, -1j], np.complex64)[np.arange(bins) % 4]


def _unit(z: Complex) -> Complex:
    unit: Complex = z / (np.abs(z) + 1e-20)
    return unit


def _noise(like: NDArray[np.float32]) -> Complex:
    """Return the spectrum before the song: fixed random phases of a very small magnitude."""
    angle = np.random.default_rng(0).uniform(-np.pi, np.pi, like.shape[-1])
    return np.broadcast_to(1e-3 * np.exp(1j * angle), like.shape).astype(np.complex64)
