"""Distances of a codec's output from its input, both given as samples [2, N] at the same rate."""

import numpy as np

from khala.scoring.spectrum import mel, stft
from khala.scoring.types import Array


def log_mel_l1(reference: Array, output: Array, rate: int = 44100) -> float:
    """Return the mean absolute difference of log(mel + 0.01) over mid and side: 128 bands, window 2048, hop 512."""
    reference, output = _aligned(reference, output)
    pairs = zip(_mid_side(reference), _mid_side(output), strict=True)
    return float(np.mean([np.abs(_log_mel(a, rate) - _log_mel(b, rate)).mean() for a, b in pairs]))


def multi_resolution_stft(reference: Array, output: Array) -> float:
    """Return spectral convergence plus mean absolute log-magnitude difference, averaged over windows of 512, 1024 and
    2048 samples and over the channels (Yamamoto et al. 2020)."""
    reference, output = _aligned(reference, output)
    distances = []
    for window in (512, 1024, 2048):
        for a, b in zip(reference, output, strict=True):
            x, y = np.abs(stft(a, window, window // 4)), np.abs(stft(b, window, window // 4))
            convergence = np.linalg.norm(x - y) / max(float(np.linalg.norm(x)), 1e-9)
            distances.append(convergence + np.abs(np.log(x + 1e-3) - np.log(y + 1e-3)).mean())
    return float(np.mean(distances))


def si_sdr(reference: Array, output: Array) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019), all channels as one signal.

    A decoder that makes up its own phase scores low here, however good it sounds."""
    reference, output = _aligned(reference, output)
    a, b = reference.ravel(), output.ravel()
    target = (a @ b) / max(float(a @ a), 1e-12) * a
    noise = b - target
    return float(10 * np.log10(max(float(target @ target), 1e-12) / max(float(noise @ noise), 1e-12)))


def _aligned(reference: Array, output: Array) -> tuple[Array, Array]:
    """Both in float64, cut to the shorter: a codec pads to whole frames."""
    length = min(reference.shape[1], output.shape[1])
    return reference[:, :length].astype(np.float64), output[:, :length].astype(np.float64)


def _mid_side(samples: Array) -> tuple[Array, Array]:
    return (samples[0] + samples[-1]) / 2, (samples[0] - samples[-1]) / 2


def _log_mel(signal: Array, rate: int) -> Array:
    return np.asarray(np.log(mel(signal, rate, 128, 2048, 512) + 1e-2))
