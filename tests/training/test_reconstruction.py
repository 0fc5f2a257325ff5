"""Measures of a codec on songs that are the same, or not."""

from pathlib import Path

import torch

from khala.models.codec.spectral.codec import SpectralCodec
from khala.training.reconstruction import log_mel_l1, reconstruction, si_sdr, stft_distance
from khala.training.songs import find_songs, read_excerpt


def test_measures_know_the_same_from_the_different(fitted: tuple[SpectralCodec, Path], tones: Path) -> None:
    codec, _ = fitted
    song = read_excerpt(find_songs(tones)[1][0], 0, 20 * 2048)
    quieter, noise = 0.5 * song, 0.1 * torch.randn_like(song)
    assert log_mel_l1(codec.analysis, song, song) == 0 and stft_distance(song, song) == 0
    assert log_mel_l1(codec.analysis, song, quieter) < log_mel_l1(codec.analysis, song, noise)
    assert stft_distance(song, quieter) < stft_distance(song, noise)
    assert si_sdr(song, quieter) > 60 and si_sdr(song, noise) < 0
    few, many = (reconstruction(codec, [song], levels)["log_mel"] for levels in (1, 6))
    assert many < few
