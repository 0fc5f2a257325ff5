"""`khala models export`: files, and refusals of one line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from khala.cli.main import run
from khala.weights import LoadedModel


def test_export_writes_a_llama_and_says_how_to_serve_it(
    official: Callable[..., LoadedModel], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, to = official("c").folder, tmp_path / "llama"
    capsys.readouterr()
    assert run(["models", "export", str(folder), "--format", "hf-llama", "--to", str(to)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{to}  (how to serve it: {to / 'README.md'})\n" and "export done" in said.err
    assert {path.name for path in to.iterdir()} == {
        *("config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
        "README.md",
    }
    config = json.loads((to / "config.json").read_text())
    assert config["attention_bias"] and config["mlp_bias"] and config["vocab_size"] == 576


@pytest.mark.parametrize(
    ("format", "to", "status", "says"),
    [
        ("gguf", "new", 2, "--format 'gguf' is unknown; the only format is hf-llama"),
        ("hf-llama", "new", 2, "cannot become a Llama: it embeds codes through the codec's codebooks and it norm"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], format: str, to: str, status: int, says: str
) -> None:
    assert run(["models", "export", str(model), "--format", format, "--to", str(tmp_path / to)]) == status
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and says in lines[0]
    assert not list(tmp_path.iterdir())


def test_a_missing_model_is_status_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "export", "nobody", "--format", "hf-llama", "--to", str(tmp_path / "llama")]) == 3
    assert "there is no model 'nobody'" in capsys.readouterr().err
