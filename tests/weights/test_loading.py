"""Loading model folders: what was saved is loaded; damage is refused in one line that says what to do."""

import copy
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.music.errors import ModelError
from khala.nn.linear import Linear
from khala.nn.precision import INT4, Formats, computes_bfloat16
from khala.weights import load_model, save_model
from khala.weights.configs import to_json
from khala.weights.digests import write_digests
from khala.weights.loading import build_codec
from khala.weights.names import DIGESTED, GRAPHS, digested_files, resolve, verified_digest
from khala.weights.tensors import stored_tensors
from khala.weights.tokenizer import Tokenizer

Modules = tuple[nn.Module, nn.Module, nn.Module]


def seal(folder: Path) -> None:
    """Make the digests fit what now lies in the folder, so that the checks behind them are reached."""
    write_digests(folder, DIGESTED)


def test_round_trip(folder: Path, modules: Modules) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted([*DIGESTED, "README.md", "digests.json"])
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in folder.iterdir())
    loaded = load_model(folder)
    assert loaded.config == tiny() and loaded.layout == tiny().layout and loaded.folder == folder
    assert loaded.tokenizer.encode("Hé") == [72, 195, 169]
    for ours, theirs in zip((loaded.backbone, loaded.superres, loaded.codec), modules, strict=True):
        assert isinstance(ours, nn.Module) and not ours.training
        for name, tensor in stored_tensors(theirs).items():
            back = stored_tensors(ours)[name]
            assert back.dtype == torch.float32 and not back.requires_grad
            assert torch.equal(back, tensor.half().float()), name


def test_a_loaded_model_sees_the_codec_s_codebooks(folder: Path) -> None:
    loaded = load_model(folder)
    codes = torch.randint(0, 16, (1, 8, 5))
    assert loaded.superres.embed_codes(codes).shape == (1, 5, 32)
    assert loaded.superres.codebooks is not None and loaded.superres.codebooks.vectors is not None
    scale = loaded.codec.codebooks[0].square().mean().sqrt()
    assert torch.allclose(loaded.superres.codebooks.vectors * scale, loaded.codec.codebooks, atol=1e-6)


def test_half_the_bytes_and_the_dtype_asked_for(folder: Path) -> None:
    stored = load_file(folder / "backbone.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    loaded = load_model(folder, dtype=torch.bfloat16)
    assert loaded.backbone.dtype == loaded.superres.dtype == torch.bfloat16
    assert loaded.codec.codebooks.dtype == torch.float32


def test_int8_is_for_the_matrices_of_the_blocks(folder: Path) -> None:
    exact, rough = load_model(folder), load_model(folder, dtype=torch.int8)
    assert rough.formats == Formats.uniform(torch.int8) and rough.codec.codebooks.dtype == torch.float32
    for one, other in ((exact.backbone, rough.backbone), (exact.superres, rough.superres)):
        matrices = {f"{name}.weight" for name, layer in other.blocks.named_modules() if isinstance(layer, Linear)}
        for name, weight in other.named_parameters():
            assert weight.dtype == (torch.int8 if name.removeprefix("blocks.") in matrices else torch.bfloat16), name
        for layer, source in zip(other.blocks.modules(), one.blocks.modules(), strict=True):
            if isinstance(layer, Linear) and isinstance(source, Linear):
                off = (layer.weight * layer.scale_O[:, None] - source.weight).abs()
                assert (off <= source.weight.abs().amax(1, keepdim=True) / 254 * 1.001).all()
        assert len(matrices) == 4 * len(other.blocks)


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose layers have a say in its logits."""
    torch.manual_seed(2)
    config = tiny()
    config = replace(config, backbone=replace(config.backbone, ffn=64), superres=replace(config.superres, ffn=64))
    backbone, superres, codec = Backbone(config.backbone), Superres(config.superres), build_codec(config.codec)
    for parameter in (*backbone.parameters(), *superres.parameters()):
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=0.2)
    codec.codebooks.normal_()
    folder = tmp_path_factory.mktemp("speaking") / "model"
    save_model(folder, config, backbone, superres, codec, Tokenizer.of_bytes(), "")
    return folder


@torch.inference_mode()
def logits(folder: Path, dtype: torch.dtype) -> list[torch.Tensor]:
    """Of the backbone behind text and codes, and of super-resolution for each of its levels."""
    loaded, draw = load_model(folder, dtype=dtype), torch.Generator().manual_seed(1)
    ids = torch.randint(512 + 32, (1, 60), generator=draw)
    text, codes = torch.randint(256, (1, 12), generator=draw), torch.randint(16, (1, 8, 50), generator=draw)
    backbone, superres = loaded.backbone, loaded.superres
    found = [backbone.logits(backbone(backbone.embed_tokens(ids), causal=True))]
    for level in range(2, 8):
        hidden = superres(superres.embed_song(text, codes[:, :level]), causal=False)
        found.append(superres.level_logits(hidden, level))
    return found


def test_int4_packs_the_matrices_of_the_blocks(speaking: Path) -> None:
    model = load_model(speaking, dtype=INT4)
    assert model.formats == Formats.uniform(INT4)
    layer = next(layer for layer in model.superres.blocks.modules() if isinstance(layer, Linear))
    assert layer.weight.numel() == layer.in_features * layer.out_features // 2
    assert model.superres.embedding.weight.dtype == torch.bfloat16


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(
    ("dtype", "most"),
    [(torch.float16, 0.002), (torch.bfloat16, 0.03), (torch.int8, 0.031), (INT4, 0.3)],
    ids=["f16", "bf16", "int8", "int4"],
)
def test_fewer_bits_change_what_a_model_says_by_a_few_hundredths(
    speaking: Path, dtype: torch.dtype, most: float, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root mean square of what changes in the logits, by their own: with and without instructions for bfloat16."""
    exact = logits(speaking, torch.float32)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": there})
    computes_bfloat16.cache_clear()
    rough = logits(speaking, dtype)
    monkeypatch.undo()
    computes_bfloat16.cache_clear()
    off = [float((a.float() - b).norm() / b.norm()) for a, b in zip(rough, exact, strict=True)]
    assert min(off) > 0 and max(off) < most, off


def test_loading_leaves_the_random_numbers_alone(folder: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_model(folder)
    assert torch.equal(torch.rand(3), expected)


def test_same_content_same_digest(folder: Path, tmp_path: Path, modules: Modules) -> None:
    save_model(tmp_path / "again", tiny(), *modules, Tokenizer.of_bytes(), "another card")
    first, again = load_model(folder), load_model(tmp_path / "again")
    assert first.digest == again.digest and len(first.digest) == 64
    backbone, superres, codec = copy.deepcopy(modules)
    with torch.no_grad():
        next(backbone.parameters())[0, 0] += 1
    save_model(tmp_path / "other", tiny(), backbone, superres, codec, Tokenizer.of_bytes(), "")
    assert load_model(tmp_path / "other").digest != first.digest


@pytest.mark.parametrize("name", DIGESTED)
def test_every_file_is_needed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"is broken: {name}: No such file") as caught:
        load_model(folder)
    assert str(caught.value).endswith("khala models list") and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", DIGESTED)
def test_a_changed_file_is_noticed(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[-2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelError, match=rf"{name}: "):
        load_model(folder)


def test_a_wrong_digest_is_noticed_unless_told_not_to_look(folder: Path) -> None:
    digests = json.loads((folder / "digests.json").read_text())
    digests["codec.safetensors"] = "0" * 64
    (folder / "digests.json").write_text(json.dumps(digests))
    with pytest.raises(ModelError, match=r"codec\.safetensors: its content is not what digests\.json says"):
        load_model(folder)
    assert load_model(folder, verify=False).digest


@pytest.mark.parametrize("text", ["", "{", "[]", '{"config.json": "0"}', "[" * 100_000])
def test_broken_digests(folder: Path, text: str) -> None:
    (folder / "digests.json").write_text(text)
    with pytest.raises(ModelError, match=r"digests\.json: "):
        load_model(folder)
    (folder / "digests.json").unlink()
    with pytest.raises(ModelError, match=r"digests\.json: No such file"):
        load_model(folder)


@pytest.mark.parametrize("keep", [0, 4, 8, 100, -1])
def test_a_truncated_file(folder: Path, keep: int) -> None:
    path = folder / "superres.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    seal(folder)
    with pytest.raises(ModelError, match=r"superres\.safetensors: it is truncated or not a safetensors file"):
        load_model(folder)


def change(path: Path, **changes: torch.Tensor | None) -> None:
    tensors = load_file(path)
    for name, tensor in changes.items():
        if tensor is None:
            del tensors[name]
        else:
            tensors[name] = tensor
    save_file(tensors, path)
    seal(path.parent)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norm.weight": None}, r"the tensor norm\.weight is missing"),
        ({"extra": torch.zeros(2)}, "the tensor extra is unknown"),
        ({"norm.weight": torch.ones(33)}, r"norm\.weight has shape \[33\]; config\.json says \[32\]"),
        ({"norm.weight": torch.full((32,), torch.nan)}, r"norm\.weight holds NaN or infinity"),
        ({"norm.weight": torch.ones(32, dtype=torch.int32)}, r"norm\.weight holds torch\.int32"),
    ],
)
def test_tensors_that_do_not_fit(folder: Path, changes: dict[str, torch.Tensor | None], message: str) -> None:
    change(folder / "backbone.safetensors", **changes)
    with pytest.raises(ModelError, match=r"backbone\.safetensors: .*" + message):
        load_model(folder)


@pytest.mark.parametrize(
    ("part", "key", "value", "file"),
    [
        ("backbone", "layers", 3, "backbone"),
        ("superres", "dim", 2**20, "superres"),
        ("superres", "dim", 2**40, "superres"),
        ("superres", "ffn", 64, "superres"),
        ("codec", "width", 2**19, "codec"),
    ],
)
def test_a_config_that_belongs_to_another_model(folder: Path, part: str, key: str, value: int, file: str) -> None:
    """Huge sizes are refused from the file's header, before memory is filled."""
    values = json.loads((folder / "config.json").read_text())
    values[part][key] = value
    (folder / "config.json").write_text(json.dumps(values))
    seal(folder)
    with pytest.raises(ModelError, match=rf"{file}\.safetensors: "):
        load_model(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": 2}, "not of format 1"),
        ({"format": 1, "name": "x"}, "backbone is missing"),
        ({"format": 1, **to_json(tiny()), "shape": 1}, "shape is unknown"),
        ({"format": 1, **to_json(tiny()), "sampling": {"top_k": -1}}, "top_k"),
        ({"format": 1, **to_json(tiny()), "backbone": to_json(tiny().superres)}, "a backbone writes 2 levels"),
    ],
)
def test_a_broken_config(folder: Path, values: dict[str, object], message: str) -> None:
    (folder / "config.json").write_text(json.dumps(values))
    seal(folder)
    with pytest.raises(ModelError, match=rf"config\.json: .*{message}"):
        load_model(folder)


def test_a_tokenizer_of_another_size(folder: Path) -> None:
    values = json.loads((folder / "config.json").read_text())
    for part in ("backbone", "superres"):
        values[part]["text_vocab"] = 600
    (folder / "config.json").write_text(json.dumps(values))
    seal(folder)
    with pytest.raises(ModelError, match=r"tokenizer\.json: it has 512 ids; by config\.json it has 600"):
        load_model(folder)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_changed_graph_is_noticed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(resolve("mini"), folder)
    before = verified_digest(folder)
    with (folder / name).open("ab") as file:
        file.write(b"0")
    with pytest.raises(ModelError, match=f"{name}: its content is not what digests.json says"):
        verified_digest(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match="does not list exactly"):
        verified_digest(folder)
    write_digests(folder, digested_files(folder))
    assert verified_digest(folder) != before
