import math

import pytest
import torch

from khala.nn.sampling import generator, nearest_to_mean, sample


def test_frequencies_follow_the_softmax_of_the_likeliest() -> None:
    logits = torch.tensor([2.0, -1.0, 1.0, 0.0, 1.5])
    draws = 20000
    uniform = torch.rand(draws, 5, generator=generator(1))
    for temperature in (1.0, 0.5):
        drawn = sample(logits.expand(draws, -1), temperature, 3, uniform)
        kept = torch.tensor([2.0, -torch.inf, 1.0, -torch.inf, 1.5])
        expected = (kept / temperature).softmax(-1)
        torch.testing.assert_close(drawn.bincount(minlength=5) / draws, expected, rtol=0, atol=0.015)


def test_top_1_is_the_greatest_and_more_than_all_is_all() -> None:
    logits = torch.randn(3, 7, 11)
    uniform = torch.rand(3, 7, 11)
    assert torch.equal(sample(logits, 1.0, 1, uniform), logits.argmax(-1))
    assert torch.equal(sample(logits, 1.0, 50, uniform), sample(logits, 1.0, 11, uniform))


def test_noise_of_zero_is_never_chosen_over_another() -> None:
    assert sample(torch.tensor([9.0, 0.0]), 1.0, 2, torch.tensor([0.0, 0.5])).item() == 1


def test_rounding_of_logits_rarely_changes_a_draw() -> None:
    logits = torch.randn(2000, 64)
    uniform = torch.rand(2000, 64)
    nudged = logits + 1e-6 * torch.randn(2000, 64)
    assert (sample(logits, 1.0, 20, uniform) != sample(nudged, 1.0, 20, uniform)).sum() <= 2


def test_generators_differ_in_every_number_and_repeat() -> None:
    seeds = [(0, 0), (0, 1), (1, 0), (1, 1), (2**63 - 1, 0), (0,), (7, 62), (8, 61)]
    draws = [torch.rand(4, generator=generator(*seed)).tolist() for seed in seeds]
    assert len({tuple(draw) for draw in draws}) == len(seeds)
    assert torch.rand(4, generator=generator(1, 0)).tolist() == draws[2]


def test_the_nearest_to_the_mean_is_found_and_what_it_lacks_handed_on() -> None:
    """Vectors 0, 4 and 10; the first two as likely as each other: the mean is 2, with 1.5 from before 3.5."""
    vectors = torch.tensor([[0.0], [4.0], [10.0]])
    chosen, residual = nearest_to_mean(torch.tensor([[0.0, 0.0, -99.0]]), 1.0, vectors, torch.tensor([[1.5]]))
    assert chosen.tolist() == [1] and residual.tolist() == [[-0.5]]
    odds = torch.tensor([[2 * math.log(3), 0.0, -99.0]])
    chosen, residual = nearest_to_mean(odds, 2.0, vectors, torch.zeros(1, 1))  # the temperature makes 9 to 1 3 to 1
    assert chosen.tolist() == [0] and residual.tolist() == [[pytest.approx(1.0)]]
