import torch

from khala.nn.rope import Rope, rotate

CPU = torch.device("cpu")


def test_pairs_of_the_two_halves_turn_by_position_times_frequency() -> None:
    x = torch.randn(1, 5, 2, 8)
    y = rotate(x, Rope(8, 100.0).cos_sin(slice(5), 5, CPU))
    pairs = torch.complex(x[..., :4], x[..., 4:])
    angle = torch.arange(5.0)[:, None] * 100.0 ** (-torch.arange(4.0) / 4)
    turned = pairs * torch.polar(torch.ones_like(angle), angle)[None, :, None]
    torch.testing.assert_close(y, torch.cat([turned.real, turned.imag], -1))


def test_products_depend_on_distance_alone() -> None:
    rope = Rope(16, 500000.0)
    q, k = torch.randn(2, 1, 1, 1, 16)

    def product(a: int, b: int) -> torch.Tensor:
        return (
            rotate(q, rope.cos_sin(slice(a, a + 1), 3000, CPU)) * rotate(k, rope.cos_sin(slice(b, b + 1), 3000, CPU))
        ).sum()

    torch.testing.assert_close(product(2907, 2900), product(7, 0), rtol=1e-4, atol=1e-4)
    assert abs(product(9, 0) - product(7, 0)) > 1e-3


def test_positions_per_row_and_tables_that_grow() -> None:
    rope = Rope(8, 500000.0)
    early = rope.cos_sin(slice(4), 4, CPU)
    positions = torch.tensor([[3], [900]])
    cos, sin = rope.cos_sin(positions, 1000, CPU)
    assert cos.shape == sin.shape == (2, 1, 1, 8)
    torch.testing.assert_close(cos[0], early[0][3:4])
    torch.testing.assert_close(
        cos[1, 0, 0, :4], (900 * 500000.0 ** (-torch.arange(4.0) / 4)).cos(), rtol=1e-4, atol=1e-4
    )


def test_half_precision_turns_in_float32() -> None:
    x = torch.randn(1, 4000, 1, 8).bfloat16()
    cos_sin = Rope(8, 500000.0).cos_sin(slice(4000), 4000, CPU)
    assert cos_sin[0].dtype == torch.float32
    torch.testing.assert_close(rotate(x, cos_sin), rotate(x.float(), cos_sin).bfloat16())


def test_scaling_slows_down_what_turns_less_than_once_in_8192_positions() -> None:
    plain, scaled = (Rope(64, 500000.0, scaling).cos_sin(slice(2), 2, CPU) for scaling in (1.0, 8.0))
    angle, slower = (torch.atan2(sin[1, 0, 32:], cos[1, 0, :32]).double() for cos, sin in (plain, scaled))
    turns = 8192 * 500000.0 ** -(torch.arange(32, dtype=torch.float64) / 32) / (2 * torch.pi)
    fast, slow = turns > 4, turns < 1
    torch.testing.assert_close(slower[fast], angle[fast])
    torch.testing.assert_close(slower[slow], angle[slow] / 8, rtol=1e-4, atol=0.0)
    between = ~fast & ~slow
    part = (turns[between] - 1) / 3
    assert between.sum() >= 3
    torch.testing.assert_close(slower[between], angle[between] * (part + (1 - part) / 8), rtol=1e-4, atol=0.0)
