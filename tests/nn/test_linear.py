import torch

from khala.nn.linear import Linear


def test_one_position_equals_the_plain_product() -> None:
    torch.manual_seed(0)
    layer = Linear(48, 80)
    x = torch.randn(3, 1, 48)
    torch.testing.assert_close(layer(x), torch.nn.functional.linear(x, layer.weight, layer.bias))
    torch.testing.assert_close(layer(x)[:, 0], layer(x[:, 0]))


def test_a_row_has_the_same_bits_in_any_company() -> None:
    torch.manual_seed(0)
    layer = Linear(256, 512)
    x = torch.randn(5, 1, 256)
    together = layer(x)
    for row in range(5):
        assert torch.equal(layer(x[row : row + 1])[0], together[row])
