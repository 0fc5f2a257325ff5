"""Matrix products with single rows, as a decode step needs them: always the same bits, on two threads."""

import torch
import torch.nn.functional as F
from torch import Tensor

PARTS = 2


class Rowwise:
    """`x @ weight.T + bias` for a few rows x, each of them by itself.

    A product over several rows takes other kernels than one with a single row and rounds differently; a last bit can
    flip a sampled code. Here a row's result depends on nothing but the row. The weight is multiplied in two parts,
    because a single row times one matrix runs on one thread, and waits for memory (1280 x 256, on two threads: 95 us
    instead of 154).
    """

    def __init__(self, weight_OI: Tensor, bias_O: Tensor | None = None) -> None:
        weight_OI = weight_OI.detach()
        self.padding = -weight_OI.shape[0] % PARTS
        if self.padding:
            weight_OI = F.pad(weight_OI, (0, 0, 0, self.padding))
        self.parts_PIO = weight_OI.unflatten(0, (PARTS, -1)).mT
        self.shape = (PARTS, 1, weight_OI.shape[1])
        self.bias_O = None if bias_O is None else bias_O.detach()

    def __call__(self, x_B1I: Tensor) -> Tensor:
        if x_B1I.shape[0] == 1:
            y_B1O = torch.bmm(x_B1I.expand(self.shape), self.parts_PIO).view(1, 1, -1)
        else:
            rows = [torch.bmm(row_1I.expand(self.shape), self.parts_PIO) for row_1I in x_B1I.unbind(0)]
            y_B1O = torch.stack(rows).view(len(rows), 1, -1)
        if self.padding:
            y_B1O = y_B1O[..., : -self.padding]
        return y_B1O if self.bias_O is None else y_B1O + self.bias_O
