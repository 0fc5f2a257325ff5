"""A pass over several songs is the pass over each, in the bits that each has alone."""

from dataclasses import replace

import pytest
import torch

from khala.models.lm import pack
from khala.models.lm.pack import encode_pack
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.nn.precision import QUANTIZED, unquantized_dtype

LENGTHS, STARTS = (37, 5, 64, 21), (9, 2, 30, 20)


def make(dtype: torch.dtype = torch.float32) -> Superres:
    torch.manual_seed(3)
    model = Superres(replace(tiny().superres, codebook_dim=None, bias=True, dim=64, head_dim=16, ffn=160))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    model = model.to(unquantized_dtype(dtype))
    model = model.quantize_(dtype) if dtype in QUANTIZED else model
    return model.requires_grad_(False)


def songs(model: Superres) -> list[torch.Tensor]:
    torch.manual_seed(4)
    return [torch.randn(1, length, 64).to(model.compute_dtype) for length in LENGTHS]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "GPU_ROWS", 16)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, *QUANTIZED])
@torch.inference_mode()
def test_on_a_cpu_the_bits_are_those_of_single_passes(dtype: torch.dtype) -> None:
    model = make(dtype)
    for song, start, hidden in zip(songs(model), STARTS, encode_pack(model, songs(model), STARTS), strict=True):
        assert torch.equal(hidden, model(song, causal=False, start=start))


@pytest.mark.parametrize("rows", [1, 10, 16])
@torch.inference_mode()
def test_in_pieces_it_is_the_same_pass(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "THREAD_ROWS", rows)
    model = make()
    for song, start, hidden in zip(songs(model), STARTS, encode_pack(model, songs(model), STARTS), strict=True):
        torch.testing.assert_close(hidden, model(song, causal=False, start=start), rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_by_rows_it_is_the_same_pass_whoever_shares_it() -> None:
    model = make()
    together = encode_pack(model, songs(model), STARTS, by_rows=True)
    for song, start, hidden in zip(songs(model), STARTS, together, strict=True):
        torch.testing.assert_close(hidden, model(song, causal=False, start=start), rtol=1e-4, atol=1e-4)
        (single,) = encode_pack(model, [song], [start], by_rows=True)
        assert torch.equal(single, hidden)


@torch.inference_mode()
def test_widened_matrices_do_not_stay() -> None:
    model = make(torch.float16)
    encode_pack(model, songs(model), STARTS)
    assert model.compute_dtype == torch.float32 and model.blocks[0].mlp.down._upcast_OI is None
