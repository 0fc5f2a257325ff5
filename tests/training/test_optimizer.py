"""Muon, the division of the parameters, the schedule, the precision."""

from dataclasses import replace

import pytest
import torch

from khala.conditioning.phone_sequence import CONDITION_ROWS
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest
from khala.training import precision
from khala.training.optimizer import Muon, optimizers, orthogonalise
from khala.training.recipe import BackboneRecipe
from khala.training.schedule import Schedule


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


@pytest.mark.parametrize("make", [lambda: Backbone(tiny().backbone), lambda: Superres(tiny().superres)])
def test_every_parameter_is_in_one_group(make) -> None:
    model = make()
    muon, adam = optimizers(model, BackboneRecipe())
    matrices = [id(param) for group in muon.param_groups for param in group["params"]]
    others = [id(param) for group in adam.param_groups for param in group["params"]]
    assert sorted(matrices + others) == sorted(id(param) for param in model.parameters())
    assert {id(model.embedding.weight), id(model.head.weight), id(model.norm.weight)} <= set(others)
    assert id(model.blocks[0].attention.qkv.weight) in matrices
    assert all(group["rate"] == group["lr"] > 0 for group in muon.param_groups + adam.param_groups)


def test_every_kind_of_weight_has_its_own_rate() -> None:
    model = Backbone(replace(tiny().backbone, condition_rows=CONDITION_ROWS, bias=True))
    recipe = BackboneRecipe(matrix_rate=1.0, embedding_rate=2.0, head_rate=3.0, other_rate=4.0)
    groups = [group for optimizer in optimizers(model, recipe) for group in optimizer.param_groups]
    found = {weight: group["rate"] for group in groups for weight in group["params"]}
    embeddings = [module.weight for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    assert len(embeddings) == 2 and all(found[weight] == 2.0 for weight in embeddings)
    assert found[model.head.weight] == 3.0
    matrices = [module for module in model.blocks.modules() if isinstance(module, torch.nn.Linear)]
    assert matrices and {(found[module.weight], found[module.bias]) for module in matrices} == {(1.0, 4.0)}
    assert found[model.norm.weight] == 4.0


def test_queries_keys_and_values_are_orthogonalised_apart() -> None:
    model = Backbone(tiny().backbone)
    muon, _ = optimizers(model, BackboneRecipe(matrix_rate=1.0))
    torch.manual_seed(0)
    for block in model.blocks:
        for fused in (block.attention.qkv.weight, block.mlp.gate_up.weight):
            fused.data.zero_()
            fused.grad = torch.randn_like(fused)
    muon.step()
    config = model.config
    for block in model.blocks:
        sizes = [config.heads * config.head_dim] + [config.kv_heads * config.head_dim] * 2
        parts = [*block.attention.qkv.weight.split(sizes), *block.mlp.gate_up.weight.split(config.ffn)]
        for part in parts:
            values = torch.linalg.svdvals(part) / max(1, part.shape[0] / part.shape[1]) ** 0.5
            assert values.min() > 0.3 and values.max() < 1.3


def test_the_schedule_warms_up_holds_and_decays() -> None:
    schedule = Schedule(warmup=0.1, decay=0.4, floor=0.05)
    assert schedule(0.0) == pytest.approx(0.1) and schedule(0.05) == pytest.approx(0.55)
    assert schedule(0.1) == schedule(0.6) == 1.0
    assert schedule(0.8) == pytest.approx(0.525)
    assert schedule(1.0) == schedule(7.0) == pytest.approx(0.05)
    cosine = Schedule(warmup=0.0, decay=1.0, floor=0.0)
    assert cosine(0.5) == pytest.approx(0.5) and cosine(0.0) == 1.0


def test_precision_is_measured_unless_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert precision.choose("bfloat16", cpu) == torch.bfloat16
    assert precision.choose("float32", cpu) == torch.float32
    monkeypatch.setattr(precision, "_seconds", lambda dtype, device: 1.0 if dtype == torch.bfloat16 else 2.0)
    assert precision.choose("auto", cpu) == torch.bfloat16
    monkeypatch.setattr(precision, "_seconds", lambda dtype, device: 2.0 if dtype == torch.bfloat16 else 1.0)
    assert precision.choose("auto", cpu) == torch.float32
    with pytest.raises(InvalidRequest, match="choose one of auto, float32, bfloat16"):
        precision.choose("int8", cpu)
