import math

import numpy as np
import torch

from khala.audio.mel import mel_filters
from khala.models.recogniser.features import (
    BINS,
    HOP_SAMPLES,
    LOG_FLOOR,
    MEL_BANDS,
    PIECE_SPECTRA,
    RECOGNISER_SAMPLE_RATE,
    features,
)
from khala.models.recogniser.network import Recogniser
from khala.music.phones import PHONES

NOISE = (0.1 * np.random.default_rng(0).standard_normal((2, 13 * RECOGNISER_SAMPLE_RATE))).astype(np.float32)


def test_it_is_small_enough_to_ship() -> None:
    assert 2 * sum(weight.numel() for weight in Recogniser().parameters()) < 2e6


def test_features_know_no_loudness_and_one_channel_is_two_equal_ones() -> None:
    mono = NOISE[:1, :RECOGNISER_SAMPLE_RATE]
    loud, quiet, stereo = (features(samples) for samples in (mono, 0.05 * mono, np.repeat(mono, 2, axis=0)))
    assert loud.dtype == np.float32 and loud.shape == (RECOGNISER_SAMPLE_RATE // HOP_SAMPLES + 1, 2 * MEL_BANDS)
    np.testing.assert_allclose(loud, quiet, atol=1e-3)
    np.testing.assert_array_equal(loud, stereo)
    assert np.isfinite(features(np.zeros((2, 5000), np.float32))).all()


def test_features_are_those_of_torch() -> None:
    mid_side = torch.from_numpy(np.stack([NOISE[0] + NOISE[1], NOISE[0] - NOISE[1]])).double() / 2
    mid_side *= 0.2 / mid_side[0].square().mean().sqrt()
    window = torch.hann_window(1024, dtype=torch.float64)
    spectra = torch.stft(mid_side, 1024, HOP_SAMPLES, window=window, pad_mode="constant", return_complex=True).abs()
    mel = torch.tensor(mel_filters(MEL_BANDS, BINS, 16021))
    wanted = torch.log(mel @ spectra[:, :BINS] + LOG_FLOOR).flatten(0, 1).T.numpy()
    assert len(wanted) > PIECE_SPECTRA
    np.testing.assert_allclose(features(NOISE), wanted, atol=1e-4)


def test_a_band_lights_up_where_a_tone_sounds() -> None:
    time = np.arange(RECOGNISER_SAMPLE_RATE, dtype=np.float32) / RECOGNISER_SAMPLE_RATE
    spectra = [features(np.sin(2 * np.pi * hertz * time)[None])[40] for hertz in (300, 3000)]
    low, high = (int(spectrum[:MEL_BANDS].argmax()) for spectrum in spectra)
    assert low < MEL_BANDS / 5 and MEL_BANDS / 2 < high < MEL_BANDS - 5
    assert all(spectrum[MEL_BANDS:].max() < -4 for spectrum in spectra)  # the side is silent


def test_heads_give_probabilities_for_every_second_spectrum() -> None:
    for spectra in (1, 2, 31):
        for head in Recogniser()(torch.zeros(2, spectra, 2 * MEL_BANDS)):
            assert head.shape == (2, math.ceil(spectra / 2), 1 + len(PHONES))
            torch.testing.assert_close(head.exp().sum(2), torch.ones(head.shape[:2]))


def test_how_a_song_was_mastered_is_hardly_heard() -> None:
    """An equaliser, and a compressor of some bands that spreads others."""
    torch.manual_seed(3)
    model, heard = Recogniser(), 3 * torch.randn(1, 80, 2 * MEL_BANDS)
    bands = torch.linspace(-5, 5, 2 * MEL_BANDS), torch.linspace(0.5, 2, 2 * MEL_BANDS)
    (_, plain), (_, mastered) = model(heard), model(bands[0] + bands[1] * heard)
    assert (plain.exp() - mastered.exp()).abs().sum(2).mean() < 0.04
