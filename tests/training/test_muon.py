"""Muon against torch's own, and its matrices."""

import pytest
import torch

from khala.training.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(3, 24, 24), (2, 40, 16), (2, 16, 40)])
def test_orthogonalise_brings_all_singular_values_near_one(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    matrices = torch.randn(shape) + 3 * torch.randn(shape[0], shape[1], 1)  # one direction dominates
    values = torch.linalg.svdvals(orthogonalise(matrices))
    assert values.min() > 0.3 and values.max() < 1.3
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    assert torch.cosine_similarity(orthogonalise(matrices).flatten(1), (u @ v).flatten(1)).min() > 0.95


@pytest.mark.parametrize("shape", [(12, 20), (48, 12)])
def test_muon_follows_the_one_of_torch_in_float32(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    ours, theirs = (torch.nn.Parameter(torch.ones(shape)) for _ in range(2))
    muon = Muon([{"params": [ours]}], lr=0.1)
    reference = torch.optim.Muon([theirs], lr=0.1, weight_decay=0.0)
    for _ in range(3):
        grad = torch.randn(shape)
        ours.grad, theirs.grad = grad, grad.clone()
        muon.step()
        reference.step()
    assert (ours - theirs).abs().max() < 0.01 * (ours - 1).abs().max() + 0.01


def test_a_fused_weight_is_orthogonalised_part_by_part() -> None:
    torch.manual_seed(0)
    fused, upper, lower = torch.zeros(12, 8), torch.zeros(4, 8), torch.zeros(8, 8)
    params = [torch.nn.Parameter(tensor) for tensor in (fused, upper, lower)]
    grad = torch.randn(12, 8)
    for param, part in zip(params, (grad, grad[:4], grad[4:]), strict=True):
        param.grad = part.clone()
    Muon([{"params": params[:1], "rows": [4, 8]}]).step()
    Muon([{"params": params[1:2]}, {"params": params[2:]}]).step()
    torch.testing.assert_close(params[0], torch.cat(params[1:]))
