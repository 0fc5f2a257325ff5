"""What is counted on the meta device is what a model takes."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from khala.models.lm.backbone import Backbone
from khala.models.presets import tiny
from khala.training.optimizer import language_model_optimizers
from khala.training.planning.counting import meta_model, optimizer_bytes, saved_bytes
from khala.training.recipe import BackboneRecipe

CONFIG = replace(tiny().backbone, bias=True)
RECIPE = BackboneRecipe(precision="float32")


def test_optimizers_keep_as_much_as_on_a_cpu() -> None:
    torch.manual_seed(0)
    real, counted = Backbone(CONFIG), meta_model(Backbone, CONFIG)
    assert [weight.shape for weight in real.parameters()] == [weight.shape for weight in counted.parameters()]
    optimizers = language_model_optimizers(real, RECIPE)
    for weight in real.parameters():
        weight.grad = torch.randn_like(weight)
    for optimizer in optimizers:
        optimizer.step()
    states = [state for optimizer in optimizers for state in optimizer.state.values()]
    kept = sum(
        value.nbytes for state in states for value in state.values() if isinstance(value, Tensor) and value.dim()
    )
    assert optimizer_bytes(language_model_optimizers(counted, RECIPE)) == kept
    matrices = sum(weight.nbytes for name, weight in real.named_parameters() if "blocks" in name and weight.dim() == 2)
    everything = sum(weight.nbytes for weight in real.parameters())
    assert everything < kept < 2 * everything and kept <= 2 * everything - matrices + 2 * everything // 100


def test_a_pass_keeps_as_much_as_on_a_cpu() -> None:
    """All but attention, which a CPU computes by other kernels."""
    real, counted = Backbone(CONFIG), meta_model(Backbone, CONFIG)
    mlp, x_BTD = real.blocks[0].mlp, torch.randn(2, 30, CONFIG.dim, requires_grad=True)
    kept = dict[int, int]()
    weights = {weight.untyped_storage().data_ptr() for weight in mlp.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        if (place := tensor.untyped_storage().data_ptr()) not in weights:
            kept[place] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        mlp(x_BTD)
    meta_BTD = torch.empty(x_BTD.shape, device="meta", requires_grad=True)
    assert saved_bytes(counted, lambda: counted.blocks[0].mlp(meta_BTD)) == sum(kept.values()) > 0


@pytest.mark.parametrize("causal", [True, False])
def test_attention_is_counted_as_the_kernels_of_gpus_keep_it(causal: bool) -> None:
    def kept(length: int) -> int:
        counted = meta_model(Backbone, CONFIG)
        x_BTD = torch.empty(1, length, CONFIG.dim, device="meta", requires_grad=True)
        return saved_bytes(counted, lambda: counted(x_BTD, causal=causal))

    assert kept(8192) == pytest.approx(2 * kept(4096), rel=0.001), "not the square of the length"
    queries_keys_values_and_result = 4 * 4096 * (2 * CONFIG.heads + 2 * CONFIG.kv_heads) * CONFIG.head_dim
    assert kept(4096) > CONFIG.layers * queries_keys_values_and_result
