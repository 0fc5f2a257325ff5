import math
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from khala.music.phones import PHONES
from khala.scoring.ctc import ctc_log_likelihood, force_align, greedy_decode
from khala.scoring.types import Array

CLASSES = 1 + len(PHONES)


def frames(*classes: int, sure: float = 0.9) -> Array:
    """Log probabilities [T, C] of somebody who hears these classes."""
    spread = np.full((len(classes), CLASSES), (1 - sure) / (CLASSES - 1))
    spread[np.arange(len(classes)), classes] = sure
    return np.log(spread)


def random_frames(length: int, seed: int = 2) -> Array:
    logits = 3 * np.random.default_rng(seed).standard_normal((length, CLASSES))
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


def test_a_transcript_merges_repetitions_but_not_across_a_pause() -> None:
    assert greedy_decode(frames(0, 5, 5, 0, 5, 9, 9, 0)) == [PHONES[4], PHONES[4], PHONES[8]]
    assert greedy_decode(frames(0, 0)) == []
    assert greedy_decode(frames(1, 1)) == [PHONES[0]]


def test_the_likelihood_is_the_sum_over_all_alignments() -> None:
    heard = random_frames(3)
    p = np.exp(heard.astype(np.float64))
    one, other = 1, 2
    paths = [(0, 1, 2), (1, 0, 2), (1, 2, 0), (1, 1, 2), (1, 2, 2)]
    by_hand = sum(p[0, a] * p[1, b] * p[2, c] for a, b, c in paths)
    assert ctc_log_likelihood(heard, (PHONES[one - 1], PHONES[other - 1])) == pytest.approx(math.log(by_hand))
    assert ctc_log_likelihood(heard, ()) == pytest.approx(float(heard[:, 0].sum()))
    assert ctc_log_likelihood(heard, [PHONES[0]] * 3) == -math.inf
    assert ctc_log_likelihood(heard[:1], [PHONES[0]]) == pytest.approx(float(heard[0, 1]))


@pytest.mark.parametrize("count", [1, 40, 199])
def test_the_likelihood_is_that_of_torch(count: int) -> None:
    """Also where it is far below what a float can hold: exp(-1000)."""
    heard = random_frames(400)
    classes = np.random.default_rng(1).integers(1, 6, (1, count))  # many phones come twice in a row
    lengths = torch.tensor([len(heard)]), torch.tensor([count])
    wanted = -float(F.ctc_loss(torch.tensor(heard)[:, None].double(), torch.tensor(classes), *lengths, reduction="sum"))
    assert wanted < -1000
    assert ctc_log_likelihood(heard, [PHONES[number - 1] for number in classes[0]]) == pytest.approx(wanted, abs=1e-6)


def test_alignment_finds_every_phone_where_it_sounds() -> None:
    heard = frames(0, 0, 7, 7, 0, 7, 3, 3, 3, 0)
    assert force_align(heard, [PHONES[6], PHONES[6], PHONES[2]]) == [(2, 4), (5, 6), (6, 9)]
    assert force_align(heard, []) == []
    assert force_align(heard[:1], [PHONES[6]]) == [(0, 1)]
    with pytest.raises(ValueError, match="6 phones do not fit into 10 frames"):
        force_align(heard, [PHONES[0]] * 6)


def test_a_rest_tells_two_equal_phones_apart() -> None:
    assert force_align(frames(7, 7, 7), [PHONES[6], PHONES[6]]) == [(0, 1), (2, 3)]


def test_the_aligned_path_is_the_likeliest() -> None:
    heard = random_frames(5)
    phones = [PHONES[3], PHONES[8]]

    def score(first: tuple[int, int], second: tuple[int, int]) -> float:
        path = [4 if first[0] <= t < first[1] else 9 if second[0] <= t < second[1] else 0 for t in range(5)]
        return float(heard[range(5), path].sum())

    spans = [(a, b) for a in range(5) for b in range(a + 1, 6)]
    best = max(score(one, two) for one, two in product(spans, spans) if one[1] <= two[0])
    assert score(*force_align(heard, phones)) == pytest.approx(best, abs=1e-5)
