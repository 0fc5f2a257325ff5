"""How a model is spread over ranks: DDP copies it, FSDP2 (`fully_shard`) shards weights, gradients and optimizer state.

Blocks are what is recomputed, compiled and sharded one at a time.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from khala.music.errors import InvalidRequest
from khala.training.loop_recipe import LoopRecipe
from khala.training.ranks import Ranks
from khala.training.step import Step
from khala.weights.tensors import trained_tensors


def parallelize(step: Step, recipe: LoopRecipe, ranks: Ranks, dtype: torch.dtype) -> nn.Module:
    """Put `step` onto the device of this rank and return what to call in its place; optimizers come after this.

    Raises InvalidRequest for a recipe that shards a model without blocks.
    """
    step.to(ranks.device)
    blocks = step.blocks
    prepare_blocks(blocks, recipe)
    if ranks.world == 1:
        return step
    if recipe.parallel == "ddp":
        return DistributedDataParallel(
            step,
            broadcast_buffers=False,
            gradient_as_bucket_view=True,
            find_unused_parameters=not step.uses_all_weights,
        )
    if not blocks:
        raise InvalidRequest('this part is not sharded: set parallel to "ddp"')
    mesh = init_device_mesh(ranks.device.type, (ranks.world,))
    policy = MixedPrecisionPolicy(dtype, reduce_dtype=torch.float32, cast_forward_inputs=False)
    for block in blocks:
        fully_shard(block, mesh=mesh, mp_policy=policy)
    fully_shard(step, mesh=mesh, reshard_after_forward=True)
    return step


def prepare_blocks(blocks: Sequence[nn.Module], recipe: LoopRecipe) -> None:
    """Let blocks be recomputed and compiled as the recipe says."""
    for block in blocks:
        if recipe.recompute:
            block.forward = partial(checkpoint, block.forward, use_reentrant=False)
        if recipe.compile:
            block.compile(backend=recipe.compile)


def accumulating(trained: nn.Module, last: bool) -> None:
    """Let the gradients of the pass that follows meet those of the other ranks, or, with DDP, wait for the `last`."""
    if isinstance(trained, DistributedDataParallel):
        trained.require_backward_grad_sync = last


def clip_gradients(model: nn.Module, limit: float) -> Tensor:
    """Scale the gradients down to a common norm of at most `limit`; returns the norm that they had, over all shards."""
    weights = [weight for weight in model.parameters() if weight.grad is not None]
    norm = nn.utils.get_total_norm(weight.grad for weight in weights if weight.grad is not None)
    if isinstance(norm, DTensor):
        norm = norm.full_tensor()
    nn.utils.clip_grads_with_norm_(weights, limit, norm)
    return norm


def whole_tensors(model: nn.Module, ranks: Ranks) -> dict[str, Tensor]:
    """Return what is trained of `model`, put together from their shards on the CPU of the main rank; none on the
    others, which must call it, too."""
    found = {}
    for name, tensor in trained_tensors(model).items():
        whole = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
        if ranks.main:
            found[name] = whole.detach().cpu()
    return found
