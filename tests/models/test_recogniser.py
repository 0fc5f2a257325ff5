import math

import pytest
import torch
import torch.nn.functional as F

from khala.models.recogniser import (
    HOP_SAMPLES,
    MEL_BANDS,
    RECOGNISER_SAMPLE_RATE,
    Recogniser,
    ctc_log_likelihood,
    force_align,
    greedy_decode,
)
from khala.music.phones import PHONES

CLASSES = 1 + len(PHONES)


def frames(*classes: int, sure: float = 0.9) -> torch.Tensor:
    """Log probabilities [T, C] of somebody who hears these classes."""
    spread = torch.full((len(classes), CLASSES), (1 - sure) / (CLASSES - 1))
    spread[torch.arange(len(classes)), torch.tensor(classes)] = sure
    return spread.log()


def test_it_is_small_enough_to_ship() -> None:
    assert 2 * sum(weight.numel() for weight in Recogniser().parameters()) < 2e6


def test_features_know_no_loudness_and_one_channel_is_two_equal_ones() -> None:
    noise = 0.1 * torch.randn(1, RECOGNISER_SAMPLE_RATE)
    model = Recogniser()
    loud, quiet, stereo = model.features(noise), model.features(0.05 * noise), model.features(noise.expand(2, -1))
    assert loud.shape == (RECOGNISER_SAMPLE_RATE // HOP_SAMPLES + 1, 2 * MEL_BANDS)
    torch.testing.assert_close(loud, quiet, atol=1e-3, rtol=0)
    torch.testing.assert_close(loud, stereo)
    assert torch.isfinite(model.features(torch.zeros(2, 5000))).all()


def test_a_band_lights_up_where_a_tone_sounds() -> None:
    time = torch.arange(RECOGNISER_SAMPLE_RATE) / RECOGNISER_SAMPLE_RATE
    spectra = [Recogniser().features(torch.sin(2 * math.pi * hertz * time)[None])[40] for hertz in (300, 3000)]
    low, high = (int(spectrum[:MEL_BANDS].argmax()) for spectrum in spectra)
    assert low < MEL_BANDS / 5 and MEL_BANDS / 2 < high < MEL_BANDS - 5
    assert all(spectrum[MEL_BANDS:].max() < -4 for spectrum in spectra)  # the side is silent


def test_heads_give_probabilities_for_every_second_spectrum() -> None:
    for spectra in (1, 2, 31):
        for head in Recogniser()(torch.zeros(2, spectra, 2 * MEL_BANDS)):
            assert head.shape == (2, math.ceil(spectra / 2), CLASSES)
            torch.testing.assert_close(head.exp().sum(2), torch.ones(head.shape[:2]))


def test_a_transcript_merges_repetitions_but_not_across_a_pause() -> None:
    assert greedy_decode(frames(0, 5, 5, 0, 5, 9, 9, 0)) == [PHONES[4], PHONES[4], PHONES[8]]
    assert greedy_decode(frames(0, 0)) == []


def test_the_likelihood_is_the_sum_over_all_alignments() -> None:
    heard = torch.randn(3, CLASSES).log_softmax(1)
    p = heard.exp()
    one, other = 1, 2
    paths = [(0, 1, 2), (1, 0, 2), (1, 2, 0), (1, 1, 2), (1, 2, 2)]
    by_hand = sum(p[0, a] * p[1, b] * p[2, c] for a, b, c in paths)
    assert ctc_log_likelihood(heard, (PHONES[one - 1], PHONES[other - 1])) == pytest.approx(math.log(by_hand), abs=1e-5)
    assert ctc_log_likelihood(heard, ()) == pytest.approx(float(heard[:, 0].sum()))
    assert ctc_log_likelihood(heard, [PHONES[0]] * 3) == -math.inf


def test_alignment_finds_every_phone_where_it_sounds() -> None:
    heard = frames(0, 0, 7, 7, 0, 7, 3, 3, 3, 0)
    assert force_align(heard, [PHONES[6], PHONES[6], PHONES[2]]) == [(2, 4), (5, 6), (6, 9)]
    assert force_align(heard, []) == []
    assert force_align(heard[:1], [PHONES[6]]) == [(0, 1)]
    with pytest.raises(ValueError, match="6 phones do not fit into 10 frames"):
        force_align(heard, [PHONES[0]] * 6)


def test_a_rest_tells_two_equal_phones_apart() -> None:
    assert force_align(frames(7, 7, 7), [PHONES[6], PHONES[6]]) == [(0, 1), (2, 3)]


def test_how_a_song_was_mastered_is_hardly_heard() -> None:
    """An equaliser, and a compressor of some bands that spreads others."""
    torch.manual_seed(3)
    model, features = Recogniser(), 3 * torch.randn(1, 80, 2 * MEL_BANDS)
    bands = torch.linspace(-5, 5, 2 * MEL_BANDS), torch.linspace(0.5, 2, 2 * MEL_BANDS)
    (_, plain), (_, mastered) = model(features), model(bands[0] + bands[1] * features)
    assert (plain.exp() - mastered.exp()).abs().sum(2).mean() < 0.04


def test_the_aligned_path_is_the_likeliest() -> None:
    torch.manual_seed(2)
    heard = torch.randn(5, CLASSES).log_softmax(1)
    phones = [PHONES[3], PHONES[8]]

    def score(first: tuple[int, int], second: tuple[int, int]) -> float:
        path = [4 if first[0] <= t < first[1] else 9 if second[0] <= t < second[1] else 0 for t in range(5)]
        return float(F.nll_loss(heard, torch.tensor(path), reduction="sum"))

    spans = [(a, b) for a in range(5) for b in range(a + 1, 6)]
    best = min(score(one, two) for one in spans for two in spans if one[1] <= two[0])
    assert score(*force_align(heard, phones)) == pytest.approx(best, abs=1e-5)
