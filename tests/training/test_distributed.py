"""Several ranks take the steps of a single process: copied or sharded, resumed by more or fewer of them."""

import shutil
from pathlib import Path

import pytest
import torch
from ranks_at_work import BACKBONE, STEPS, SUPERRES, backbone, dac, start, superres, vocoder
from safetensors.torch import load_file

from khala.models.codec.folder import load_codec, save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.training import checkpoint, log, loop
from khala.training.ranks import Ranks

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def single(
    tokens: Path, tones: Path, fitted: tuple[SpectralCodec, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("single")
    save_codec(fitted[0], folder / "fitted")
    loop.train(backbone(tokens), BACKBONE, folder / "backbone")
    loop.train(superres(tokens), SUPERRES, folder / "superres")
    vocoder(tones, folder / "vocoder", Ranks())
    dac(tones, folder / "dac", Ranks())
    return folder


@pytest.fixture(scope="module")
def two(tokens: Path, tones: Path, single: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    shutil.copytree(single / "fitted", folder / "fitted")
    language_models = ["ddp", "fsdp", "fsdp-bfloat16", "superres-ddp", "superres-fsdp", "interrupted"]
    start(2, folder, dict.fromkeys(language_models, tokens) | dict.fromkeys(["vocoder", "dac"], tones))
    return folder


def losses(run: Path) -> dict[tuple[int, str], dict[str, float]]:
    return {(line["step"], line["kind"]): line["loss"] for line in log.read(run)}


def gradient_norms(run: Path) -> list[float]:
    return [line["grad"] for line in log.read(run) if line["kind"] == "train"]


def assert_equal_runs(one: Path, other: Path) -> None:
    """The same losses in every step and on held-out songs, the same gradients before they are clipped, and the same
    weights in the end."""
    ours, theirs = losses(one), losses(other)
    assert ours.keys() == theirs.keys() and len(ours) == STEPS + 1
    for at, found in ours.items():
        assert found == pytest.approx(theirs[at], abs=TOLERANCE), at
    assert gradient_norms(one) == pytest.approx(gradient_norms(other), rel=1e-3) and len(gradient_norms(one)) == STEPS
    weights, others = (load_file(run / "model.safetensors") for run in (one, other))
    assert weights.keys() == others.keys()
    for name, weight in weights.items():
        torch.testing.assert_close(weight, others[name], rtol=0, atol=TOLERANCE, msg=name)


@pytest.mark.parametrize("way", ["ddp", "fsdp"])
def test_two_ranks_train_the_backbone_as_one_process_does(single: Path, two: Path, way: str) -> None:
    assert_equal_runs(two / way, single / "backbone")


@pytest.mark.parametrize("way", ["superres-ddp", "superres-fsdp"])
def test_two_ranks_train_super_resolution_as_one_process_does(single: Path, two: Path, way: str) -> None:
    assert_equal_runs(two / way, single / "superres")


def test_shards_in_bfloat16_learn_the_same(single: Path, two: Path) -> None:
    ours, theirs = losses(two / "fsdp-bfloat16"), losses(single / "backbone")
    assert ours[STEPS, "held-out"] == pytest.approx(theirs[STEPS, "held-out"], abs=0.05)


def test_a_sharded_checkpoint_is_resumed_by_one_process(tokens: Path, single: Path, two: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(two / "interrupted", tmp_path / "run"))
    step = int(checkpoint.latest(run).name[5:])
    assert STEPS // 2 - 2 <= step < STEPS and not (run / "model.safetensors").exists()
    assert len(list(checkpoint.latest(run).glob("*.safetensors"))) == 2, "each rank writes its own file"
    loop.train(backbone(tokens), BACKBONE, run)
    assert_equal_runs(run, single / "backbone")


def test_a_sharded_checkpoint_is_resumed_by_three_ranks(tokens: Path, single: Path, two: Path, tmp_path: Path) -> None:
    shutil.copytree(two / "interrupted", tmp_path / "fsdp")
    start(3, tmp_path, {"fsdp": tokens})
    assert_equal_runs(tmp_path / "fsdp", single / "backbone")


def test_two_ranks_train_the_vocoder_as_one_process_does(single: Path, two: Path) -> None:
    one, other = (losses(folder / "vocoder") for folder in (single, two))
    assert one.keys() == other.keys()
    for (step, kind), found in one.items():
        # Phases that are added up over a song make of the last bit of a weight another sound.
        rel = TOLERANCE if kind == "train" else 5e-3
        assert found == pytest.approx(other[step, kind], rel=rel), (step, kind)


def test_two_ranks_train_a_waveform_codec_as_one_process_does(single: Path, two: Path) -> None:
    for stage in ("dac/autoencoder", "dac"):
        one, other = (losses(folder / stage) for folder in (single, two))
        assert one.keys() == other.keys() and len(one) > 4
        for at, found in one.items():
            assert found == pytest.approx(other[at], rel=TOLERANCE), at
    ours, theirs = (load_codec(folder / "dac").codebooks for folder in (single, two))
    assert torch.allclose(ours, theirs, atol=TOLERANCE) and not torch.equal(
        ours, load_codec(single / "dac" / "start").codebooks
    )
