"""Fewer products, the same convolution."""

import pytest
import torch
from torch import Tensor, nn

from khala.nn.karatsuba import RowConvolution, RowUpsampling


def padded(x_TD: Tensor, conv: RowConvolution, rows: int) -> Tensor:
    before = conv.reach // 2
    return nn.functional.pad(x_TD, (0, 0, before, conv.input_rows(rows) - rows - before))


@torch.no_grad()
@pytest.mark.parametrize("rows", [1, 7, 8, 9, 100])
@pytest.mark.parametrize(("taps", "dilation"), [(1, 1), (3, 2), (5, 1), (7, 1), (7, 3), (7, 9)])
def test_a_convolution_of_rows(taps: int, dilation: int, rows: int) -> None:
    torch.manual_seed(taps)
    conv = nn.Conv1d(5, 6, taps, dilation=dilation, padding=(taps // 2) * dilation)
    x_TD = torch.randn(rows, 5)
    ours = RowConvolution(conv)
    found = ours(padded(x_TD, ours, rows), rows)
    assert torch.allclose(found, conv(x_TD.t()[None])[0].t(), atol=1e-5)


@torch.no_grad()
def test_rows_beyond_those_a_result_reads_do_not_matter() -> None:
    conv = RowConvolution(nn.Conv1d(4, 4, 7, dilation=3))
    x_TD = torch.randn(conv.input_rows(20), 4)
    other = x_TD.clone()
    other[20 + conv.reach :] = 5.0
    assert torch.allclose(conv(x_TD, 20), conv(other, 20), atol=1e-5)


@torch.no_grad()
def test_it_takes_26_products_where_seven_taps_take_56() -> None:
    def count(products: object) -> int:
        return sum(count(part) for part in products) if isinstance(products, tuple) else products is not None

    assert count(RowConvolution(nn.Conv1d(2, 2, 7)).products) == 26


@torch.no_grad()
@pytest.mark.parametrize("rate", [2, 4, 8])
@pytest.mark.parametrize("rows", [1, 5])
def test_an_upsampling_of_rows(rate: int, rows: int) -> None:
    conv = nn.ConvTranspose1d(6, 3, 2 * rate, rate, padding=rate // 2)
    x_TD, found = torch.randn(rows, 6), torch.empty(rows * rate, 3)
    RowUpsampling(conv)(x_TD, out=found)
    assert torch.allclose(found, conv(x_TD.t()[None])[0].t(), atol=1e-5)


@pytest.mark.parametrize("conv", [nn.Conv1d(2, 2, 9), nn.Conv1d(2, 2, 3, stride=2), nn.Conv1d(2, 2, 3, groups=2)])
def test_other_convolutions_are_refused(conv: nn.Conv1d) -> None:
    with pytest.raises(ValueError, match="not a plain convolution"):
        RowConvolution(conv)


def test_other_upsamplings_are_refused() -> None:
    with pytest.raises(ValueError, match="not a plain upsampling"):
        RowUpsampling(nn.ConvTranspose1d(2, 2, 3, 2))
