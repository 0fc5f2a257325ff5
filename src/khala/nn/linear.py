"""The linear layer of the language models: its weight may be stored in fewer bits than it is computed with."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.nn.int4 import empty_int4, int4_linear, pack_int4
from khala.nn.precision import INT4
from khala.nn.rowwise import Rowwise

INT8_MAX = 127
"""The largest magnitude used; -128 is left out, so that the range is symmetric."""


class Linear(nn.Linear):
    """`x @ weight.T + bias`, computed by `linear`. With `scale_O` the weight is int8, in units of its row's scale; with
    `groups_GO2` it is int4, packed (`nn.int4`)."""

    scale_O: Tensor | None
    groups_GO2: Tensor | None
    _rowwise: Rowwise | None = None
    _upcast_OI: Tensor | None = None

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, bias)
        self.register_buffer("scale_O", None, persistent=False)
        self.register_buffer("groups_GO2", None, persistent=False)

    @property
    def stored_dtype(self) -> torch.dtype:
        """The format of the weight: its dtype, or int4, which is packed into bytes."""
        return self.weight.dtype if self.groups_GO2 is None else INT4

    def forward(self, x: Tensor) -> Tensor:
        if self.groups_GO2 is not None:
            y_RO = int4_linear(x.flatten(0, -2), self.weight, self.groups_GO2, self.bias)
            return y_RO.view(*x.shape[:-1], -1)
        return linear(x, self.weight if self._upcast_OI is None else self._upcast_OI, self.bias, self.scale_O)

    def rowwise(self) -> Rowwise:
        """Return the product for a few rows. It is built once, as packing is slow: do not change the weight after."""
        if self._rowwise is None or not self._rowwise.is_of(self.weight):
            self._rowwise = Rowwise(self.weight, self.bias, self.scale_O, self.groups_GO2)
        return self._rowwise

    def quantize_(self, dtype: torch.dtype = torch.int8, empty: bool = False) -> None:
        """Make the weight int8 or int4, for inference: rounded or, with `empty`, uninitialised until `load_quantized`.

        Raises ValueError for a weight that cannot be int4.
        """
        weight_OI = self.weight.detach()
        if dtype == INT4:
            stored, self.groups_GO2 = empty_int4(*weight_OI.shape)
        else:
            stored = torch.empty(weight_OI.shape, dtype=torch.int8, device=weight_OI.device)
            self.scale_O = torch.empty(weight_OI.shape[0], dtype=torch.float32, device=weight_OI.device)
        self.weight = nn.Parameter(stored, requires_grad=False)
        if not empty:
            self.load_quantized(weight_OI)

    def load_quantized(self, weight_OI: Tensor) -> None:
        """Round a weight [O, I]: to int4 by groups, to int8 by rows, whose largest magnitudes become 127."""
        if self.groups_GO2 is not None:
            packed, groups_GO2 = pack_int4(weight_OI)
            self.weight.copy_(packed)
            self.groups_GO2.copy_(groups_GO2)
            return
        assert self.scale_O is not None
        weight_OI = weight_OI.to(self.weight.device, torch.float32)
        scale_O = weight_OI.abs().amax(1).clamp_(min=torch.finfo(torch.float32).tiny) / INT8_MAX
        self.weight.copy_((weight_OI / scale_O[:, None]).round_())
        self.scale_O.copy_(scale_O)

    @contextmanager
    def upcast(self, dtype: torch.dtype) -> Iterator[None]:
        """Hold a copy of a narrower weight in `dtype`, for several products. Upcasting takes a tenth of one."""
        narrower = self.groups_GO2 is None and self.weight.dtype.itemsize < dtype.itemsize
        self._upcast_OI = self.weight.to(dtype) if narrower else None
        try:
            yield
        finally:
            self._upcast_OI = None


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, scale_O: Tensor | None = None) -> Tensor:
    """Compute `F.linear`, in the dtype of `x` if the weight's is narrower; `scale_O` multiplies the sums of each row.

    Upcasting a weight takes a small part of the time of a product with many rows, and a CPU without instructions for
    16-bit floats multiplies float32 four times faster.
    """
    if weight.dtype.itemsize < x.dtype.itemsize:
        weight = weight.to(x.dtype)
    if scale_O is not None:  # small numbers are exact in every format; the scale is applied to their sums, in float32
        y = F.linear(x, weight) * scale_O
        return (y if bias is None else y.add_(bias)).to(x.dtype)
    return F.linear(x, weight, bias if bias is None or bias.dtype == weight.dtype else bias.to(weight.dtype))
