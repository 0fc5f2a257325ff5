import pytest
import torch

from khala.nn.rowwise import Rowwise

FORMATS = [torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("size", [80, 81])
@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("stored", FORMATS)
def test_equals_the_plain_product(size: int, rows: int, biased: bool, stored: torch.dtype) -> None:
    torch.manual_seed(0)
    weight, bias, x = torch.randn(size, 48).to(stored), torch.randn(size).to(stored), torch.randn(rows, 1, 48)
    product = Rowwise(weight, bias if biased else None)
    expected = torch.nn.functional.linear(x, weight.float(), bias.float() if biased else None)
    torch.testing.assert_close(product(x), expected)


@pytest.mark.parametrize("stored", FORMATS)
def test_a_row_has_the_same_bits_in_any_company(stored: torch.dtype) -> None:
    torch.manual_seed(0)
    product = Rowwise(torch.randn(1025, 256).to(stored))
    x = torch.randn(19, 1, 256)
    together = product(x)
    for row in range(19):
        assert torch.equal(product(x[row : row + 1])[0], together[row])
    assert torch.equal(product(x.flip(0)).flip(0), together)


@pytest.mark.parametrize("stored", [torch.bfloat16, torch.float16])
def test_halves_stay_what_they_are(stored: torch.dtype) -> None:
    values = torch.logspace(-7, 3, 60).to(stored)
    product = Rowwise(values[:, None])
    lost = (product(torch.ones(1, 1, 1)).flatten() - values.float()).abs()
    assert lost.max() <= 3e-8 and not lost[values >= 6.2e-5].any()
    assert product(torch.ones(1, 1, 1, dtype=stored)).dtype == stored


def test_the_weight_is_not_copied_and_known_again() -> None:
    weight = torch.nn.Parameter(torch.zeros(4, 3))
    product = Rowwise(weight)
    weight.data += 1
    assert product(torch.ones(1, 1, 3)).tolist() == [[[3.0] * 4]]
    assert product.is_of(weight) and not product.is_of(weight.bfloat16()) and not product.is_of(weight.clone())
