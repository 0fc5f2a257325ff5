"""Convolution over rows [T, D] as matrix products, with fewer of them than there are taps.

A convolution of K taps is K products of [T, D] with [D, D'], one for each tap. Karatsuba's trick (1962; for filters:
Mou and Duhamel 1991) makes three products of half the rows out of four, again and again: blocks of eight rows need 26
instead of 56 products for seven taps, at the price of sums and differences, which cost little compared with products
where D is large. They lose less than a decimal digit of float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SHARED_ROWS = 8
"""Rows that share their products; no kernel may have more taps."""

Products = Tensor | tuple["Products", "Products", "Products | None"]
"""A matrix [D, D'], or three sets for half as many taps: of the early taps, of the sums of both, of the late taps.
None stands for missing taps."""


class RowConvolution:
    """A convolution of stride one, without padding, over rows: row t of the result reads rows t to t + reach."""

    def __init__(self, conv: nn.Conv1d) -> None:
        self.dilation, taps = conv.dilation[0], conv.kernel_size[0]
        if taps > SHARED_ROWS or conv.stride != (1,) or conv.groups != 1 or conv.bias is None:
            raise ValueError(f"{conv} is not a plain convolution of at most {SHARED_ROWS} taps")
        self.reach = (taps - 1) * self.dilation
        self.bias = conv.bias
        self.products = _products(list(conv.weight.detach().permute(2, 1, 0).contiguous()), SHARED_ROWS)

    def blocks(self, rows: int) -> int:
        """Number of blocks that hold `rows` rows."""
        return -(-rows // (SHARED_ROWS * self.dilation))

    def input_rows(self, rows: int) -> int:
        """Number of input rows for `rows` rows of result; those beyond t + reach may be anything finite."""
        return (self.blocks(rows) + 1) * SHARED_ROWS * self.dilation

    def __call__(self, x_TD: Tensor, rows: int) -> Tensor:
        """Convolve [input_rows(rows), D] -> [rows, D']."""
        d, A = self.dilation, self.blocks(rows)
        x = x_TD.view(A + 1, SHARED_ROWS, d, -1)
        phases = [x[:A, p] for p in range(SHARED_ROWS)] + [x[1:, p] for p in range(SHARED_ROWS - 1)]
        found = _multiply(phases, self.products)
        result = found[0].new_empty(A, SHARED_ROWS, d, found[0].shape[-1])
        for p, y in enumerate(found):
            torch.add(y.view(A, d, -1), self.bias, out=result[:, p])
        return result.view(A * SHARED_ROWS * d, -1)[:rows]


class RowUpsampling:
    """A transposed convolution over rows whose kernel is twice its stride."""

    def __init__(self, conv: nn.ConvTranspose1d) -> None:
        self.rate, self.cut = conv.stride[0], int(conv.padding[0])
        if conv.kernel_size != (2 * self.rate,) or conv.groups != 1 or conv.bias is None:
            raise ValueError(f"{conv} is not a plain upsampling by twice its stride")
        D, self.width, _ = conv.weight.shape
        # Each row makes `rate` rows of its own and adds to those of the next: [2, D, rate D'].
        pieces = conv.weight.detach().permute(2, 0, 1).unflatten(0, (2, self.rate))
        self.matrices = pieces.transpose(1, 2).reshape(2, D, -1)
        self.bias = conv.bias

    def __call__(self, x_TD: Tensor, out: Tensor) -> None:
        """Upsample [T, D] -> [rate T, D'], written to `out`."""
        T = len(x_TD)
        rows = x_TD.new_zeros(T + 1, self.matrices.shape[2])
        torch.mm(x_TD, self.matrices[0], out=rows[:T])
        rows[1:].addmm_(x_TD, self.matrices[1])
        torch.add(rows.view((T + 1) * self.rate, -1)[self.cut :][: T * self.rate], self.bias, out=out)


def _products(taps: list[Tensor], size: int) -> Products:
    """Build the matrices of a block of `size` rows; there may be fewer taps than rows."""
    if size == 1:
        return taps[0]
    half = size // 2
    early, late = taps[:half], taps[half:]
    both = [a + b for a, b in zip(early, late, strict=False)] + early[len(late) :]
    return _products(early, half), _products(both, half), _products(late, half) if late else None


def _multiply(x: list[Tensor], products: Products) -> list[Tensor]:
    """Compute y[i] = sum over k of x[i + k] @ tap k, for n taps; x holds 2 n - 1 views of rows [A, d, D]."""
    if isinstance(products, Tensor):
        return [x[0].reshape(-1, x[0].shape[-1]) @ products]
    n = len(x) // 2 + 1
    first, second, third = (x[start : start + n - 1] for start in (0, n // 2, n))
    # y[:h] = first early + second late, y[h:] = second early + third late, where second (early + late) serves both.
    middle = _multiply(second, products[1])
    low = _multiply([a - b for a, b in zip(first, second, strict=True)], products[0])
    for a, b in zip(low, middle, strict=True):
        a += b
    if products[2] is None:
        return low + middle
    high = _multiply([c - b for b, c in zip(second, third, strict=True)], products[2])
    for c, b in zip(high, middle, strict=True):
        c += b
    return low + high
