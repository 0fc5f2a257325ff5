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


def int8(weight: torch.Tensor, bias: torch.Tensor | None = None) -> Linear:
    layer = Linear(weight.shape[1], weight.shape[0], bias=bias is not None).bfloat16()
    layer.quantize_(empty=True)
    layer.load_quantized(weight)
    if bias is not None:
        layer.bias.data = bias.bfloat16()
    return layer.requires_grad_(False)


def test_int8_rounds_each_row_to_its_own_scale() -> None:
    torch.manual_seed(0)
    weight = torch.randn(40, 64) * torch.logspace(-3, 2, 40)[:, None]
    layer = int8(weight)
    assert layer.weight.dtype == torch.int8 and layer.scale_O is not None and layer.weight.abs().max() == 127
    off = (layer.weight * layer.scale_O[:, None] - weight).abs().amax(1)
    assert (off <= weight.abs().amax(1) / 254 * 1.001).all()  # half a step
    assert list(layer.state_dict()) == ["weight"]


def test_int8_keeps_what_a_byte_can_hold_and_rows_of_zeros() -> None:
    weight = torch.arange(-127, 128.0)[None].repeat(3, 1) * torch.tensor([[0.5], [0.0], [2.0]])
    layer = int8(weight)
    torch.testing.assert_close(layer(torch.eye(255)), weight.T)


@pytest.mark.parametrize("working", [torch.float32, torch.bfloat16])
def test_int8_multiplies_the_rounded_weight(working: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = int8(torch.randn(33, 48), torch.randn(33))
    x = torch.randn(5, 48, dtype=working)
    assert layer.scale_O is not None and layer.bias is not None
    rounded = layer.weight * layer.scale_O[:, None]
    expected = torch.nn.functional.linear(x.float(), rounded, layer.bias.float())
    assert layer(x).dtype == working
    tolerance = 1e-5 if working == torch.float32 else 0.05
    torch.testing.assert_close(layer(x).float(), expected, rtol=tolerance, atol=tolerance)
    with layer.upcast(working):
        assert torch.equal(layer(x), int8(rounded, layer.bias)(x))
    few = layer.rowwise()(x[:, None])[:, 0]
    assert few.dtype == working
    torch.testing.assert_close(few.float(), expected, rtol=0.05, atol=0.05)


def test_int8_rows_have_the_same_bits_in_any_company() -> None:
    torch.manual_seed(0)
    product = int8(torch.randn(1025, 256), torch.randn(1025)).rowwise()
    x = torch.randn(19, 1, 256)
    for start, stop in ((0, 1), (7, 9), (3, 19), (18, 19)):
        assert torch.equal(product(x[start:stop]), product(x)[start:stop])
