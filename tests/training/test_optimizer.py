"""The division of the parameters: which weights learn how, and at which rate."""

from dataclasses import replace

import pytest
import torch

from khala.conditioning.rows import CONDITION_ROWS
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.nn.norm import RMSNorm
from khala.training.optimizer import language_model_optimizers
from khala.training.recipe import BackboneRecipe


@pytest.mark.parametrize("make", [lambda: Backbone(tiny().backbone), lambda: Superres(tiny().superres)])
def test_every_parameter_is_in_one_group(make) -> None:
    model = make()
    muon, adam = language_model_optimizers(model, BackboneRecipe())
    matrices = [id(param) for group in muon.param_groups for param in group["params"]]
    others = [id(param) for group in adam.param_groups for param in group["params"]]
    assert sorted(matrices + others) == sorted(id(param) for param in model.parameters())
    assert {id(model.embedding.weight), id(model.head.weight), id(model.norm.weight)} <= set(others)
    assert id(model.blocks[0].attention.qkv.weight) in matrices
    assert all(group["rate"] == group["lr"] > 0 for group in muon.param_groups + adam.param_groups)


def test_every_kind_of_weight_has_its_own_rate() -> None:
    model = Superres(replace(tiny().superres, condition_rows=CONDITION_ROWS, bias=True))
    recipe = BackboneRecipe(matrix_rate=1.0, embedding_rate=2.0, head_rate=3.0, other_rate=4.0)
    groups = [group for optimizer in language_model_optimizers(model, recipe) for group in optimizer.param_groups]
    found = {weight: group["rate"] for group in groups for weight in group["params"]}
    embeddings = [module.weight for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    assert len(embeddings) == 2 and all(found[weight] == 2.0 for weight in embeddings)
    assert found[model.head.weight] == 3.0
    matrices = [module for module in model.blocks.modules() if isinstance(module, torch.nn.Linear)]
    assert matrices and {(found[module.weight], found[module.bias]) for module in matrices} == {(1.0, 4.0)}
    gains = [module.weight for module in model.modules() if isinstance(module, RMSNorm)]
    assert {weight.dim() for weight in gains} == {1, 2}, "norms of queries and keys have a gain per head"
    assert all(found[weight] == 4.0 for weight in gains)
    assert model.codebooks.bias.dim() == 2 and found[model.codebooks.bias] == 4.0, "a bias per level and code"


def test_queries_keys_and_values_are_orthogonalised_apart() -> None:
    model = Backbone(tiny().backbone)
    muon, _ = language_model_optimizers(model, BackboneRecipe(matrix_rate=1.0))
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
