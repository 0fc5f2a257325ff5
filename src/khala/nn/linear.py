"""Matrix products whose rounding does not depend on the company a row keeps."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def linear(x_BTI: Tensor, weight_OI: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """`x @ weight.T + bias`.

    A decode step (T = 1) multiplies every row of the batch by itself: a matrix product over several rows takes other
    kernels than a product with one, which rounds differently, and a last bit can flip a sampled token. So a take stays
    the same in any batch. On a CPU the rows run on separate threads: a second take costs next to nothing.
    """
    if x_BTI.dim() == 3 and x_BTI.shape[1] == 1:
        y_BTO = torch.bmm(x_BTI, weight_OI.t().expand(x_BTI.shape[0], -1, -1))
        return y_BTO if bias_O is None else y_BTO + bias_O
    return F.linear(x_BTI, weight_OI, bias_O)


class Linear(nn.Linear):
    """`nn.Linear` by `linear` above."""

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.weight, self.bias)
