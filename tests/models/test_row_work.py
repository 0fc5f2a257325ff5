"""Compiled row work is the same work, compiled once for all songs and layers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from khala.models.lm import pack
from khala.models.lm.pack import encode_pack
from khala.models.lm.row_work import compile_row_work
from khala.models.lm.superres import Superres
from khala.models.presets import tiny

LENGTHS, STARTS = (37, 5, 64, 21), (9, 2, 30, 20)


@pytest.fixture(autouse=True)
def nothing_compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pack, "GPU_ROWS", 16)
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def make(dtype: torch.dtype = torch.float32) -> Superres:
    torch.manual_seed(3)
    model = Superres(replace(tiny().superres, layers=3, bias=True)).bind_codebooks(torch.randn(8, 16, 16))
    model = model.bfloat16().quantize_() if dtype == torch.int8 else model.to(dtype)
    return model.requires_grad_(False)


def songs(model: Superres) -> list[torch.Tensor]:
    torch.manual_seed(4)
    return [torch.randn(1, length, 32).to(model.compute_dtype) for length in LENGTHS]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int8])
@torch.inference_mode()
def test_compiled_it_is_the_same_pass_alone_and_in_company(dtype: torch.dtype) -> None:
    model, row_work = make(dtype), compile_row_work("aot_eager")
    expected = encode_pack(model, songs(model), STARTS, by_rows=True)
    together = encode_pack(model, songs(model), STARTS, row_work=row_work)
    for song, start, hidden, same in zip(songs(model), STARTS, together, expected, strict=True):
        assert torch.equal(hidden, same)
        (single,) = encode_pack(model, [song], [start], row_work=row_work)
        assert torch.equal(single, hidden)


@torch.inference_mode()
def test_nothing_is_compiled_again_for_other_songs_layers_or_the_model_loaded_again() -> None:
    compiled: list[torch.fx.GraphModule] = []

    def backend(graph: torch.fx.GraphModule, inputs: Any) -> Any:
        compiled.append(graph)
        return graph.forward

    row_work = compile_row_work(backend)
    for model in (make(), make()):
        for first in range(4):
            encode_pack(model, songs(model)[first:], STARTS[first:], row_work=row_work)
    assert len(compiled) == 2


@torch.inference_mode()
def test_each_layer_gives_a_pulse_and_hooks_are_left_alone() -> None:
    model, pulses = make(), list[int]()
    for block in model.blocks:
        block.mlp.register_forward_pre_hook(lambda *_: pytest.fail("a hook"))
    encode_pack(model, songs(model), STARTS, row_work=compile_row_work("eager"), pulse=lambda: pulses.append(0))
    assert len(pulses) == 3
