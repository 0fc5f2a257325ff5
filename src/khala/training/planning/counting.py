"""What torch itself counts of a model in training: on its meta device tensors have shapes, and no memory."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from khala.models.lm.config import TransformerConfig
from khala.models.lm.transformer import Transformer

T = TypeVar("T", bound=Transformer)
META = torch.device("meta")


def meta_model(kind: type[T], config: TransformerConfig, dtype: torch.dtype = torch.float32) -> T:
    """Build a language model without memory, its codebooks bound if it has any."""
    with META:
        model = kind(config)
        if model.codebooks is not None:
            model.bind_codebooks(torch.empty(model.codebooks.shape))
    return model.to(dtype)


def optimizer_bytes(optimizers: list[torch.optim.Optimizer]) -> int:
    """Return the bytes of the states that optimizers keep for their weights, by taking a step."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for weight in group["params"]:
                weight.grad = torch.empty_like(weight)
        optimizer.step()
    states = (state for optimizer in optimizers for state in optimizer.state.values())
    return sum(
        value.nbytes for state in states for value in state.values() if isinstance(value, Tensor) and value.dim()
    )


def saved_bytes(model: Transformer, compute: Callable[[], Tensor]) -> int:
    """Return the bytes that a forward pass keeps for the backward pass, the weights of `model` left out."""
    weights = {_storage(weight) for weight in model.parameters()}
    kept = dict[int, tuple[int, Tensor]]()

    def keep(tensor: Tensor) -> Tensor:
        if tensor.device.type == META.type and _storage(tensor) not in weights:
            kept[_storage(tensor)] = tensor.untyped_storage().nbytes(), tensor
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor), _Flash():
        compute()
    return sum(size for size, _ in kept.values())


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


class _Flash(TorchFunctionMode):
    """Attention that keeps what the kernels of GPUs keep; the only one on the meta device keeps all weights."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.scaled_dot_product_attention:
            return _FlashAttention.apply(*args[:3])
        return func(*args, **(kwargs or {}))


class _FlashAttention(torch.autograd.Function):
    """Queries, keys, values, the result, and a sum for each query (Dao, arXiv 2307.08691)."""

    @staticmethod
    def forward(ctx: Any, q_BHTK: Tensor, k_BGTK: Tensor, v_BGTK: Tensor) -> Tensor:
        y_BHTK = torch.empty_like(q_BHTK)
        ctx.save_for_backward(q_BHTK, k_BGTK, v_BGTK, y_BHTK, q_BHTK.new_empty(q_BHTK.shape[:3], dtype=torch.float32))
        return y_BHTK

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        raise NotImplementedError("nothing is computed on the meta device")
