"""k-means for one level of a residual quantiser: few iterations, the same for the same generator."""

import torch
from torch import Tensor

from khala.nn.rvq import nearest

CHUNK = 16_384  # points per distance matrix: 64 MB against 1024 candidates


def assign(points_ND: Tensor, book_CD: Tensor) -> Tensor:
    """Nearest code of every point [N], in bounded memory."""
    return torch.cat([nearest(chunk, book_CD) for chunk in points_ND.split(CHUNK)])


def fit_level(points_ND: Tensor, codes: int, iterations: int, shrink: float, generator: torch.Generator) -> Tensor:
    """Cluster centres [codes, D] of the points, which are residuals around zero, by Lloyd's iteration.

    A centre that attracts fewer than two points moves to a random point that is far from its own centre. In the end
    `shrink` pulls centres of few points to zero, which is what a residual is on average, so that a level does not
    learn its songs by heart.
    """
    book_CD = _spread(points_ND, codes, generator)
    for step in range(iterations):
        last = step == iterations - 1
        code_N = assign(points_ND, book_CD)
        count_C = torch.bincount(code_N, minlength=codes).to(points_ND.dtype)
        sum_CD = torch.zeros_like(book_CD).index_add_(0, code_N, points_ND)
        dead_C = count_C < 2
        error_N = (points_ND - book_CD[code_N]).square().sum(1)
        book_CD = sum_CD / (count_C + (shrink if last else 0.0)).clamp(min=1e-9)[:, None]
        if dead_C.any() and not last:
            far = torch.multinomial(error_N + 1e-12, int(dead_C.sum()), generator=generator)
            book_CD[dead_C] = points_ND[far]
    return book_CD


def _spread(points_ND: Tensor, codes: int, generator: torch.Generator) -> Tensor:
    """First centres: random points, each drawn with a chance that grows with its distance from those before (k-means||,
    in eight rounds on a sample of the points: Bahmani et al. 2012)."""
    sample_ND = points_ND[torch.randperm(len(points_ND), generator=generator)[: 16 * codes]]
    rounds = 8
    picked = torch.randperm(len(sample_ND), generator=generator)[: -(-codes // rounds)]
    book_CD = sample_ND[picked]
    while len(book_CD) < codes:
        error_N = (sample_ND - book_CD[assign(sample_ND, book_CD)]).square().sum(1) + 1e-12
        more = torch.multinomial(error_N, min(-(-codes // rounds), codes - len(book_CD)), generator=generator)
        book_CD = torch.cat([book_CD, sample_ND[more]])
    return book_CD.clone()
