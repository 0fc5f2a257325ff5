"""What the recogniser hears: log-mel spectra of mid and side, because the voice is in the middle and much of the band
is not."""

import numpy as np
from numpy.typing import NDArray

from khala.audio.mel import mel_filters, mel_sums
from khala.audio.samples import Samples

RECOGNISER_SAMPLE_RATE = 44100
WINDOW_SAMPLES, HOP_SAMPLES, FRAME_SPECTRA = 1024, 512, 2
"""Samples of a spectrum, samples from one to the next, and spectra per frame: 43 frames a second."""
PHONE_FRAMES_PER_SECOND = RECOGNISER_SAMPLE_RATE / HOP_SAMPLES / FRAME_SPECTRA
BINS, MEL_BANDS = 187, 64
"""Bins of a spectrum up to 8 kHz, and the mel bands that they are added up to."""
LOG_FLOOR = 1e-2
DEVIATION_FLOOR = 0.3
"""Nepers added to the deviation by which the network divides a band, so that hiss is not amplified."""
RMS, MIN_RMS = 0.2, 1e-5
"""What the rms of mid is brought to (-14 dBFS), and the least that it counts as."""
PIECE_SPECTRA = 1024
"""Spectra that are computed at once."""


def features(samples_CN: Samples) -> NDArray[np.float32]:
    """Compute log-mel magnitudes of mid and side [S, 2 MEL_BANDS], S = N // HOP_SAMPLES + 1.

    Samples are float32 [1 or 2, N] at 44.1 kHz; mid is brought to `RMS` first, so that loudness does not matter.
    """
    mid_side_2N = np.stack([samples_CN[0] + samples_CN[-1], samples_CN[0] - samples_CN[-1]]) / 2
    rms = float(np.sqrt(np.square(mid_side_2N[0], dtype=np.float64).mean()))
    edge = WINDOW_SAMPLES // 2
    padded_2N = np.pad(mid_side_2N * np.float32(RMS / max(rms, MIN_RMS)), ((0, 0), (edge, edge)))
    frames_2SN = np.lib.stride_tricks.sliding_window_view(padded_2N, WINDOW_SAMPLES, axis=1)[:, ::HOP_SAMPLES]
    window_N = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
    scaled_N = (window_N * WINDOW_SAMPLES).astype(np.float32)  # what the norm "forward" divides by
    filters = mel_filters(MEL_BANDS, BINS, round(2 * (BINS - 1) * RECOGNISER_SAMPLE_RATE / WINDOW_SAMPLES))
    found_SF = np.empty((frames_2SN.shape[1], 2 * MEL_BANDS), np.float32)
    for first in range(0, len(found_SF), PIECE_SPECTRA):
        piece = slice(first, first + PIECE_SPECTRA)
        spectrum_2SK = np.fft.rfft(frames_2SN[:, piece] * scaled_N, norm="forward")[..., :BINS]
        mid_SF, side_SF = mel_sums(np.abs(spectrum_2SK), filters)
        found_SF[piece] = np.log(np.concatenate([mid_SF, side_SF], axis=1) + LOG_FLOOR)
    return found_SF
