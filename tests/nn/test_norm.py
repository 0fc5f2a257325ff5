import torch

from khala.nn.norm import RMSNorm


def test_divides_by_the_root_mean_square_and_weighs_channels() -> None:
    norm = RMSNorm(3, eps=0.5)
    norm.weight.data = torch.tensor([1.0, 2.0, -1.0])
    x = torch.tensor([[3.0, 0.0, 4.0], [0.0, 0.0, 0.0]])
    root = (25 / 3 + 0.5) ** 0.5
    torch.testing.assert_close(norm(x), torch.tensor([[3 / root, 0, -4 / root], [0, 0, 0]]))


def test_a_weight_per_head() -> None:
    norm = RMSNorm(2, 4, eps=1e-6)
    norm.weight.data[1] = 10.0
    x = torch.randn(5, 2, 4)
    torch.testing.assert_close(
        norm(x), torch.nn.functional.rms_norm(x, (4,), None, 1e-6) * torch.tensor([[1.0], [10.0]])
    )


def test_half_precision_is_normalised_in_float32() -> None:
    x = torch.full((1, 256), 300.0, dtype=torch.float16)  # its square overflows float16
    y = RMSNorm(256, eps=1e-6).half()(x)
    assert y.dtype == torch.float16
    torch.testing.assert_close(y, torch.ones_like(x))


def test_gradient_after_inference_mode() -> None:
    norm = RMSNorm(8, eps=0.125)  # an eps that no other test made a constant for
    with torch.inference_mode():
        norm(torch.randn(2, 8))
    x = torch.randn(2, 8, dtype=torch.float64, requires_grad=True)
    expected = torch.autograd.grad(torch.nn.functional.rms_norm(x, (8,), None, 0.125).pow(3).sum(), x)[0]
    torch.testing.assert_close(torch.autograd.grad(norm(x).pow(3).sum(), x)[0], expected, rtol=1e-5, atol=1e-5)
