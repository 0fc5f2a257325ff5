import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from khala.nn.conv import ConvNeXtBlock, Snake, fold_weight_norm


def test_snake_is_its_formula():
    snake = Snake(3)
    with torch.no_grad():
        snake.alpha.copy_(torch.tensor([0.5, 1.0, 2.0]).view(1, 3, 1))
    x = torch.randn(2, 3, 5)
    assert torch.allclose(snake(x)[:, 2], x[:, 2] + torch.sin(2 * x[:, 2]) ** 2 / 2, atol=1e-6)


def test_convnext_keeps_the_shape_and_hears_three_steps_either_side():
    block = ConvNeXtBlock(8, 2).eval()
    x = torch.randn(1, 8, 20)
    moved = x.clone()
    moved[..., 10] += 1
    changed = (block(x) - block(moved)).abs().amax((0, 1)) > 0
    assert block(x).shape == x.shape
    assert changed.nonzero().flatten().tolist() == list(range(7, 14))


def test_folded_weights_are_what_weight_norm_computes():
    for layer in (nn.Conv1d(3, 5, 7), nn.ConvTranspose1d(3, 5, 4, 2)):
        normed = weight_norm(layer)
        with torch.no_grad():
            normed.parametrizations.weight.original0.mul_(1.7)
        state = {
            "up.weight_g": normed.parametrizations.weight.original0.detach(),
            "up.weight_v": normed.parametrizations.weight.original1.detach(),
            "up.bias": normed.bias.detach(),
        }
        folded = fold_weight_norm(state)
        assert set(folded) == {"up.weight", "up.bias"}
        assert torch.allclose(folded["up.weight"], normed.weight, atol=1e-6)
