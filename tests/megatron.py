"""Checkpoints with random numbers, laid out as Megatron writes them, for tests and benchmarks of the import."""

import argparse
import io
import json
import pickle
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)

PLAN = "megatron.core.dist_checkpointing.strategies.torch"
ARGUMENTS: dict[str, Any] = {
    **{"num_layers": 2, "hidden_size": 16, "num_attention_heads": 4, "kv_channels": 4, "ffn_hidden_size": 24},
    **{"group_query_attention": True, "num_query_groups": 2, "norm_epsilon": 1e-6, "rotary_base": 500000},
    **{"add_bias_linear": True, "add_qkv_bias": True, "untie_embeddings_and_output_weights": True},
    **{"normalization": "RMSNorm", "swiglu": True, "position_embedding_type": "rope", "rotary_percent": 1.0},
    **{"qk_layernorm": False, "use_rope_scaling": False, "rope_scaling_factor": 8.0, "params_dtype": torch.bfloat16},
}
BY_COLUMN = ("linear_proj.weight", "linear_fc2.weight")
"""Split on their last axis among the ranks of tensor parallelism; biases of these and norms are not split at all."""


class CheckpointWriter:
    """A checkpoint in `folder`; `finish` writes the files that `add` did not."""

    def __init__(self, folder: Path, name: str = "iter_0036000") -> None:
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        iteration = name.removeprefix("iter_").lstrip("0")
        (folder / "latest_checkpointed_iteration.txt").write_text(iteration)
        self.tensors: dict[str, Any] = {}
        self.places: dict[MetadataIndex, _StorageInfo] = {}

    def add(self, name: str, chunk: Tensor, shape: Iterable[int], start: Iterable[int], file: str) -> None:
        """Append a chunk of a tensor of `shape` to a file."""
        size, at = torch.Size(shape), torch.Size(start)
        entry = self.tensors.setdefault(name, TensorStorageMetadata(TensorProperties(chunk.dtype), size, []))
        entry.chunks.append(ChunkStorageMetadata(at, chunk.shape))
        buffer = io.BytesIO()
        torch.save(chunk, buffer)
        self.places[MetadataIndex(name, at)] = self.append(file, buffer.getbuffer())

    def add_bytes(self, name: str, data: bytes, file: str) -> None:
        """Append a state that is not a tensor."""
        self.tensors[name] = BytesStorageMetadata()
        self.places[MetadataIndex(name)] = self.append(file, data)

    def append(self, file: str, data: Any) -> _StorageInfo:
        with (self.folder / file).open("ab") as target:
            offset = target.tell()
            target.write(data)
        return _StorageInfo(file, offset, len(data))

    def finish(self, arguments: Mapping[str, Any], iteration: int, per_layer: bool | None) -> None:
        modules = [".".join(PLAN.split(".")[:depth]) for depth in range(1, PLAN.count(".") + 2)]
        for module in modules:
            sys.modules[module] = ModuleType(module)
        plan = type("MCoreSavePlan", (), {"__module__": PLAN})
        sys.modules[PLAN].MCoreSavePlan = plan  # type: ignore[attr-defined]
        metadata = Metadata(self.tensors, storage_data=self.places)
        metadata.all_local_plans = [plan()]  # type: ignore[attr-defined]
        (self.folder / ".metadata").write_bytes(pickle.dumps(metadata))
        for module in modules:
            del sys.modules[module]
        common = {"args": argparse.Namespace(**arguments), "iteration": iteration, "checkpoint_version": 3.0}
        if per_layer is not None:
            common["content_metadata"] = {"singleton_local_shards": per_layer}
        torch.save(common, self.folder / "common.pt")
        kind = {"sharded_backend": "torch_dist", "sharded_backend_version": 1}
        (self.folder / "metadata.json").write_text(json.dumps(kind))


def layer_shapes(arguments: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a layer's tensors."""
    dim, ffn, width = (arguments[name] for name in ("hidden_size", "ffn_hidden_size", "kv_channels"))
    heads = arguments["num_attention_heads"]
    groups = arguments["num_query_groups"] if arguments["group_query_attention"] else heads
    shapes: dict[str, tuple[int, ...]] = {
        "self_attention.linear_qkv.layer_norm_weight": (dim,),
        "self_attention.linear_qkv.weight": ((heads + 2 * groups) * width, dim),
        "self_attention.linear_proj.weight": (dim, heads * width),
        "mlp.linear_fc1.layer_norm_weight": (dim,),
        "mlp.linear_fc1.weight": (2 * ffn, dim),
        "mlp.linear_fc2.weight": (dim, ffn),
    }
    if arguments["add_bias_linear"]:
        linear = [name for name in shapes if name.endswith(".weight")]
        shapes |= {name.removesuffix("weight") + "bias": shapes[name][:1] for name in linear}
    if arguments["qk_layernorm"]:
        shapes |= {f"self_attention.{kind}_layernorm.weight": (width,) for kind in "qk"}
    return shapes


def draw(seed: int, dtype: torch.dtype = torch.bfloat16) -> Callable[[str, tuple[int, ...]], Tensor]:
    """Random numbers for a name and a shape, the same in whatever order they are asked for."""

    def numbers(name: str, shape: tuple[int, ...]) -> Tensor:
        generator = torch.Generator().manual_seed(zlib.crc32(f"{seed} {name}".encode()))
        return (0.3 * torch.randn(shape, generator=generator)).to(dtype)

    return numbers


def write_checkpoint(
    folder: Path,
    rows: int,
    *,
    name: str = "iter_0036000",
    iteration: int = 36000,
    arguments: Mapping[str, Any] | None = None,
    stacked: bool = False,
    split: bool | None = None,
    ranks: int = 1,
    numbers: Callable[[str, tuple[int, ...]], Tensor] | None = None,
    without: Iterable[str] = (),
) -> CheckpointWriter:
    """A checkpoint of a language model with `rows` of vocabulary.

    `stacked`: one tensor for all layers, else one for each; `split`: fc1 is two tensors (default: unless stacked);
    `ranks` of tensor parallelism, each with two files; `without` the tensors so named.
    """
    arguments = {**ARGUMENTS, **(arguments or {})}
    numbers = numbers or draw(rows)
    split = not stacked if split is None else split
    writer = CheckpointWriter(folder, name)

    def put(name: str, tensor: Tensor, layer: int | None = None) -> None:
        if name in without:
            return
        front = () if layer is None else (arguments["num_layers"],)
        axis = tensor.dim() - 1 if name.endswith(BY_COLUMN) else 0
        whole = "norm" in name or name.endswith(("proj.bias", "fc2.bias"))
        at = 0
        for rank, part in enumerate(tensor.chunk(1 if whole else ranks, axis)):
            start = [at if each == axis else 0 for each in range(tensor.dim())]
            chunk = (part if layer is None else part[None]).contiguous().clone()
            first = () if layer is None else (layer,)
            writer.add(name, chunk, (*front, *tensor.shape), (*first, *start), f"__{rank}_{(layer or 0) % 2}.distcp")
            at += part.shape[axis]

    dim = arguments["hidden_size"]
    put("embedding.word_embeddings.weight", numbers("embedding", (rows, dim)))
    put("decoder.final_layernorm.weight", numbers("norm", (dim,)))
    if arguments["untie_embeddings_and_output_weights"]:
        put("output_layer.weight", numbers("head", (rows, dim)))
    for layer in range(arguments["num_layers"]):
        prefix = "decoder.layers." if stacked else f"decoder.layers.{layer}."
        for kind, shape in layer_shapes(arguments).items():
            tensor = numbers(f"{layer}.{kind}", shape)
            halves = zip("wv", tensor.chunk(2), strict=True) if split and "fc1." in kind and "norm" not in kind else ()
            for half, part in halves:
                put(f"{prefix}{kind}_{half}", part, layer if stacked else None)
            if not halves:
                put(prefix + kind, tensor, layer if stacked else None)
        writer.add_bytes(f"{prefix}mlp.linear_fc1._extra_state/shard_{layer}_1", b"not a pickle", "__0_0.distcp")
    writer.add_bytes("rng_state/shard_0.0_1.1", b"not a pickle", "__0_0.distcp")
    writer.finish(arguments, iteration, not stacked)
    return writer
