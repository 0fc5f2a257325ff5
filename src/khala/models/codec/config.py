"""The configurations of the two codec families."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class DacConfig:
    """The published convolutional codec; the defaults are the released sizes.

    `encoder_strides` multiply to the hop; `decoder_rates` must multiply to the same.
    `decoder_width` is the width before the first upsampling and halves with every one.
    """

    sample_rate: int = 44100
    channels: int = 2
    encoder_width: int = 128
    encoder_strides: tuple[int, ...] = (4, 8, 8, 8)
    decoder_width: int = 3072
    decoder_rates: tuple[int, ...] = (8, 8, 8, 4)
    dim: int = 128
    codebook: int = 1024
    levels: int = 64

    @property
    def hop(self) -> int:
        """Samples of a frame."""
        return math.prod(self.encoder_strides)


@dataclass(frozen=True)
class SpectralConfig:
    """The codec for CPUs: log-mel features, a closed-form projection, RVQ, a spectral vocoder.

    A codec frame of `hop` samples holds `hop / stride` spectra of `fft` samples (`stride` is a quarter of
    that), and one spectrum of `low_fft` samples whose first `low_bins` bins resolve bass notes. `floor` is
    added to a magnitude before the logarithm. `width`, `blocks` and `expansion` size the vocoder.
    """

    sample_rate: int = 44100
    hop: int = 2048
    fft: int = 2048
    stride: int = 512
    bands: int = 128
    balance_bands: int = 32
    low_fft: int = 8192
    low_bins: int = 96
    floor: float = 1e-2
    dim: int = 160
    codebook: int = 1024
    levels: int = 64
    width: int = 256
    blocks: int = 6
    expansion: int = 2


CodecConfig = DacConfig | SpectralConfig

CODEC_CONFIGS: dict[str, type[CodecConfig]] = {"spectral": SpectralConfig, "dac": DacConfig}
"""Configurations by the name of their family."""
