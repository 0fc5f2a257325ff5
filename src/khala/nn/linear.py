"""The linear layer of the language models: its weight may be stored in fewer bits than it is computed with."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.nn.rowwise import Rowwise


class Linear(nn.Linear):
    """`x @ weight.T + bias` as `linear` computes it."""

    _rowwise: Rowwise | None = None
    _wide_OI: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight if self._wide_OI is None else self._wide_OI, self.bias)

    def rowwise(self) -> Rowwise:
        """The same for a few rows. Made once, because packing takes a while: then the weight must stay as it is."""
        if self._rowwise is None or not self._rowwise.is_of(self.weight):
            self._rowwise = Rowwise(self.weight, self.bias)
        return self._rowwise

    @contextmanager
    def widened(self, dtype: torch.dtype) -> Iterator[None]:
        """While it lasts the weight is at hand in `dtype`, for several products. Widening takes a tenth of one."""
        narrow = self.weight.dtype.itemsize < dtype.itemsize
        self._wide_OI = self.weight.to(dtype) if narrow else None
        try:
            yield
        finally:
            self._wide_OI = None


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`F.linear` in the format of `x` if the weight's is narrower. Widening a weight takes a small part of the time of
    a product with many rows, and a CPU without instructions for halves multiplies float32 four times faster."""
    if weight.dtype.itemsize < x.dtype.itemsize:
        weight = weight.to(x.dtype)
    return F.linear(x, weight, bias if bias is None or bias.dtype == weight.dtype else bias.to(weight.dtype))
