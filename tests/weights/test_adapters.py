"""Adapters: read from PEFT's format, refused where they do not belong, added to weights as PEFT adds them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import peft
import pytest
import torch
from adapters import write_adapter
from safetensors.numpy import load_file, save_file
from torch import nn

from khala.music.errors import InvalidRequest, ModelError
from khala.music.loras import Lora
from khala.music.request import SongRequest
from khala.nn.precision import Formats
from khala.weights import load_model
from khala.weights.adapters import (
    CONFIG,
    PREFIX,
    TENSORS,
    Merging,
    Weighed,
    find_adapter,
    list_adapters,
    open_adapters,
    read_adapter,
    triggered,
)
from khala.weights.loading import load_parts
from khala.weights.names import BACKBONE, verified_digest
from khala.weights.opening import open_model


def opened(folder: Path, *loras: Lora) -> dict[str, torch.Tensor]:
    """Load the model of a folder with adapters -> the weights of both language models."""
    parts = load_parts(open_model(folder, loras=loras), "cpu", Formats.uniform(torch.float32))
    return pair(parts.backbone, parts.superres).state_dict()


def pair(backbone: nn.Module, superres: nn.Module) -> nn.ModuleDict:
    return nn.ModuleDict({"backbone": backbone, "superres": superres})


def test_weights_are_those_that_peft_merges(folder: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "one", folder, verified_digest(folder))
    plain = load_model(folder)
    theirs = peft.PeftModel.from_pretrained(pair(plain.backbone, plain.superres), str(adapter)).merge_and_unload()
    ours, before = opened(folder, Lora(str(adapter))), opened(folder)
    changed = [name for name, tensor in before.items() if not torch.equal(tensor, ours[name])]
    assert len(changed) == 2 * 2 * 2 and all(name.endswith(("qkv.weight", "down.weight")) for name in changed)
    for name, tensor in theirs.state_dict().items():  # ours are rounded to the file's float16
        torch.testing.assert_close(ours[name], tensor, rtol=2**-11, atol=1e-6)


def test_several_adapters_add_up_by_their_weights(folder: Path, tmp_path: Path) -> None:
    one, two = (read_adapter(write_adapter(tmp_path / name, folder, seed=seed)) for name, seed in (("a", 1), ("b", 2)))
    merging = Merging(folder / BACKBONE, (Weighed(one, 0.5), Weighed(two, -1.0)))
    name = "blocks.1.mlp.down.weight"
    base = load_file(folder / BACKBONE)[name].astype(np.float64)
    wanted = base + 0.5 * one.change("backbone", name) - two.change("backbone", name)
    assert np.array_equal(merging.merged(name), wanted.astype(np.float32).astype(np.float16))
    assert not Merging(folder / BACKBONE, (Weighed(one, 0.0),)).names


def test_the_scale_is_alpha_over_rank(folder: Path, tmp_path: Path) -> None:
    plain = read_adapter(write_adapter(tmp_path / "plain", folder))
    stable = read_adapter(write_adapter(tmp_path / "stable", folder, config={"use_rslora": True}))
    assert (plain.scale, stable.scale, plain.rank, plain.songs) == (4.0, 8 / 2**0.5, 2, 3)


def test_installed_adapters_are_found_by_name(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHALA_LORAS", str(tmp_path / "home"))
    write_adapter(tmp_path / "home" / "folk", folder, trigger="folk singer")
    write_adapter(tmp_path / "home" / "other", folder, config={"use_dora": True})  # not listed
    assert [adapter.name for adapter in list_adapters()] == ["folk"]
    assert find_adapter("folk") == tmp_path / "home" / "folk"
    for name in ("none", "../home/folk/../nothing", "", "\0"):
        with pytest.raises(ModelError, match="there is no adapter"):
            find_adapter(name)


@pytest.mark.parametrize("kind", ["model", "shape", "layer", "module", "half", "dora", "bias", "json", "cut", "rank"])
def test_what_does_not_belong_is_refused_in_one_line(folder: Path, tmp_path: Path, kind: str) -> None:
    digest = "0" * 64 if kind == "model" else ""
    config = {"dora": {"use_dora": True}, "bias": {"bias": "all"}, "rank": {"r": 0}}.get(kind, {})
    adapter = write_adapter(tmp_path / "odd", folder, digest, config=config)
    tensors = load_file(adapter / TENSORS)
    first = f"{PREFIX}backbone.blocks.0.attention.qkv.lora_A.weight"
    if kind == "shape":
        tensors[first] = np.zeros((2, 7), np.float32)
    if kind == "layer":
        tensors |= {name.replace("blocks.0", "blocks.9"): tensor for name, tensor in tensors.items()}
    if kind == "module":
        tensors[f"{PREFIX}backbone.embedding.lora_embedding_A"] = np.zeros((2, 2), np.float32)
    if kind == "half":
        del tensors[first]
    save_file(tensors, adapter / TENSORS)
    if kind == "json":
        (adapter / CONFIG).write_text("[]")
    if kind == "cut":
        (adapter / TENSORS).write_bytes(b"cut")
    with pytest.raises(ModelError) as refused:
        open_model(folder, loras=[Lora(str(adapter))])
    assert "odd" in str(refused.value) and len(str(refused.value)) < 300


def test_an_adapter_that_makes_no_numbers_is_refused(folder: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "loud", folder, size=1e6)
    with pytest.raises(ModelError, match="smaller weight"):
        opened(folder, Lora(str(adapter)))


def test_an_adapter_is_named_once(folder: Path, tmp_path: Path) -> None:
    adapter = str(write_adapter(tmp_path / "one", folder))
    with pytest.raises(InvalidRequest, match="named twice"):
        open_adapters([Lora(adapter), Lora(adapter, 0.5)], folder, "")


def test_triggers_are_put_into_the_description_once() -> None:
    added = [Weighed(SimpleNamespace(trigger=word), weight) for word, weight in (("nova", 1.0), ("anti", -1.0))]  # type: ignore[arg-type]
    assert triggered(SongRequest(tags=("pop",), instrumental=True), added).tags == ("nova", "pop")
    assert triggered(SongRequest(prompt="a song by Nova"), added).prompt == "a song by Nova"
    assert triggered(SongRequest(prompt="a song"), added).prompt == "a song, nova"
    assert triggered(SongRequest(lyrics="la la"), added).tags == ("nova",)
