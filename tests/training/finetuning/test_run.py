"""Finetuning: only adapters are trained, the best ones are kept, and what is saved is what the model computes with."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import peft
import pytest
import torch
from safetensors.torch import load_file, save_file
from service import tiny_model
from torch import nn

from khala.music.errors import InvalidRequest, OutputError
from khala.music.loras import Lora
from khala.nn.precision import Formats
from khala.training.checkpoint import latest
from khala.training.finetuning.adapters import FewSongs
from khala.training.finetuning.estimate import Estimate
from khala.training.finetuning.options import FinetuneOptions
from khala.training.finetuning.run import Trained, save_adapter, train_adapters
from khala.weights import LoadedModel
from khala.weights.adapters import ABOUT, CONFIG, read_adapter
from khala.weights.loading import load_codec, load_parts
from khala.weights.opening import OpenModel, open_model

CPU = torch.device("cpu")
PLAN = Estimate(0, 0.0, torch.float32, recompute=False)
OPTIONS = FinetuneOptions(
    "nova", rank=2, alpha=8, steps=8, rate=0.02, batch_tokens=600, seconds=5, dtype="float32", evaluations=4, threads=1
)


def of_codec(tokens: Path, model: OpenModel, to: Path) -> Path:
    """Copy token shards, as if the model's codec had made them."""
    copytree(tokens, to)
    save_file({"codebooks": load_codec(model, "cpu").codebooks.clone()}, to / "codebooks.safetensors")
    return to


@pytest.fixture(scope="module")
def model(singer: Path) -> OpenModel:
    return open_model(singer)


@pytest.fixture(scope="module")
def trained(model: OpenModel, tokens: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Path]:
    run = tmp_path_factory.mktemp("run")
    return train_adapters(model, of_codec(tokens, model, run / "tokens"), run, OPTIONS, PLAN, CPU), run


def test_held_out_songs_are_predicted_better(trained: tuple[Trained, Path]) -> None:
    for its in trained[0].losses.values():
        assert its.best < its.before - 0.02


def test_a_run_trains_and_stores_adapters_alone(trained: tuple[Trained, Path]) -> None:
    found, run = trained
    assert len(found.tensors) == 2 * 2 * 4 * 2  # parts, layers, matrices, sides
    newest = latest(run / "backbone")
    assert newest is not None
    names = {name for file in newest.glob("*.safetensors") for name in load_file(file)}
    assert {name for name in names if name.startswith("model.")} and all("lora_" in name for name in names)


def test_a_saved_adapter_is_what_was_trained(trained: tuple[Trained, Path], model: OpenModel, tmp_path: Path) -> None:
    save_adapter(tmp_path / "nova", model, trained[0], OPTIONS, 39, "tiny")
    adapter = read_adapter(tmp_path / "nova")
    assert (adapter.trigger, adapter.songs, adapter.scale, adapter.base_digest) == ("nova", 39, 4.0, model.digest)
    about = json.loads((tmp_path / "nova" / ABOUT).read_text())
    assert about["held_out"]["backbone"]["after"] == trained[0].losses["backbone"].best
    plain = load_parts(model, "cpu", Formats.uniform(torch.float32))
    ours = load_parts(open_model(model.folder, loras=[Lora(str(tmp_path / "nova"))]), "cpu", plain.formats)
    pair = nn.ModuleDict({"backbone": plain.backbone, "superres": plain.superres})
    theirs = peft.PeftModel.from_pretrained(pair, str(tmp_path / "nova")).merge_and_unload()
    for part in ("backbone", "superres"):
        for name, tensor in theirs[part].state_dict().items():
            torch.testing.assert_close(getattr(ours, part).state_dict()[name], tensor, rtol=2**-10, atol=1e-5)


def test_it_replaces_an_adapter_and_nothing_else(
    trained: tuple[Trained, Path], model: OpenModel, tmp_path: Path
) -> None:
    for _ in range(2):
        save_adapter(tmp_path / "nova", model, trained[0], OPTIONS, 39, "tiny")
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "mine.wav").touch()
    with pytest.raises(OutputError, match="something else"):
        save_adapter(tmp_path / "songs", model, trained[0], OPTIONS, 39, "tiny")
    assert (tmp_path / "songs" / "mine.wav").exists() and not list(tmp_path.glob(".*"))


def test_it_ends_when_nothing_is_gained(model: OpenModel, tokens: Path, tmp_path: Path) -> None:
    hopeless = replace(OPTIONS, rate=0.1, alpha=256, steps=100, evaluations=100, patience=2)
    found = train_adapters(model, of_codec(tokens, model, tmp_path / "tokens"), tmp_path, hopeless, PLAN, CPU)
    for part, its in found.losses.items():
        log = [json.loads(line) for line in (tmp_path / part / "log.jsonl").read_text().splitlines()]
        held_out = [line["mean"] for line in log if line["kind"] == "held-out"]
        assert len(held_out) < 20 and min(held_out) not in held_out[-2:]
        assert its.best == pytest.approx(min(held_out), rel=1e-5)


def test_a_run_goes_on_where_it_stopped(
    trained: tuple[Trained, Path], model: OpenModel, tokens: Path, tmp_path: Path
) -> None:
    its = of_codec(tokens, model, tmp_path / "tokens")
    train_adapters(model, its, tmp_path, replace(OPTIONS, steps=4, evaluations=2), PLAN, CPU)
    again = train_adapters(model, its, tmp_path, OPTIONS, PLAN, CPU)
    assert again.losses["backbone"].before == pytest.approx(trained[0].losses["backbone"].before)
    assert again.losses["backbone"].best < again.losses["backbone"].before
    with pytest.raises(InvalidRequest, match="another model, trigger"):
        train_adapters(model, its, tmp_path, replace(OPTIONS, trigger="other"), PLAN, CPU)


def test_few_songs_are_divided_by_their_names(tokens: Path) -> None:
    songs = FewSongs(tokens, 0)
    assert (len(songs.train), len(songs.held_out)) == (34, 6)
    assert not {song.name for song in songs.train} & {song.name for song in songs.held_out}


def test_one_song_is_too_few(tokens: Path, tmp_path: Path) -> None:
    copytree(tokens, tmp_path / "one")
    index = tmp_path / "one" / "shard-0000.jsonl"
    index.write_text(index.read_text().splitlines()[0] + "\n")
    with pytest.raises(InvalidRequest, match="too few"):
        FewSongs(tmp_path / "one", 0)


def test_a_model_of_all_levels_at_once_is_finetuned_the_same_way(tokens: Path, tmp_path: Path) -> None:
    model = open_model(tiny_model(tmp_path / "model", residual=True))
    found = train_adapters(model, of_codec(tokens, model, tmp_path / "tokens"), tmp_path, OPTIONS, PLAN, CPU)
    assert found.losses["superres"].best < found.losses["superres"].before


def test_published_weights_are_finetuned_the_same_way(official: Callable[..., LoadedModel], tmp_path: Path) -> None:
    model = open_model(official("a").folder)
    codec = load_codec(model, "cpu")
    codes = np.random.default_rng(1).integers(0, codec.codebooks.shape[1], (codec.levels, 40))
    entry = {"frames": 40, "tags": ["pop"], "description": "", "lyrics": "", "duration": 5.0, "voice": "", "bpm": 0.0}
    tensors, lines = {}, []
    for seed in range(6):
        tensors[f"codes.{seed}"] = torch.from_numpy(codes.astype(np.int16))
        tensors[f"phones.{seed}"] = torch.zeros(40, dtype=torch.uint8)
        lines.append(json.dumps({"seed": seed, "name": f"song-{seed}", "style": "", **entry}) + "\n")
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    save_file(tensors, tokens / "shard-0000.safetensors")
    (tokens / "shard-0000.jsonl").write_text("".join(lines))
    save_file({"codebooks": codec.codebooks.clone()}, tokens / "codebooks.safetensors")
    found = train_adapters(model, tokens, tmp_path / "run", replace(OPTIONS, steps=4), PLAN, CPU)
    assert all(its.best < its.before for its in found.losses.values())  # the same song, learnt by heart
    save_adapter(tmp_path / "pop", model, found, OPTIONS, 5, "official-a")
    assert {"blocks.0.attention.qkv.weight", "blocks.2.mlp.down.weight"} < set(
        read_adapter(tmp_path / "pop").changed["backbone"]
    )
    parts = load_parts(open_model(model.folder, loras=[Lora(str(tmp_path / "pop"))]), "cpu", official("a").formats)
    before, after = (one.backbone.blocks[0].mlp.down.weight for one in (official("a"), parts))  # type: ignore[union-attr]
    assert not torch.equal(before, after) and (tmp_path / "pop" / CONFIG).exists()
