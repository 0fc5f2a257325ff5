import pytest
import torch

from khala.nn.int4 import GROUP, MAX, MIDDLE, int4_linear, pack_int4
from khala.nn.linear import Linear
from khala.nn.precision import INT4


def held(weight_OI: torch.Tensor) -> torch.Tensor:
    """The weight that a product multiplies by: one unit vector after another."""
    packed, groups = pack_int4(weight_OI)
    return int4_linear(torch.eye(weight_OI.shape[1]), packed, groups, None).T


def int4(weight: torch.Tensor, bias: torch.Tensor | None = None) -> Linear:
    layer = Linear(weight.shape[1], weight.shape[0], bias=bias is not None).bfloat16()
    layer.quantize_(INT4, empty=True)
    layer.load_quantized(weight)
    if bias is not None:
        layer.bias.data = bias.bfloat16()
    return layer.requires_grad_(False)


def test_each_group_is_rounded_to_its_own_scale() -> None:
    torch.manual_seed(0)
    weight = torch.randn(48, 96) * torch.logspace(-3, 2, 48)[:, None]
    groups = weight.unflatten(1, (-1, GROUP))
    step = (groups.amax(2) - groups.amin(2)) / MAX
    off = (held(weight) - weight).abs().unflatten(1, (-1, GROUP)).amax(2)
    assert (off <= 0.6 * step).all()  # half a step, and what bfloat16 rounds
    assert (off >= 0.3 * step).all()  # that is what 4 bits can do


def test_what_4_bits_can_hold_is_exact() -> None:
    numbers = torch.arange(-MIDDLE, MAX - MIDDLE + 1.0).repeat(2)
    weight = numbers * torch.tensor([0.5, 4.0] * 8)[:, None]
    assert torch.equal(held(weight), weight)
    assert not held(torch.zeros(16, 64)).any()
    assert torch.equal(held(torch.full((16, 64), 3.0)), torch.full((16, 64), 3.0))


@pytest.mark.parametrize("working", [torch.float32, torch.bfloat16])
def test_multiplies_the_rounded_weight(working: torch.dtype) -> None:
    torch.manual_seed(0)
    weight, bias = torch.randn(48, 64), torch.randn(48)
    layer = int4(weight, bias)
    assert layer.stored_dtype == INT4 and layer.weight.nbytes == 48 * 64 // 2
    x = torch.randn(2, 5, 64, dtype=working)
    y = layer(x)
    expected = torch.nn.functional.linear(x.float(), held(weight), bias)
    assert y.dtype == working and y.shape == (2, 5, 48)
    torch.testing.assert_close(y.float(), expected, rtol=0.05, atol=0.05)
    assert torch.equal(layer.rowwise()(x[0, :, None])[:, 0], y[0])
    with layer.upcast(working):
        assert torch.equal(layer(x), y)


def test_a_row_has_the_same_bits_in_any_company() -> None:
    torch.manual_seed(0)
    product = int4(torch.randn(1024, 256), torch.randn(1024)).rowwise()
    x = torch.randn(19, 1, 256)
    for start, stop in ((0, 1), (7, 9), (3, 19), (18, 19)):
        assert torch.equal(product(x[start:stop]), product(x)[start:stop])


@pytest.mark.parametrize(("outputs", "inputs"), [(40, 64), (48, 48)])
def test_impossible_sizes_are_an_error(outputs: int, inputs: int) -> None:
    with pytest.raises(ValueError, match=rf"not {outputs} by {inputs}"):
        Linear(inputs, outputs).quantize_(INT4)
