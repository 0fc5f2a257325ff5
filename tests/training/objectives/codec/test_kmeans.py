"""k-means on points whose clusters are known."""

import torch

from khala.training.objectives.codec.kmeans import assign, fit_level


def test_centres_find_clusters_and_revive() -> None:
    generator = torch.Generator().manual_seed(0)
    centres = 10 * torch.randn(8, 3, generator=generator)
    points = centres.repeat(100, 1) + 0.01 * torch.randn(800, 3, generator=generator)
    book = fit_level(points, 8, 12, 0.0, generator)
    assert torch.cdist(centres, book).min(1).values.max() < 0.05
    assert torch.bincount(assign(points, book), minlength=8).min() == 100


def test_shrinking_pulls_small_clusters_to_zero() -> None:
    points = torch.tensor([[4.0], [4.0], [-4.0], [-4.0]])
    book = fit_level(points, 2, 3, 2.0, torch.Generator().manual_seed(0))
    assert sorted(book.flatten().tolist()) == [-2.0, 2.0]
