import pytest
import torch

from khala.nn.rowwise import Rowwise


@pytest.mark.parametrize("size", [80, 81])
@pytest.mark.parametrize("biased", [True, False])
def test_equals_the_plain_product(size: int, biased: bool) -> None:
    torch.manual_seed(0)
    weight, bias, x = torch.randn(size, 48), torch.randn(size) if biased else None, torch.randn(3, 1, 48)
    torch.testing.assert_close(Rowwise(weight, bias)(x), torch.nn.functional.linear(x, weight, bias))


def test_a_row_has_the_same_bits_in_any_company() -> None:
    torch.manual_seed(0)
    product = Rowwise(torch.randn(1025, 256))
    x = torch.randn(5, 1, 256)
    together = product(x)
    for row in range(5):
        assert torch.equal(product(x[row : row + 1])[0], together[row])


def test_the_weight_is_not_copied() -> None:
    weight = torch.nn.Parameter(torch.zeros(4, 3))
    product = Rowwise(weight)
    weight.data += 1
    assert product(torch.ones(1, 1, 3)).tolist() == [[[3.0] * 4]]
