"""Codebooks that follow what they code, and codes that are used again."""

import pytest
import torch

from khala.nn.rvq import ResidualVQ
from khala.training.objectives.codec.ema import EmaCodebooks, quantize
from khala.training.ranks import Ranks

ALL = torch.tensor([2, 2])


def latents(seed: int) -> torch.Tensor:
    """Points [2, 3, 100] around the corners of a cube, and around each of them in eight smaller clusters."""
    dice = torch.Generator().manual_seed(seed)
    corners = torch.randint(0, 2, (2, 2, 3, 100), generator=dice) * 2.0 - 1
    return corners[0] + 0.3 * corners[1] + 0.02 * torch.randn(2, 3, 100, generator=dice)


@pytest.fixture
def books() -> torch.Tensor:
    return 0.5 * torch.randn(2, 8, 3, generator=torch.Generator().manual_seed(1))


def test_coding_is_that_of_the_quantizer(books: torch.Tensor) -> None:
    quantizer = ResidualVQ(2, 8, 3)
    quantizer.codebooks.copy_(books)
    points = latents(0).requires_grad_()
    found = quantize(points, torch.tensor([2, 1]), books)
    codes = quantizer.encode(points.detach())
    assert torch.allclose(found.latent_BDT[0], quantizer.decode(codes)[0], atol=1e-6)
    assert torch.allclose(found.latent_BDT[1], quantizer.decode(codes[:, :1])[1], atol=1e-6)
    assert found.usage.counts_QC.sum(1).tolist() == [200, 100], "levels that an excerpt leaves out are not used for it"
    expected = torch.bincount(codes[:, 0].flatten(), minlength=8)
    assert torch.equal(found.usage.counts_QC[0], expected.float())
    weights = torch.randn_like(points)
    (found.latent_BDT * weights).sum().backward()
    assert torch.allclose(points.grad, weights), "gradients pass through as if there were no codes"


def test_latents_are_drawn_to_their_codes(books: torch.Tensor) -> None:
    points = latents(0).requires_grad_()
    before = quantize(points, ALL, books).commitment
    before.backward()
    after = quantize((points - points.grad).detach(), ALL, books).commitment
    assert after < before


def error(books: torch.Tensor) -> float:
    points = latents(99)
    return (quantize(points, ALL, books).latent_BDT - points).square().mean().item()


def test_codebooks_learn_the_clusters_at_both_levels(books: torch.Tensor) -> None:
    ema, before = EmaCodebooks(books, 0.9, 0.02), error(books)
    for step in range(150):
        ema.update(books, [quantize(latents(step), ALL, books).usage], Ranks())
    assert error(books) < 0.01 < before


@pytest.mark.parametrize("unused_share", [0.0, 0.05])
def test_unused_codes_are_replaced(books: torch.Tensor, unused_share: float) -> None:
    books[0, 3:] = 100.0
    ema = EmaCodebooks(books, 0.9, unused_share)
    for step in range(150):
        ema.update(books, [quantize(latents(step), ALL, books).usage], Ranks())
    used = quantize(latents(99), ALL, books).usage.counts_QC[0] > 0
    assert used.all() if unused_share else used.sum() <= 3
    assert books.isfinite().all()


def test_a_level_that_nothing_used_stays_as_it_is(books: torch.Tensor) -> None:
    ema, before = EmaCodebooks(books, 0.9, 0.02), books.clone()
    ema.update(books, [quantize(latents(0), torch.tensor([1, 1]), books).usage], Ranks())
    assert (
        torch.allclose(books[1], before[1])
        and (ema.counts_QC[1] == 1).all()
        and not torch.allclose(books[0], before[0])
    )


def test_two_micro_batches_count_as_one_of_both(books: torch.Tensor) -> None:
    one, other = books.clone(), books.clone()
    points = latents(0)
    halves = [quantize(points[[i]], ALL[[i]], other).usage for i in range(2)]
    EmaCodebooks(one, 0.9, 0.02).update(one, [quantize(points, ALL, one).usage], Ranks())
    EmaCodebooks(other, 0.9, 0.02).update(other, halves, Ranks())
    assert torch.allclose(one, other, atol=1e-6) and not torch.allclose(one, books)
