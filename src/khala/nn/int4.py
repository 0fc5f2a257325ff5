"""int4, PyTorch's own weight-only format for CPUs: groups of neighbouring weights share a scale and an offset.

The kernel multiplies rows of bfloat16 by the packed weight, in float32, and treats all rows alike, however many.
"""

import torch
from torch import Tensor

GROUP = 32
"""Neighbouring weights of a row that share their scale and offset, both in bfloat16."""
ROWS = 16
"""A weight has a multiple of so many rows, of GROUP weights each."""
MAX, MIDDLE = 15, 8
"""The largest number that 4 bits hold, and the one that stands for a group's offset."""


def empty_int4(outputs: int, inputs: int) -> tuple[Tensor, Tensor]:
    """Return what `pack_int4` returns for a weight [O, I], uninitialised. Raises ValueError for impossible sizes."""
    if inputs % GROUP or outputs % ROWS:
        raise ValueError(f"int4 needs weights of {ROWS} n by {GROUP} m, not {outputs} by {inputs}")
    weight = torch.empty(outputs, inputs // 2, dtype=torch.uint8)
    return weight, torch.empty(inputs // GROUP, outputs, 2, dtype=torch.bfloat16)


def pack_int4(weight_OI: Tensor) -> tuple[Tensor, Tensor]:
    """Round a weight [O, I] -> it packed, [O, I / 2], and each group's scale and offset, [I / GROUP, O, 2].

    The numbers of a group are spread evenly from its smallest weight to its largest.
    """
    weight_OGK = weight_OI.float().unflatten(1, (-1, GROUP))
    low_OG, high_OG = weight_OGK.aminmax(dim=2)
    scale_OG = ((high_OG - low_OG) / MAX).clamp_(min=torch.finfo(torch.float32).tiny).bfloat16()
    offset_OG = (low_OG + MIDDLE * scale_OG.float()).bfloat16()
    numbers_OGK = (weight_OGK - offset_OG.float()[..., None]) / scale_OG.float()[..., None] + MIDDLE
    numbers_OI = numbers_OGK.round_().clamp_(0, MAX).int().flatten(1)
    groups_GO2 = torch.stack([scale_OG, offset_OG], 2).transpose(0, 1).contiguous()
    return torch._convert_weight_to_int4pack_for_cpu(numbers_OI, 1), groups_GO2


def int4_linear(x_RI: Tensor, packed: Tensor, groups_GO2: Tensor, bias_O: Tensor | None) -> Tensor:
    """Compute `F.linear` of rows, in their dtype; the product is rounded to bfloat16."""
    x = x_RI.to(torch.bfloat16).contiguous()
    y_RO = torch._weight_int4pack_mm_for_cpu(x, packed, GROUP, groups_GO2).to(x_RI.dtype)
    return y_RO if bias_O is None else y_RO.add_(bias_O)
