"""Phase from its differences over time and frequency."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SWEEPS = 3
"""Updates of a spectrum from its neighbouring bins."""


def integrate_phase(magnitude_BSK: Tensor, advance_BSK: Tensor, slope_BSK: Tensor, known_BSK: Tensor | None) -> Tensor:
    """Integrate phase differences (`vocoder.Spectra`) -> phase as unit complex numbers [B, S, K].

    Each bin is the sum of what the spectrum before and the two neighbouring bins predict, weighted by magnitude and
    certainty: a steady tone continues from its past; an onset, whose past is silent, follows from its slope.
    `known_BSK` is the phase of the first spectra, if it is already determined.
    """
    # numpy: thousands of steps over small arrays, where its calls take a tenth of the time of torch's.
    magnitude, advance, slope = (
        np.ascontiguousarray(t.transpose(0, 1).cpu().numpy()) for t in (magnitude_BSK, advance_BSK, slope_BSK)
    )
    steps = len(magnitude)
    phase = np.empty_like(advance)
    first = 0
    if known_BSK is not None:
        first = known_BSK.shape[1]
        phase[:first] = known_BSK.transpose(0, 1).cpu().numpy()
    advance = advance * expected_advance(magnitude.shape[2]).numpy()
    for s in range(first, steps):
        past = magnitude[s - 1] * advance[s] * phase[s - 1] if s else _noise(magnitude[0])
        now = _unit(past)
        up, down = -slope[s][:, 1:], -slope[s][:, 1:].conj()
        for _ in range(SWEEPS):
            weighted = now * magnitude[s]
            total = past.copy()
            total[:, 1:] += up * weighted[:, :-1]
            total[:, :-1] += down * weighted[:, 1:]
            now = _unit(total)
        phase[s] = now
    return torch.from_numpy(phase).transpose(0, 1).to(magnitude_BSK.device)


def expected_advance(bins: int) -> Tensor:
    """Return the phase advance of each bin's centre frequency over fft / 4 samples, as unit complex numbers [bins]."""
    return torch.tensor([1, 1j, -1, -1j], dtype=torch.complex64)[torch.arange(bins) % 4]


def _unit(z: np.ndarray) -> np.ndarray:
    unit: np.ndarray = z / (np.abs(z) + 1e-20)
    return unit


def _noise(like: np.ndarray) -> np.ndarray:
    """Return the spectrum before the song: fixed random phases of a very small magnitude."""
    angle = np.random.default_rng(0).uniform(-np.pi, np.pi, like.shape[-1])
    return np.broadcast_to(1e-3 * np.exp(1j * angle), like.shape).astype(np.complex64)
