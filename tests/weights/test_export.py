"""A backbone as a stock Llama: transformers computes what Khala computes, and its ids become songs."""

import io
import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import TransformerConfig
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest, ModelError, OutputError
from khala.music.layout import TokenLayout
from khala.weights import LoadedModel, export, load_model, save_model
from khala.weights.export import codes_of, export_llama
from khala.weights.loading import build_codec
from khala.weights.tokenizer import Tokenizer

FAMILY = replace(tiny().backbone, qk_norm=False, codebook_dim=None, bias=True)
"""As the published models are built, in small."""


def published(backbone: TransformerConfig = FAMILY) -> ModelConfig:
    superres = replace(backbone, levels=8)
    return replace(tiny(), name="published", backbone=backbone, superres=superres, license="CC-BY-NC-4.0")


def save(folder: Path, config: ModelConfig, dtype: torch.dtype = torch.float32, seed: int = 1) -> Path:
    """A model of `config` with random weights, no bias and no norm left out."""
    torch.manual_seed(seed)
    parts = Backbone(config.backbone), Superres(config.superres), build_codec(config.codec)
    for part in parts:
        for tensor in part.parameters():
            tensor.data += 0.2 * torch.randn_like(tensor)
    parts[2].codebooks.normal_()
    save_model(folder, config, *parts, Tokenizer.of_bytes(), "# Published\n", dtype)
    return folder


def ours(folder: Path, ids: torch.Tensor) -> torch.Tensor:
    backbone = load_model(folder).backbone
    with torch.inference_mode():
        return backbone.logits(backbone(backbone.embed_tokens(ids), causal=True))


def theirs(folder: Path, ids: torch.Tensor) -> torch.Tensor:
    llama, report = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    assert isinstance(llama, LlamaForCausalLM)
    assert not any(report.values()), report  # nothing missing, nothing left over
    with torch.inference_mode():
        return llama.eval()(ids).logits


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("published") / "model", published())


@pytest.fixture(scope="module")
def llama(folder: Path) -> Path:
    export_llama(str(folder), folder.parent / "llama")
    return folder.parent / "llama"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"bias": False},
        {"tied": True},
        {"kv_heads": 4},
        {"head_dim": 16},
        {"rope_base": 10000.0, "norm_eps": 1e-5},
        {"rope_scaling": 8.0, "rope_base": 1000.0, "head_dim": 16},  # of its 8 pairs some turn slower, some are blended
    ],
    ids=str,
)
def test_transformers_computes_the_same_logits(tmp_path: Path, change: dict[str, Any]) -> None:
    model = save(tmp_path / "model", published(replace(FAMILY, **change)))
    export_llama(str(model), tmp_path / "llama")
    ids = torch.randint(FAMILY.rows, (2, 300), generator=torch.Generator().manual_seed(2))
    expected = ours(model, ids)
    assert torch.allclose(theirs(tmp_path / "llama", ids), expected, atol=1e-4), change
    assert expected.abs().max() > 1 and expected.std() > 0.1  # they have something to say


@pytest.mark.parametrize(("decision", "reference"), [("single", "logits"), ("doubled", "logits_fc1_bias_doubled")])
def test_published_logits_with_the_bias_of_fc1_added_once_or_twice(
    fixtures: Path, official: Callable[..., LoadedModel], tmp_path: Path, decision: str, reference: str
) -> None:
    export_llama(str(official("c", decision).folder), tmp_path / "llama")
    stored = load_file(fixtures / "official-c" / "backbone_ref.safetensors")
    assert torch.allclose(theirs(tmp_path / "llama", stored["input_ids"][None])[0], stored[reference], atol=1e-4)
    card = (tmp_path / "llama" / "README.md").read_text()
    assert f"Imported from iteration 36000; biases of the first MLP layer {decision} (asked for" in card


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_keep_the_dtype_they_are_stored_in(tmp_path: Path, dtype: torch.dtype) -> None:
    export_llama(str(save(tmp_path / "model", published(), dtype)), tmp_path / "llama")
    assert {tensor.dtype for tensor in load_file(tmp_path / "llama/model.safetensors").values()} == {dtype}
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "llama").dtype == dtype


def test_the_tokenizer_knows_text_special_tokens_and_codes(llama: Path) -> None:
    tokenizer, layout = AutoTokenizer.from_pretrained(llama), FAMILY.layout
    assert len(tokenizer) == FAMILY.rows
    assert tokenizer("aé")["input_ids"] == [97, 0xC3, 0xA9]  # nothing is put before a text
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (layout.bos, layout.eos)
    assert tokenizer.pad_token_id == layout.filler
    names = [export.audio_token(0, 0), export.audio_token(0, 15), export.audio_token(1, 3)]
    assert tokenizer.convert_tokens_to_ids(names) == [layout.audio_id(0, 0), layout.audio_id(0, 15), 512 + 16 + 3]
    assert tokenizer.decode([97, layout.audio_id(1, 3)]) == "a<|q1_3|>"


def test_the_cards_program_makes_a_song(
    folder: Path, llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With transformers in the place of the server, held to the rows that a trained model would keep to."""
    model, layout = AutoModelForCausalLM.from_pretrained(llama), FAMILY.layout
    asked: list[dict[str, Any]] = []

    def answer(request: urllib.request.Request) -> io.BytesIO:
        assert isinstance(request.data, bytes)
        asked.append(ask := json.loads(request.data))
        prompt = torch.tensor([ask["prompt"]])

        def rows(_: int, ids: torch.Tensor) -> list[int]:
            return list(layout.level_rows((len(ids) - prompt.shape[1]) % 2))

        model.generation_config.eos_token_id = None
        ids = model.generate(prompt, max_new_tokens=20, do_sample=False, prefix_allowed_tokens_fn=rows)
        return io.BytesIO(json.dumps({"choices": [{"token_ids": ids[0, prompt.shape[1] :].tolist()}]}).encode())

    program = re.findall(r"```python\n(.*?)```", (llama / "README.md").read_text(), re.DOTALL)[-1]
    monkeypatch.setattr(urllib.request, "urlopen", answer)
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {})
    assert (tmp_path / "song.flac").stat().st_size > 1000
    record = json.loads((tmp_path / "song.json").read_text())
    assert record["frames"] == 10 and record["model"]["license"] == "CC-BY-NC-4.0"
    assert asked[0]["return_token_ids"] and asked[0]["max_tokens"] == 2 * record["max_frames"]


def test_the_card_tells_licence_origin_and_service(llama: Path, folder: Path) -> None:
    card = (llama / "README.md").read_text()
    assert card.startswith("---\nlicense: cc-by-nc-4.0\n") and "Licence of the weights: CC-BY-NC-4.0." in card
    assert "vllm serve FOLDER" in card and load_model(folder).digest in card


def test_codes_of_ids() -> None:
    layout = TokenLayout(512, 16, 2)
    codes, ended = codes_of([512, 528, 527, 543, layout.eos, 7], layout)
    assert ended and codes.dtype == np.int16 and codes.tolist() == [[0, 15], [0, 15]]
    codes, ended = codes_of([512, 528, 513], layout)  # cut by a limit, within a frame
    assert not ended and codes.tolist() == [[0], [0]]
    assert codes_of([], layout)[0].shape == (2, 0)
    for ids, reason in (
        ([512, 512], "id 512 is out of place"),
        ([528, 528], "id 528 is out of place"),
        ([512, 544], "id 544 is out of place"),
        ([512, 528, 97, 528], "id 97 is out of place"),
        ([512, layout.eos], "ends within a frame"),
    ):
        with pytest.raises(InvalidRequest, match=reason):
            codes_of(ids, layout)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"qk_norm": True}, "published cannot become a Llama: it normalises queries and keys; a stock Llama does not"),
        ({"codebook_dim": 16}, "published cannot become a Llama: it embeds codes through the codec's codebooks; "),
    ],
)
def test_what_is_no_llama_is_refused(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    model = save(tmp_path / "model", published(replace(FAMILY, **change)))
    with pytest.raises(InvalidRequest, match=reason):
        export_llama(str(model), tmp_path / "llama")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_embedded_family_is_refused_for_both_reasons() -> None:
    with pytest.raises(InvalidRequest, match=r"through the codec's codebooks and it normalises queries and keys; "):
        export.require_llama(tiny())


def test_progress_counts_bytes_to_the_end(folder: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    export_llama(str(folder), tmp_path / "llama", lambda *report: seen.append(report))
    assert seen[-1][0] == "export" and seen[-1][1] == seen[-1][2] > 0
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


@pytest.mark.parametrize("where", ["taken", "file/below", "x" * 300, "a\0b"])
def test_a_place_that_is_taken_or_none_is_refused(folder: Path, tmp_path: Path, where: str) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError):
        export_llama(str(folder), tmp_path / where)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "mine.txt", "taken"]


def test_a_full_disk_is_noticed_before_and_leaves_nothing_when_it_comes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "stream_tensors", full)
    with pytest.raises(OutputError, match=r"cannot write .*llama: No space left on device"):
        export_llama(str(folder), tmp_path / "llama")
    monkeypatch.setattr(export.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match=r"0\.0 GB are free; make room"):
        export_llama(str(folder), tmp_path / "llama")
    assert not list(tmp_path.iterdir())


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "file"),
    [(cut, "backbone.safetensors"), (Path.unlink, "backbone.safetensors"), (cut, "config.json"), (cut, "digests.json")],
)
def test_a_broken_model_is_a_model_error(
    folder: Path, tmp_path: Path, damage: Callable[[Path], None], file: str
) -> None:
    model = save(tmp_path / "model", published())
    damage(model / file)
    with pytest.raises(ModelError, match=file):
        export_llama(str(model), tmp_path / "llama")
    assert not (tmp_path / "llama").exists()
