"""Imports as a whole: what they write and say, what stops them, and folders that mean harm."""

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from megatron import ARGUMENTS, draw, write_checkpoint
from safetensors.torch import load_file

from khala.cli.main import run
from khala.models.codec.config import DacConfig
from khala.music.errors import InvalidRequest, KhalaError, ModelError, OutputError
from khala.weights import configs, load_model
from khala.weights.published import importing
from khala.weights.published.contents import ImportOptions
from khala.weights.published.importing import import_published

CODEC = "dac_rvq_2490000.ckpt"
BACKBONE_FILE = "backbone/iter_0036000"
SUPERRES_FILE = "superresolution/iter_0010000"


@pytest.fixture(scope="session")
def pristine(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published weights: two small language models of the released iterations, the codec of official-a."""
    folder = tmp_path_factory.mktemp("published") / "weights"
    write_checkpoint(folder / "backbone", 576, ranks=2)
    write_checkpoint(folder / "superresolution", 2688, name="iter_0010000", iteration=10000, stacked=True)
    shutil.copy(fixtures / "official-a" / "checkpoints" / CODEC, folder / CODEC)
    return folder


@pytest.fixture
def published(pristine: Path, tmp_path: Path) -> Path:
    """The same, to be tampered with."""
    folder = tmp_path / "published"
    shutil.copytree(pristine, folder)
    (folder / CODEC).chmod(0o644)
    return folder


@pytest.fixture
def refused(published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., None]]:
    """Asserts that `khala models import` refuses `published` with one line that holds `message`, and writes nothing."""
    canary, to = tmp_path / "canary", tmp_path / "out" / "model"
    to.parent.mkdir()

    def check(message: str, *options: str, status: int = 3) -> None:
        assert run(["models", "import", str(published), "--to", str(to), "--quiet", *options]) == status
        said = capsys.readouterr()
        assert message in said.err and said.err.startswith("khala: ") and said.out == ""
        assert len(said.err.splitlines()) == 1 and len(said.err) < 600
        assert list(to.parent.iterdir()) == [] and not canary.exists()

    yield check


class Trap:
    """Runs a command when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.canary}",)


# What an import writes and says


def test_a_model_that_loads_with_what_was_decided_in_its_config_and_card(pristine: Path, tmp_path: Path) -> None:
    lines = import_published(pristine, tmp_path / "model")
    model = load_model(tmp_path / "model")
    assert model.config.license == "CC-BY-NC-4.0" and model.layout.text_vocab == 512
    assert model.config.codec == DacConfig(encoder_width=4, decoder_width=96, dim=16, codebook=32)
    origin = model.config.origin
    assert origin is not None and origin.codec == CODEC
    for part, iteration in ((origin.backbone, 36000), (origin.superres, 10000)):
        assert (part.iteration, part.fc1_bias) == (iteration, "doubled") and "released" in part.why
    card = (tmp_path / "model" / "README.md").read_text()
    assert all(f"- {line}\n" in card for line in lines) and "CC-BY-NC-4.0" in card
    assert "used 27 tensors; ignored _extra_state (2), rng_state (1) and 0 rows of padding" in lines[0]
    assert "stacked layers" in lines[3] and "128 rows of padding" in lines[3]
    assert lines[-1] == f"codec: {CODEC}; ignored discriminator (6), mel_window (1)"
    assert configs.from_json(type(model.config), configs.to_json(model.config)) == model.config


def test_only_the_fc1_bias_is_doubled_and_exactly(pristine: Path, tmp_path: Path) -> None:
    for times in ("single", "doubled"):
        import_published(pristine, tmp_path / times, ImportOptions(fc1_bias=times))
    single, doubled = (load_file(tmp_path / times / "backbone.safetensors") for times in ("single", "doubled"))
    for name, tensor in single.items():
        factor = 2 if name.endswith("mlp.gate_up.bias") else 1
        assert torch.equal(doubled[name], factor * tensor) and tensor.dtype == torch.bfloat16, name


def test_other_iterations_and_models_without_biases_are_not_doubled(published: Path, tmp_path: Path) -> None:
    shutil.rmtree(published / "backbone")
    shutil.rmtree(published / "superresolution")
    write_checkpoint(published / "backbone", 576, iteration=35999)
    without = {"add_bias_linear": False, "add_qkv_bias": False}
    write_checkpoint(published / "superresolution", 2560, name="release", iteration=10000, arguments=without)
    import_published(published, tmp_path / "model")
    config = load_model(tmp_path / "model").config
    assert config.origin is not None and config.license.startswith("unknown")
    assert config.origin.backbone.why == "iteration 35999 is not the released one, 36000"
    assert config.origin.superres.why == "it has no biases"
    assert {config.origin.backbone.fc1_bias, config.origin.superres.fc1_bias} == {"single"}


def test_stated_values_go_before_those_of_the_folder(published: Path, tmp_path: Path) -> None:
    options = ImportOptions(norm_eps=1e-5, rope_scaling=4.0, text_vocab=512)
    import_published(published, tmp_path / "model", options)
    config = load_model(tmp_path / "model").config
    for part in (config.backbone, config.superres):
        assert (part.norm_eps, part.rope_scaling, part.text_vocab) == (1e-5, 4.0, 512)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fc1-bias", "triple"], "the fc1 bias is 'triple'; it must be auto, single or doubled"),
        (["--text-vocab", "100"], "a text vocabulary of 100 ids; 256 are special"),
        (["--text-vocab", "500"], "name its file: --tokenizer FILE"),
        (["--norm-epsilon", "0"], "a norm epsilon of 0.0"),
        (["--rope-scaling", "-1"], "a RoPE scaling of -1.0"),
        (["--codec", "nowhere.ckpt"], "there is no codec nowhere.ckpt"),
    ],
)
def test_impossible_options_are_refused(refused: Callable[..., None], options: list[str], message: str) -> None:
    refused(message, *options, status=2)


def test_a_text_vocabulary_that_cannot_be_derived_must_be_stated(published: Path, refused: Callable[..., None]) -> None:
    shutil.rmtree(published / "backbone")
    write_checkpoint(published / "backbone", 5000)
    refused("embeddings of 5000 and 2688 rows do not fit a text vocabulary of 512 or 128256", status=2)


def test_a_tokenizer_of_another_size_is_refused(
    published: Path, tmp_path: Path, refused: Callable[..., None], pristine: Path
) -> None:
    import_published(pristine, tmp_path / "other")
    tokenizer = str(tmp_path / "other" / "tokenizer.json")
    refused(
        "the tokenizer has 512 ids, the weights have 511", "--text-vocab", "511", "--tokenizer", tokenizer, status=2
    )


def test_a_codec_must_be_there_once(published: Path, refused: Callable[..., None]) -> None:
    shutil.copy(published / CODEC, published / "dac_rvq_1.ckpt")
    refused("holds 2 files dac_rvq_*.ckpt; name the codec: --codec FILE", status=2)
    (published / CODEC).unlink()
    (published / "dac_rvq_1.ckpt").unlink()
    refused("holds 0 files dac_rvq_*.ckpt", status=2)


def test_a_folder_that_is_something_else_is_neither_read_nor_overwritten(pristine: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no published weights: it lacks the folders backbone and superresolution"):
        import_published(tmp_path, tmp_path / "model")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    for place in (tmp_path / "mine", tmp_path / "mine" / "thesis.txt"):
        with pytest.raises(OutputError, match="something else than a model"):
            import_published(pristine, place)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


# Interrupted, and run again


def digest_of(folder: Path) -> str:
    return load_model(folder).digest


def test_an_interrupted_import_goes_on_with_the_next_part(pristine: Path, tmp_path: Path) -> None:
    import_published(pristine, tmp_path / "whole" / "model")

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "import superres":
            raise KeyboardInterrupt

    to = tmp_path / "again" / "model"
    with pytest.raises(KeyboardInterrupt):
        import_published(pristine, to, progress=interrupt)
    (work,) = to.parent.iterdir()
    assert sorted(path.name for path in work.iterdir()) == ["backbone.safetensors", "import"]
    (work / ".0123.part").write_bytes(b"what a run leaves that was killed")
    stages: list[str] = []
    import_published(pristine, to, progress=lambda stage, done, total: stages.append(stage))
    assert list(dict.fromkeys(stages)) == ["import superres", "import codec"]
    assert [path.name for path in to.parent.iterdir()] == ["model"]
    assert not list(to.glob(".*")) and len(list(to.iterdir())) == 7
    assert digest_of(to) == digest_of(tmp_path / "whole" / "model")


def test_nothing_of_another_import_is_taken_over(published: Path, tmp_path: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "import codec":
            raise KeyboardInterrupt

    to, stages = tmp_path / "out" / "model", list[str]()
    with pytest.raises(KeyboardInterrupt):
        import_published(published, to, progress=interrupt)
    import_published(published, to, ImportOptions("single"), lambda stage, done, total: stages.append(stage))
    assert list(dict.fromkeys(stages)) == ["import backbone", "import superres", "import codec"]
    (to.parent / ".model.import").mkdir()
    (to.parent / ".model.import" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="is in the way"):
        import_published(published, to)
    assert (to.parent / ".model.import" / "thesis.txt").read_text() == "precious"


def test_a_second_import_replaces_the_first(pristine: Path, tmp_path: Path) -> None:
    to = tmp_path / "model"
    import_published(pristine, to, ImportOptions("single"))
    single = digest_of(to)
    import_published(pristine, to)
    assert digest_of(to) != single and [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_disk_that_is_full_is_said_before_anything_is_written(
    pristine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(importing.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(OutputError, match=r"has 0\.0 GB free, and 0\.0 GB are needed; make room"):
        import_published(pristine, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


# Folders that mean harm


@pytest.mark.parametrize("file", ["common.pt", ".metadata", "chunk", CODEC])
def test_a_pickle_that_would_run_code(published: Path, tmp_path: Path, refused: Callable[..., None], file: str) -> None:
    folder, trap = published / SUPERRES_FILE, Trap(tmp_path / "canary")
    if file == "chunk":
        shutil.rmtree(published / "superresolution")
        writer = write_checkpoint(published / "superresolution", 2560, name="iter_0010000", iteration=10000)
        place = next(place for index, place in writer.places.items() if "final_layernorm" in index.fqn)
        torch.save([trap, torch.zeros(4000)], tmp_path / "poison")
        index = next(index for index in writer.places if "final_layernorm" in index.fqn)
        writer.places[index] = writer.append(place.relative_path, (tmp_path / "poison").read_bytes())
        writer.finish(ARGUMENTS, 10000, True)
    elif file == ".metadata":
        import pickle

        (folder / file).write_bytes(pickle.dumps([trap]))
    else:
        torch.save({"state_dict": trap, "args": trap}, (published if file == CODEC else folder) / file)
    refused("asks for posix.system, which no published checkpoint needs")


def test_a_trap_is_one(tmp_path: Path) -> None:
    torch.save(Trap(tmp_path / "canary"), tmp_path / "x.pt")
    torch.load(tmp_path / "x.pt", weights_only=False)
    assert (tmp_path / "canary").exists()


@pytest.mark.parametrize("left", [0.0, 0.01, 0.5, 0.999])
@pytest.mark.parametrize("file", ["__0_1.distcp", "common.pt", ".metadata", "metadata.json", f"../../{CODEC}"])
def test_files_that_are_cut_short(published: Path, refused: Callable[..., None], file: str, left: float) -> None:
    path = published / SUPERRES_FILE / file
    path.write_bytes(path.read_bytes()[: int(left * path.stat().st_size)])
    refused("")


@pytest.mark.parametrize("file", [f"{BACKBONE_FILE}/__1_0.distcp", f"{SUPERRES_FILE}/__0_0.distcp", CODEC])
def test_a_bit_that_flipped_among_the_weights(published: Path, refused: Callable[..., None], file: str) -> None:
    data = bytearray((published / file).read_bytes())
    with zipfile.ZipFile(published / CODEC) as archive:
        largest = max(archive.infolist(), key=lambda info: info.file_size)
    data[largest.header_offset + 400 if file == CODEC else 3000] ^= 1
    (published / file).write_bytes(data)
    refused("is damaged or truncated (Bad CRC-32")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["embedding", "1.mlp.linear_fc2.bias", "0.mlp.linear_fc1.bias"])
def test_weights_that_are_no_numbers(published: Path, refused: Callable[..., None], value: float, name: str) -> None:
    def numbers(asked: str, shape: tuple[int, ...]) -> torch.Tensor:
        tensor = draw(1)(asked, shape)
        if asked == name:
            tensor.view(-1)[-1] = value
        return tensor

    shutil.rmtree(published / "superresolution")
    write_checkpoint(published / "superresolution", 2560, name="iter_0010000", iteration=10000, numbers=numbers)
    refused("holds NaN or infinity")  # after the backbone was written: that is gone, too


def test_a_bias_that_cannot_be_doubled(published: Path, refused: Callable[..., None]) -> None:
    def numbers(asked: str, shape: tuple[int, ...]) -> torch.Tensor:
        return torch.full(shape, 3e38, dtype=torch.bfloat16)

    shutil.rmtree(published / "superresolution")
    write_checkpoint(published / "superresolution", 2560, name="iter_0010000", iteration=10000, numbers=numbers)
    refused("linear_fc1.bias_w is too large to be doubled")


@pytest.mark.parametrize("trick", ["../common.pt", "/etc/passwd", "a/b.distcp", "..", "", "x\n.distcp"])
def test_names_that_lead_elsewhere(published: Path, refused: Callable[..., None], trick: str) -> None:
    shutil.rmtree(published / "backbone")
    writer = write_checkpoint(published / "backbone", 576)
    for place in writer.places.values():
        place.relative_path = trick
    writer.finish(ARGUMENTS, 36000, True)
    refused("which is not in the same folder")


@pytest.mark.parametrize("said", ["../../etc", "", "-1", "36000/../..", "9" * 30, "\xff"])
def test_trackers_that_lead_elsewhere(published: Path, refused: Callable[..., None], said: str) -> None:
    (published / "backbone" / "latest_checkpointed_iteration.txt").write_text(said)
    refused("names no iteration; it must hold a number or the word release")


@pytest.mark.parametrize("file", ["__0_0.distcp", "common.pt", ".metadata", "metadata.json", f"../../{CODEC}"])
def test_symbolic_links_that_lead_out(published: Path, tmp_path: Path, refused: Callable[..., None], file: str) -> None:
    path = published / BACKBONE_FILE / file
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    refused(f"leads out of {published}")
    (tmp_path / "outside").unlink()
    refused("is missing; fetch the weights again")


def test_a_folder_that_is_a_link_and_a_link_that_leads_to_itself(
    published: Path, tmp_path: Path, refused: Callable[..., None]
) -> None:
    (published / "backbone").rename(tmp_path / "outside")
    (published / "backbone").symlink_to(tmp_path / "outside")
    refused(f"leads out of {published}")
    (published / "backbone").unlink()
    (tmp_path / "outside").rename(published / "backbone")
    published.rename(tmp_path / "elsewhere")
    published.mkdir()
    (published / "checkpoints").symlink_to(tmp_path / "elsewhere")
    refused(f"leads out of {published}")
    (published / "checkpoints").unlink()
    (tmp_path / "elsewhere").rename(published / "checkpoints")
    common = published / "checkpoints" / BACKBONE_FILE / "common.pt"
    common.unlink()
    common.symlink_to("common.pt")
    refused("common.pt is missing")


def test_a_file_that_never_ends(published: Path, refused: Callable[..., None]) -> None:
    (published / BACKBONE_FILE / "common.pt").unlink()
    os.mkfifo(published / BACKBONE_FILE / "common.pt")
    refused("is not a regular file")


def test_links_within_the_cache_of_the_hub_are_followed(published: Path, tmp_path: Path) -> None:
    repo = tmp_path / "models--somebody--weights"
    snapshot = repo / "snapshots" / "0123456789abcdef"
    (repo / "blobs").mkdir(parents=True)
    for number, path in enumerate(sorted(path for path in published.rglob("*") if path.is_file())):
        path.rename(repo / "blobs" / str(number))
        (snapshot / path.relative_to(published)).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / path.relative_to(published)).symlink_to(repo / "blobs" / str(number))
    import_published(snapshot, tmp_path / "model")
    assert load_model(tmp_path / "model").config.name == "model"


def test_sizes_that_no_memory_holds(published: Path, refused: Callable[..., None]) -> None:
    shutil.rmtree(published / "backbone")
    writer = write_checkpoint(published / "backbone", 576)
    for entry in writer.tensors.values():
        if hasattr(entry, "size"):
            entry.size = torch.Size([1 << 19, *entry.size[1:]])
            entry.chunks[0].sizes = entry.size
            del entry.chunks[1:]
    writer.finish({**ARGUMENTS, "ffn_hidden_size": 1 << 20}, 36000, True)
    refused("bytes cannot hold [524288")


def test_compressed_weights(published: Path, refused: Callable[..., None]) -> None:
    with zipfile.ZipFile(published / CODEC) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(published / CODEC, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    refused("it is compressed")


def test_a_checkpoint_of_another_kind(published: Path, refused: Callable[..., None]) -> None:
    (published / BACKBONE_FILE / "metadata.json").write_text(json.dumps({"sharded_backend": "zarr"}))
    refused("a checkpoint of the kind 'zarr'; only torch_dist is supported")


def test_errors_are_of_the_three_kinds_that_it_says() -> None:
    assert issubclass(ModelError, KhalaError) and ModelError.exit_status == 3
    assert InvalidRequest.exit_status == OutputError.exit_status == 2
