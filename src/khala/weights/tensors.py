"""Modules <-> safetensors files, with every name, shape and value checked."""

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from khala.nn.linear import Linear
from khala.nn.precision import QUANTIZED
from khala.weights.adapters import Merging
from khala.weights.aliases import tensor_name


def stored_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a file of `module`: parameters and persistent buffers, tied weights once."""
    seen: set[int] = set()
    unique = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            unique[name] = tensor
    return unique


def trained_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Return those of `stored_tensors` that are not frozen."""
    tensors = stored_tensors(module).items()
    return {name: one for name, one in tensors if one.requires_grad or not isinstance(one, nn.Parameter)}


def is_finite(tensor: Tensor) -> bool:
    """Whether all numbers are finite. One pass over the memory, ten times as fast as `torch.isfinite`."""
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    return all(math.isfinite(extreme) for extreme in torch.stack(tensor.aminmax()).tolist())


def save_module(path: Path, module: nn.Module, dtype: torch.dtype) -> None:
    """Write the tensors of `module` as `save_tensors` does."""
    save_tensors(path, stored_tensors(module), dtype)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> None:
    """Write floating-point tensors in `dtype`, others as they are. Raises ValueError for NaN, infinity or overflow."""
    found = {}
    for name, tensor in tensors.items():
        stored = tensor.detach().to("cpu", dtype if tensor.is_floating_point() else tensor.dtype).contiguous()
        if not is_finite(stored):
            raise ValueError(f"{name} holds NaN, infinity, or a value too large for {dtype}")
        found[name] = stored
    save_file(found, path, metadata={"format": "pt"})
    path.chmod(0o644)  # the library writes files that only their owner may read


def stream_tensors(
    path: Path,
    tensors: Mapping[str, tuple[torch.dtype, tuple[int, ...]]],
    make: Callable[[str], Tensor],
    progress: Callable[[int, int], None],
) -> None:
    """Write a safetensors file of `tensors` (dtype and shape by name), calling `make` for one at a time.

    The library needs all of them in memory. Wider dtypes come first, so that each tensor is aligned. `progress` takes
    the bytes written and their sum. The file is synced to the disk. Raises OSError, and ValueError for another shape.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name][0].itemsize, name))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name in order:
        dtype, shape = tensors[name]
        start, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": _CODES[dtype], "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    written = 0
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            tensor = make(name)
            if (tensor.dtype, tuple(tensor.shape)) != tensors[name]:
                raise ValueError(f"{name} is {tensor.dtype} {list(tensor.shape)}, not {tensors[name]}")
            file.write(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
            written += tensor.nbytes
            del tensor  # before the next is made
            progress(written, end)
        file.flush()
        os.fsync(file.fileno())


_CODES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}


def check_shapes(path: Path, module: nn.Module) -> None:
    """Compare names and shapes in the file's header with `module`. Raises ValueError."""
    wanted = {name: list(tensor.shape) for name, tensor in stored_tensors(module).items()}
    for name in wanted:
        if (owner := _quantized(module, name)) is not None:
            wanted[name] = [owner.out_features, owner.in_features]  # it may be packed
    try:
        with safe_open(path, "pt") as file:
            found = {tensor_name(name): file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except SafetensorError as error:
        raise ValueError(f"it is truncated or not a safetensors file ({error})") from None
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise ValueError(f"the tensor {name} is missing")
        if name not in wanted:
            raise ValueError(f"the tensor {name} is unknown to this kind of model")
        if found[name] != wanted[name]:
            raise ValueError(f"the tensor {name} has shape {found[name]}; config.json says {wanted[name]}")


def load_module(path: Path, module: nn.Module, merging: Merging | None = None) -> None:
    """Load the file into `module`, whatever its device and dtype, with what adapters change.

    Raises ValueError, OSError, and ModelError for changes that are not finite."""
    check_shapes(path, module)
    with safe_open(path, "pt") as file, torch.no_grad():
        names = {tensor_name(name): name for name in file.keys()}  # noqa: SIM118 (as above)
        for name, target in stored_tensors(module).items():
            stored = file.get_tensor(names[name])
            if merging is not None and name in merging.names:
                stored = torch.from_numpy(merging.merged(name)).view(stored.dtype)
            owner = _quantized(module, name)
            if stored.is_floating_point() != (owner is not None or target.is_floating_point()):
                raise ValueError(f"the tensor {name} holds {stored.dtype}")
            if not is_finite(stored):
                raise ValueError(f"the tensor {name} holds NaN or infinity")
            if owner is not None:
                owner.load_quantized(stored)
            else:
                target.copy_(stored)


def _quantized(module: nn.Module, name: str) -> Linear | None:
    """Return the layer whose quantised weight `name` is, or None."""
    path, _, leaf = name.rpartition(".")
    owner = module.get_submodule(path)
    return owner if isinstance(owner, Linear) and leaf == "weight" and owner.stored_dtype in QUANTIZED else None
