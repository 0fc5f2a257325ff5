"""The memory of each GPU in training, by what it is for, and which settings would make a run fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from khala.training.planning.part import Part

RESERVED_GB = 4.0
"""Not counted: the context of CUDA, the buffers of NCCL, and what the allocator cannot use."""
MOST_GPUS = 4096
"""Where the search for more GPUs ends."""
OPTIMIZER_WHOLE_BYTES, OPTIMIZER_SHARD_BYTES = 14, 16
"""What `muon` holds during its step for each element of the matrices that a rank puts together, and of its shard."""
GB = 1e9


@dataclass(frozen=True)
class Memory:
    """Gigabytes of a GPU: `states` for the whole run, then the largest of three phases of a step.

    `weights`, `gradients` and `optimizer` are in 32 bits and, with FSDP, the rank's shards. `compute` is the forward
    and the backward pass: what was put together of the weights in 16 bits, their gradients, activations. `reduction` is
    when the gradients of embedding and head, the last, are added up over ranks in 32 bits; `step` the optimizers'.
    """

    weights: float
    gradients: float
    optimizer: float
    gathered: float
    activations: float
    compute: float
    reduction: float
    step: float

    @property
    def total(self) -> float:
        return (
            self.weights + self.gradients + self.optimizer + max(self.compute, self.reduction, self.step) + RESERVED_GB
        )


def memory(part: Part, gpus: int) -> Memory:
    """Count the memory of each of so many GPUs."""
    weights, recipe = part.weights, part.recipe
    sharded = gpus > 1 and recipe.parallel == "fsdp"
    ranks = gpus if sharded else 1
    bits16 = recipe.precision != "float32"
    size = 2 if bits16 else 4
    two_blocks = 2 * weights.block  # one computes, the next is on its way
    gathered = size * (weights.outer + two_blocks if sharded else bits16 * weights.all)
    gradients = size * (weights.outer + two_blocks) if sharded else 0
    activations = part.activation_bytes(max(recipe.micro_batch_tokens, part.longest), bits16)
    indexed = (size if sharded else 4) * weights.head  # the gradient of the rows of the head that a loss takes
    reduction = (2 * size + 4) * weights.outer if sharded else 0
    matrices = -(-weights.matrices // ranks)
    muon = OPTIMIZER_SHARD_BYTES * weights.matrices / ranks + OPTIMIZER_WHOLE_BYTES * matrices
    return Memory(
        weights=4 * weights.all / ranks / GB,
        gradients=4 * weights.all / ranks / GB,
        optimizer=weights.optimizer_bytes / ranks / GB,
        gathered=gathered / GB,
        activations=activations / GB,
        compute=(gathered + gradients + activations + indexed) / GB,
        reduction=reduction / GB,
        step=max(muon * weights.matrix, 4 * weights.adamw / ranks) / GB,
    )


def advice(part: Part, gpus: int, limit_gb: float) -> str:
    """Return what would make a run fit that does not: the fewest changes, in the order of what they cost."""
    for changes, changed, count in _remedies(part, gpus):
        if memory(changed, count).total <= limit_gb:
            return f"it fits with {', '.join(changes)}"
    return f"nothing here makes it fit: choose smaller shapes, or set {part.name}.max_frames lower"


def _remedies(part: Part, gpus: int) -> Iterator[tuple[list[str], Part, int]]:
    changes = list[str]()
    if gpus > 1 and part.recipe.parallel != "fsdp":
        part = replace(part, recipe=replace(part.recipe, parallel="fsdp"))
        changes.append(f'{part.name}.parallel = "fsdp"')
        yield changes, part, gpus
    if not part.recipe.recompute:
        part = replace(part, recipe=replace(part.recipe, recompute=True))
        changes.append(f"{part.name}.recompute = true")
        yield changes, part, gpus
    if part.recipe.micro_batch_tokens > part.longest:
        part = replace(part, recipe=replace(part.recipe, micro_batch_tokens=part.longest))
        changes.append(f"{part.name}.micro_batch_tokens = {part.longest}")
        yield changes, part, gpus
    if part.recipe.parallel != "fsdp":
        part = replace(part, recipe=replace(part.recipe, parallel="fsdp"))
        changes.append(f'{part.name}.parallel = "fsdp"')
    while (gpus := 2 * gpus) <= MOST_GPUS:
        yield [*changes, f"{gpus} GPUs"], part, gpus
