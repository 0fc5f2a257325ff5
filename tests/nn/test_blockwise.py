"""Attention by blocks of queries equals attention."""

import pytest
import torch
import torch.nn.functional as F

from khala.nn import blockwise
from khala.nn.attention import Attention
from khala.nn.blockwise import attend_by_blocks
from khala.nn.rope import Rope


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("length", [1, 8, 19])
def test_blocks_make_no_difference(causal: bool, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blockwise, "BLOCK", 8)
    q, k, v = (torch.randn(2, heads, length, 6, requires_grad=True) for heads in (4, 2, 2))
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)
    found = attend_by_blocks(q, k, v, causal)
    torch.testing.assert_close(found, expected)
    weight = torch.randn_like(expected)
    for one, other in zip(
        *(torch.autograd.grad((y * weight).sum(), (q, k, v)) for y in (found, expected)), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_later_queries_alone_attend_to_all_keys() -> None:
    q, k, v = torch.randn(1, 4, 5, 6), torch.randn(1, 2, 9, 6), torch.randn(1, 2, 9, 6)
    torch.testing.assert_close(
        attend_by_blocks(q, k, v, False), F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    )


def test_training_in_bfloat16_goes_by_blocks_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.dtype] = []
    monkeypatch.setattr(
        "khala.nn.attention.attend_by_blocks", lambda *given: seen.append(given[0].dtype) or attend_by_blocks(*given)
    )
    attention = Attention(16, 2, 1, 8, bias=False, qk_norm=True, eps=1e-6)
    x_BTD = torch.randn(1, 12, 16)
    cos_sin = Rope(8, 1e4).cos_sin(slice(12), 12, x_BTD.device)
    expected = attention(x_BTD, cos_sin, causal=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.no_grad():
            attention(x_BTD, cos_sin, causal=True)
        assert not seen
        found = attention(x_BTD, cos_sin, causal=True)
    assert seen == [torch.bfloat16]
    torch.testing.assert_close(found.float(), expected, atol=0.03, rtol=0.03)
