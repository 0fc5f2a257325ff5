"""Batch-invariant matrix products with a few rows, for decode steps: the weight is read once.

A product of several rows runs other kernels than that of a single row and rounds differently, and a last bit can flip
a sampled code. So the shape of a product must not depend on how many takes are decoded.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.nn.int4 import int4_linear

WEIGHT_PARTS = 2
"""Parts of a float32 weight, each multiplied on a thread of its own."""
PAIR_ROWS = 2
"""Rows of every float32 product."""


class Rowwise:
    """`x @ weight.T + bias` for rows x [B, 1, I] -> [B, 1, O], in their dtype.

    In float32 rows are multiplied in pairs, an odd one with a row of zeros: while memory is the bottleneck, a pair
    takes no longer than one row. The weight is multiplied in two parts, each on a thread of its own.

    16-bit weights on a CPU are packed (copied) as float16 for a kernel that upcasts them in registers and, with
    AVX-512, treats all rows alike, however many (oneDNN's of bfloat16 does not); elsewhere it takes rows one by one. Of
    bfloat16 only magnitudes below 6e-5 are rounded, by at most 3e-8.

    int8 weights (with a scale per row) have a kernel that takes x as bfloat16 and treats all rows alike, too, and so
    has int4 (`nn.int4`).
    """

    def __init__(
        self,
        weight_OI: Tensor,
        bias_O: Tensor | None = None,
        scale_O: Tensor | None = None,
        groups_GO2: Tensor | None = None,
    ) -> None:
        weight_OI = weight_OI.detach()
        self._key = _key(weight_OI)
        self._outputs = weight_OI.shape[0]
        self._bias_O = None if bias_O is None else bias_O.detach()
        self._scale_O, self._groups_GO2 = scale_O, groups_GO2
        self._packed = None
        if groups_GO2 is not None:
            self._weight_OI = weight_OI
        elif scale_O is not None:
            self._weight_OI, self._ones_O = weight_OI, torch.ones_like(scale_O, dtype=torch.bfloat16)
        elif weight_OI.device.type == "cpu" and weight_OI.dtype.itemsize == 2 and _can_pack():
            added_O, self._bias_O = self._bias_O, None
            self._packed = torch.ops.quantized.linear_prepack_fp16(
                weight_OI.float(), None if added_O is None else added_O.float()
            )
        else:
            weight_OI = (
                F.pad(weight_OI, (0, 0, 0, -self._outputs % WEIGHT_PARTS))
                if self._outputs % WEIGHT_PARTS
                else weight_OI
            )
            self._parts_PIO = weight_OI.unflatten(0, (WEIGHT_PARTS, -1)).mT

    def is_of(self, weight_OI: Tensor) -> bool:
        """Whether this product was built from the same weight."""
        return self._key == _key(weight_OI)

    def __call__(self, x_B1I: Tensor) -> Tensor:
        if self._groups_GO2 is not None:
            return int4_linear(x_B1I[:, 0], self._weight_OI, self._groups_GO2, self._bias_O).unsqueeze(1)
        if self._packed is not None:  # few calls: after every product the code of all others is out of the cache
            product, rows = torch.ops.quantized.linear_dynamic_fp16, x_B1I.float()
            if len(rows) == 1 or _rows_are_alike():
                y_B1O: Tensor = product(rows, self._packed)
            else:
                y_B1O = torch.cat([product(row, self._packed) for row in rows.split(1)])
            return y_B1O.to(x_B1I.dtype)
        if self._scale_O is not None:
            sums_BO = torch._weight_int8pack_mm(x_B1I[:, 0].bfloat16(), self._weight_OI, self._ones_O)
            y_BO: Tensor = (sums_BO * self._scale_O).to(x_B1I.dtype)
        else:
            y_BO = self._by_pairs(x_B1I[:, 0])
        y_BO = y_BO if self._bias_O is None else y_BO + self._bias_O
        return y_BO.unsqueeze(1)

    def _by_pairs(self, x_BI: Tensor) -> Tensor:
        rows = x_BI.shape[0]
        x_BI = F.pad(x_BI, (0, 0, 0, 1)) if rows % PAIR_ROWS else x_BI
        pairs = [torch.bmm(pair_2I.expand(WEIGHT_PARTS, -1, -1), self._parts_PIO) for pair_2I in x_BI.split(PAIR_ROWS)]
        y_PBO = pairs[0] if len(pairs) == 1 else torch.cat(pairs, 1)
        return y_PBO[:, :rows].transpose(0, 1).flatten(1)[:, : self._outputs]


def _key(weight_OI: Tensor) -> tuple[int, torch.dtype]:
    return weight_OI.data_ptr(), weight_OI.dtype


def _rows_are_alike() -> bool:
    """Whether the packed product's kernel sums a row up in the same order among any number of rows."""
    return torch.backends.cpu.get_cpu_capability() == "AVX512"


def _can_pack() -> bool:
    return "fbgemm" in torch.backends.quantized.supported_engines
