"""A GPU for tests, on any machine: tensors that say they are on `DEVICE`, while the CPU computes them.

As with a GPU, tensors of two devices do not mix, numpy cannot read those of the GPU, and what makes the host wait is
noted. A captured graph remembers the kernels launched meanwhile and launches them again, with the same tensors. What
this cannot show: speed, memory, and whether the kernels of a real device round alike in any company.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from khala.nn import norm

DEVICE = torch.device("cuda:1")
"""Not the first one, which CUDA takes where none is named."""

READS = ("cpu", "tolist", "item", "equal", "__bool__", "__int__", "__float__", "__index__")
INDEXING = ("__getitem__", "__setitem__")

as_it_is = torch._C.DisableTorchFunction
"""Within it tensors are where they really are: on the CPU."""


class Remote(Tensor):
    """A tensor that says it is on `DEVICE`."""


class PretendCuda(TorchFunctionMode):
    """While it is active there is `DEVICE`. `waits` names what made the host wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []
        self.graphs = 0
        self.current = torch.device("cuda:0")

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs, name = dict(kwargs or {}), getattr(func, "__name__", "")
        tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        remote = any(isinstance(one, Remote) for one in tensors)
        if func == Tensor.device.__get__:  # type: ignore[attr-defined]
            return DEVICE if remote else torch.device("cpu")
        if name == "to":
            return self._to(*args, **kwargs)
        if name == "pin_memory":
            return _pinned(args[0])
        if remote and name == "numpy":
            raise TypeError("numpy cannot read a tensor of the GPU")
        if remote and name in READS:
            self.waits.append(name)
            with as_it_is():
                value = func(*args, **kwargs)
                return value.as_subclass(Tensor).clone() if isinstance(value, Tensor) else value
        if remote and any(one.dim() and not isinstance(one, Remote) for one in tensors):
            if name not in ("copy_", *INDEXING):
                raise RuntimeError(f"{name} of tensors on two devices")
            self.waits.append(name)
        elif remote and name in INDEXING and isinstance(args[1], list):
            self.waits.append(f"{name} by a list")
        if not remote and _is_cuda(kwargs.get("device")):
            if name == "tensor":
                self.waits.append(name)
            kwargs["device"], remote = "cpu", True
        with as_it_is():
            made = func(*args, **kwargs)
            if not remote or (args and made is args[0]):
                return made
            return tree_map_only(Tensor, lambda one: one.as_subclass(Remote), made)

    def _to(self, tensor: Tensor, *args: Any, non_blocking: bool = False, device: Any = None, **kwargs: Any) -> Tensor:
        places = [one for one in (*args, device) if isinstance(one, str | torch.device)]
        args = tuple(one for one in args if not isinstance(one, str | torch.device))
        kind: Any = Remote if (_is_cuda(places[0]) if places else isinstance(tensor, Remote)) else Tensor
        moved = isinstance(tensor, Remote) != (kind is Remote)
        if moved and not (non_blocking and hasattr(tensor, "is_pinned_copy")):
            self.waits.append("to")
        with as_it_is():
            made = tensor.to(*args, **kwargs) if args or kwargs else tensor
            return made if made is tensor and not moved else made.clone().as_subclass(kind)

    @contextmanager
    def on(self, device: torch.device) -> Iterator[None]:
        """`torch.cuda.device`."""
        before, self.current = self.current, device
        yield
        self.current = before

    @contextmanager
    def capture(self, graph: "Graph") -> Iterator[None]:
        """`torch.cuda.graph`: sees the current device alone, and nothing may wait."""
        assert self.current == DEVICE, f"a graph of {self.current} would be empty"
        before = len(self.waits)
        with graph.recorder:
            yield
        assert len(self.waits) == before, f"waits within a graph: {self.waits[before:]}"
        graph.forget()
        self.graphs += 1


class Graph:
    """`torch.cuda.CUDAGraph`: kernels, and the tensors that they were launched with."""

    def __init__(self) -> None:
        self.recorder = _Recorder()

    def forget(self) -> None:
        """Overwrite what the kernels have made: a real graph computes nothing until it is replayed."""
        with as_it_is():
            for one in self.recorder.made:
                if one.is_floating_point():
                    one.fill_(torch.nan)

    def replay(self) -> None:
        with as_it_is():
            for func, args, kwargs, made in self.recorder.kernels:
                for old, new in zip(tree_leaves(made), tree_leaves(func(*args, **kwargs)), strict=True):
                    if isinstance(old, Tensor) and old.data_ptr() != new.data_ptr():
                        old.copy_(new)


class _Recorder(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.kernels: list[tuple[Any, Any, Any, Any]] = []
        self.made: list[Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        given = {_storage(one) for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)}
        self.made += [one for one in tree_leaves(made) if isinstance(one, Tensor) and _storage(one) not in given]
        self.kernels.append((func, args, kwargs or {}, made))
        return made


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _is_cuda(device: Any) -> bool:
    if device is None or torch.device(device).type != "cuda":
        return False
    assert torch.device(device) == DEVICE, f"something is put on {device}"
    return True


def _pinned(tensor: Tensor) -> Tensor:
    assert not isinstance(tensor, Remote), "memory of the GPU cannot be pinned"
    pinned = tensor.clone()
    pinned.is_pinned_copy = True  # type: ignore[attr-defined]
    return pinned


@contextmanager
def pretend_cuda() -> Iterator[PretendCuda]:
    """Pretend that there are two GPUs, of which the second one is used."""
    mode, stream = PretendCuda(), SimpleNamespace(wait_stream=lambda other: None)
    functions = {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "is_bf16_supported": lambda: True,
        "mem_get_info": lambda device: (8 << 30, 8 << 30),
        "memory_reserved": lambda device: 0,
        "empty_cache": lambda: None,
        "device": mode.on,
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": lambda its: nullcontext(),
        "CUDAGraph": Graph,
        "graph": mode.capture,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, function in functions.items():
            patch.setattr(torch.cuda, name, function)
        with mode:
            yield mode
    norm._made_once.cache_clear()  # there is a tensor of this device in it


def on_device(module: nn.Module) -> None:
    """Move a module to `DEVICE`."""
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                part._parameters[name] = nn.Parameter(parameter.detach().to(DEVICE), requires_grad=False)
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = buffer.to(DEVICE)
