"""Phase from its differences: every spectrum continues the one before it, and its bins agree with their neighbours."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SWEEPS = 3


def integrate(magnitude_BSK: Tensor, advance_BSK: Tensor, slope_BSK: Tensor, known_BSK: Tensor | None) -> Tensor:
    """Unit complex numbers [B, S, K] that follow the differences (see ``vocoder.Spectra``).

    Each bin takes the sum of what the spectrum before and the two neighbouring bins propose, weighed by magnitude and
    certainty: a steady tone is carried on by its past; an onset, whose past is silent, is set up by its slope.
    ``known`` holds the phase of the first spectra, where it is settled already.
    """
    # numpy: thousands of steps over small arrays, where its calls cost a tenth of torch's.
    magnitude, advance, slope = (
        np.ascontiguousarray(t.transpose(0, 1).cpu().numpy()) for t in (magnitude_BSK, advance_BSK, slope_BSK)
    )
    steps = len(magnitude)
    phase = np.empty_like(advance)
    settled = 0
    if known_BSK is not None:
        settled = known_BSK.shape[1]
        phase[:settled] = known_BSK.transpose(0, 1).cpu().numpy()
    advance = advance * quarter_turns(magnitude.shape[2]).numpy()
    for s in range(settled, steps):
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


def quarter_turns(bins: int) -> Tensor:
    """How far a bin's own frequency turns it from one spectrum to the next, fft / 4 later: a quarter per bin."""
    return torch.tensor([1, 1j, -1, -1j], dtype=torch.complex64)[torch.arange(bins) % 4]


def _unit(z: np.ndarray) -> np.ndarray:
    unit: np.ndarray = z / (np.abs(z) + 1e-20)
    return unit


def _noise(like: np.ndarray) -> np.ndarray:
    """What comes before the song: the same random phases always, as weak as can be."""
    angle = np.random.default_rng(0).uniform(-np.pi, np.pi, like.shape[-1])
    return np.broadcast_to(1e-3 * np.exp(1j * angle), like.shape).astype(np.complex64)
