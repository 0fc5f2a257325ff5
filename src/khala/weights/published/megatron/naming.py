"""Names and layout of weights: the tensors of a Megatron checkpoint that make those of Khala's language models.

There, the rows of qkv are ordered by group ([its query heads, key, value] x head width), here as queries, keys, values.
The two halves of fc1 (gate, up) may be two tensors, `..._w` and `..._v`. Embedding and head may be padded with unused
rows. The norms of queries and keys have one weight for all heads; here each head has its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from khala.models.lm.config import TransformerConfig
from khala.music.errors import ModelError
from khala.weights.published.megatron.metadata import Ints, TensorEntry
from khala.weights.published.megatron.shards import Checkpoint
from khala.weights.tensors import is_finite

TOP = {
    "embedding.weight": "embedding.word_embeddings.weight",
    "head.weight": "output_layer.weight",
    "norm.weight": "decoder.final_layernorm.weight",
}
LAYER = {
    "attention_norm.weight": "self_attention.linear_qkv.layer_norm_weight",
    "attention.qkv.weight": "self_attention.linear_qkv.weight",
    "attention.qkv.bias": "self_attention.linear_qkv.bias",
    "attention.out.weight": "self_attention.linear_proj.weight",
    "attention.out.bias": "self_attention.linear_proj.bias",
    "mlp_norm.weight": "mlp.linear_fc1.layer_norm_weight",
    "mlp.gate_up.weight": "mlp.linear_fc1.weight",
    "mlp.gate_up.bias": "mlp.linear_fc1.bias",
    "mlp.down.weight": "mlp.linear_fc2.weight",
    "mlp.down.bias": "mlp.linear_fc2.bias",
}
QK_NORM = ("self_attention.q_layernorm.weight", "self_attention.k_layernorm.weight")
IGNORED = re.compile(r"(optimizer|chained_\d+|opt_param_scheduler|rng_state|rerun_state_machine_state)\b.*")
"""Tensors that only training needs."""


@dataclass(frozen=True)
class TensorRecipe:
    """How a tensor is made: the `parts`, tensors of the checkpoint (of their `layer`, if layers are stacked there), are
    concatenated on the first axis and then arranged."""

    shape: Ints
    dtype: torch.dtype
    parts: tuple[str, ...]
    part_shape: Ints
    layer: int | None = None
    arrange: Literal["as it is", "by kind of head", "for every head", "doubled"] = "as it is"


def is_stacked(checkpoint: Checkpoint) -> bool:
    """Whether layers are stacked, by the checkpoint's metadata and its names. Raises ModelError if they disagree."""
    numbered = any(re.match(r"decoder\.layers\.\d+\.", name) for name in checkpoint.tensors)
    if checkpoint.per_layer is not None and checkpoint.per_layer is not numbered:
        kind = "one tensor per layer" if checkpoint.per_layer else "stacked layers"
        raise ModelError(f"{checkpoint.folder}: its content_metadata says {kind}, its names say otherwise")
    return not numbered


def has_qk_norm(checkpoint: Checkpoint) -> bool:
    """Whether any layer has norms of queries and keys."""
    return any(name.endswith(QK_NORM) for name in checkpoint.tensors)


def recipes(
    checkpoint: Checkpoint, config: TransformerConfig, shapes: Mapping[str, Ints], *, doubled: bool
) -> dict[str, TensorRecipe]:
    """Find a recipe for every tensor of `shapes` (those of a model of `config`); `doubled`: double fc1's biases.

    Every tensor of the checkpoint is used, or matches `IGNORED`. Raises ModelError for one that is missing, unknown, or
    of a wrong shape or dtype.
    """
    stacked = is_stacked(checkpoint)
    made = {name: _recipe(name, shape, config, checkpoint, stacked, doubled) for name, shape in shapes.items()}
    used = {part for recipe in made.values() for part in recipe.parts}
    for name in sorted(checkpoint.tensors.keys() - used):
        if not IGNORED.fullmatch(name):
            raise ModelError(f"{checkpoint.folder}: the tensor {name} is unknown to this kind of model")
    return made


def make(checkpoint: Checkpoint, made: Mapping[str, TensorRecipe], config: TransformerConfig, name: str) -> Tensor:
    """Make the tensor `name` by its recipe. Raises ModelError."""
    recipe = made[name]
    each = recipe.part_shape
    tensor = torch.empty((len(recipe.parts) * each[0], *each[1:]), dtype=recipe.dtype)
    for number, part in enumerate(recipe.parts):
        checkpoint.read(part, tensor[number * each[0] : (number + 1) * each[0]], recipe.layer)
    match recipe.arrange:
        case "by kind of head":
            per_group = config.heads // config.kv_heads
            grouped = tensor.unflatten(0, (config.kv_heads, per_group + 2, config.head_dim))
            kinds = (grouped[:, :per_group], grouped[:, per_group : per_group + 1], grouped[:, per_group + 1 :])
            tensor = torch.cat([kind.flatten(0, 2) for kind in kinds])
        case "for every head":
            query, key = tensor.view(2, config.head_dim)
            tensor = torch.cat([query.expand(config.heads, -1), key.expand(config.kv_heads, -1)])
        case "doubled":
            tensor *= 2
            if not is_finite(tensor):
                raise ModelError(f"{checkpoint.folder}: {recipe.parts[0]} is too large to be doubled")
    return tensor


def _recipe(
    name: str, shape: Ints, config: TransformerConfig, checkpoint: Checkpoint, stacked: bool, doubled: bool
) -> TensorRecipe:
    layers: tuple[int, ...] = ()
    layer = None
    if name in TOP:
        parts: tuple[str, ...] = (TOP[name],)
    else:
        _, number, kind = name.split(".", 2)
        prefix = "decoder.layers." if stacked else f"decoder.layers.{number}."
        parts = QK_NORM if kind == "attention.qk_norm.weight" else (LAYER[kind],)
        parts = tuple(prefix + part for part in parts)
        if parts[0] not in checkpoint.tensors and kind.startswith("mlp.gate_up."):
            parts = (parts[0] + "_w", parts[0] + "_v")
        if stacked:
            layers, layer = (config.layers,), int(number)
    part_shape = (shape[0] // len(parts), *shape[1:])
    arrange: Literal["as it is", "by kind of head", "for every head", "doubled"] = "as it is"
    if name.endswith("qk_norm.weight"):
        part_shape, arrange = (config.head_dim,), "for every head"
    elif ".attention.qkv." in name:
        arrange = "by kind of head"
    elif doubled and name.endswith("mlp.gate_up.bias"):
        arrange = "doubled"
    entries = [_entry(checkpoint, part) for part in parts]
    for part, entry in zip(parts, entries, strict=True):
        padded = name in ("embedding.weight", "head.weight")  # may have more rows
        fits = entry.shape[1:] == part_shape[1:] and entry.shape[:1] >= part_shape[:1] if padded else False
        if entry.shape != (*layers, *part_shape) and not fits:
            wanted = f"{[*layers, *part_shape]}{' or more rows' if padded else ''}"
            raise ModelError(f"{checkpoint.folder}: {part} has shape {list(entry.shape)}; by its arguments {wanted}")
        if entry.dtype not in (torch.float32, torch.bfloat16, torch.float16) or entry.dtype != entries[0].dtype:
            raise ModelError(f"{checkpoint.folder}: the tensor {part} holds {entry.dtype}, not weights")
    return TensorRecipe(shape, entries[0].dtype, parts, part_shape, layer, arrange)


def _entry(checkpoint: Checkpoint, name: str) -> TensorEntry:
    if name not in checkpoint.tensors:
        raise ModelError(f"{checkpoint.folder}: the tensor {name} is missing; fetch the weights again")
    return checkpoint.tensors[name]
