import pytest
import torch

from khala.nn.linear import Linear


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16, torch.float16])
def test_computes_in_the_format_of_its_input(stored: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = Linear(7, 5).to(stored)
    x = torch.randn(4, 7)
    y = layer(x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, torch.nn.functional.linear(x, layer.weight.float(), layer.bias.float()))
    assert layer(x.to(stored)).dtype == stored


def test_the_product_for_a_few_rows_is_made_once_and_anew_for_another_weight() -> None:
    layer = Linear(7, 5)
    rowwise = layer.rowwise()
    assert layer.rowwise() is rowwise
    half = layer.bfloat16().rowwise()
    assert half is not rowwise and layer.rowwise() is half
    x = torch.randn(3, 1, 7)
    torch.testing.assert_close(half(x), layer(x))


def test_it_learns_in_float32() -> None:
    layer = Linear(7, 5)
    layer(torch.randn(2, 7)).sum().backward()
    assert layer.weight.grad is not None and layer.weight.grad.any() and layer.weight.grad.dtype == torch.float32
