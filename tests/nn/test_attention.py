import math

import pytest
import torch
from torch import Tensor

from khala.nn.attention import Attention
from khala.nn.cache import KVCache
from khala.nn.rope import CosSin, Rope, rotate

HEADS, GROUPS, K, DIM = 4, 2, 8, 24


def make(**options: bool) -> Attention:
    torch.manual_seed(3)
    attention = Attention(DIM, HEADS, GROUPS, K, **{"bias": False, "qk_norm": False, **options}, eps=1e-6)
    for weight in attention.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return attention


def cos_sin(start: int, length: int) -> CosSin:
    return Rope(K, 10000.0).cos_sin(slice(start, start + length), start + length, torch.device("cpu"))


def by_hand(attention: Attention, x_TD: Tensor, seen_TT: Tensor) -> Tensor:
    """One head and one position at a time, from the definition."""
    T = x_TD.shape[0]
    qkv = torch.nn.functional.linear(x_TD, attention.qkv.weight, attention.qkv.bias).view(T, HEADS + 2 * GROUPS, K)
    qk = qkv[:, : HEADS + GROUPS]
    if attention.qk_norm is not None:
        qk = qk / (qk.square().mean(-1, keepdim=True) + 1e-6).sqrt() * attention.qk_norm.weight
    qk = rotate(qk[None], cos_sin(0, T))[0]
    heads = []
    for head in range(HEADS):
        group = head // (HEADS // GROUPS)
        scores = qk[:, head] @ qk[:, HEADS + group].T / math.sqrt(K)
        weights = scores.masked_fill(~seen_TT, -torch.inf).softmax(-1)
        heads.append(weights @ qkv[:, HEADS + GROUPS + group])
    return torch.nn.functional.linear(torch.cat(heads, -1), attention.out.weight, attention.out.bias)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("options", [{}, {"bias": True}, {"qk_norm": True}])
def test_equals_the_definition(causal: bool, options: dict[str, bool]) -> None:
    attention = make(**options)
    x = torch.randn(2, 7, DIM)
    seen = torch.ones(7, 7, dtype=torch.bool)
    expected = [by_hand(attention, row, seen.tril() if causal else seen) for row in x]
    torch.testing.assert_close(attention(x, cos_sin(0, 7), causal=causal), torch.stack(expected), rtol=1e-4, atol=1e-5)


def test_a_mask_hides_padding_and_start_leaves_out_outputs() -> None:
    attention = make()
    x = torch.randn(2, 9, DIM)
    real = torch.arange(9) < torch.tensor([9, 6])[:, None]
    y = attention(x, cos_sin(0, 9), causal=False, mask=real[:, None, None], start=4)
    assert y.shape == (2, 5, DIM)
    torch.testing.assert_close(y[:1], attention(x[:1], cos_sin(0, 9), causal=False)[:, 4:], rtol=1e-4, atol=1e-5)
    alone = attention(x[1:, :6], cos_sin(0, 6), causal=False)
    torch.testing.assert_close(y[1:, :2], alone[:, 4:], rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_keys_and_values_are_kept_on_request() -> None:
    attention = make(qk_norm=True)
    x = torch.randn(1, 5, DIM)
    (row,) = KVCache(layers=1, slots=3, kv_heads=GROUPS, context=16, head_dim=K).rows([1], 5)[0]
    kept = attention(x, cos_sin(0, 5), causal=True, kv_out=row)
    assert torch.equal(kept, attention(x, cos_sin(0, 5), causal=True))
    _, k_1TGK, v_1TGK = attention.split_heads(attention.qkv(x), cos_sin(0, 5))
    assert torch.equal(row.keys_GKN, k_1TGK[0].permute(1, 2, 0))
    assert torch.equal(row.values_GNK, v_1TGK[0].transpose(0, 1))
