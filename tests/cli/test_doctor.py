from pathlib import Path

import pytest
import torch

from khala import weights
from khala.cli import doctor, doctor_engines
from khala.cli.main import run
from khala.engine import opening
from khala.engine.main_memory import gigabytes
from khala.engine.opening import INSTALL_TORCH
from khala.engine.pytorch import formats, memory
from khala.models.presets import official, tiny
from khala.music.errors import ModelError
from khala.nn.precision import Formats


@pytest.fixture
def with_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = weights.describe(str(model))
    monkeypatch.setattr(weights, "describe", lambda name: info)


def test_a_sound_machine_is_status_0(with_model: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    for what in (
        "khala",
        "cores",
        "memory",
        "onnxruntime",
        "torch",
        "devices",
        "float32",
        "bfloat16",
        "opus",
        "model",
        "corpus tools",
    ):
        assert what in said
    assert said.splitlines()[-1] == "Khala can make songs here."


def test_memory_is_told_for_every_device_and_model(
    with_model: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "memory cpu" in said and "GB free" in said and "one_shot" in said
    monkeypatch.setattr("khala.engine.pytorch.memory.free_memory", lambda device: 10**9)
    assert run(["doctor"]) == 0  # what does not fit is no illness
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("-   official")]
    assert line.endswith("take a smaller model or another device")


def test_a_format_that_a_model_cannot_have_is_said_of_that_model() -> None:
    configs = {"tiny": tiny(), "official": official()}
    narrow, whole = [
        each for each in doctor_engines.torch_memory(configs, set(), 60, 1, "int4") if "memory" not in each.what
    ][:2]
    assert narrow.state == "lacking" and narrow.found.startswith("int4 needs widths that are multiples of 32")
    assert "by torch in int4" in whole.found


def test_memory_is_told_for_the_song_that_is_asked_for(with_model: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--duration", "2:00", "--takes", "4", "--dtype", "int8"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line[2:].startswith("  official")]
    needed = memory.need(official(), torch.device("cpu"), Formats.uniform(torch.int8), 120, 4)
    sizes = (gigabytes(size) for size in (needed.keep_loaded, needed.one_shot))
    assert "4 takes of 120 s by torch in int8: {} kept loaded, {} one_shot; ".format(*sizes) in line
    for wrong in (["--dtype", "int3"], ["--duration", "long"], ["--takes", "0"]):
        assert run(["doctor", *wrong]) == 2


def test_threads_and_formats_are_told_for_each_part(
    with_model: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = {"backbone": {"float32": 2.0, "bfloat16": 5.0}, "superres": {"float32": 3.0, "bfloat16": 1.94}}
    monkeypatch.setattr(formats, "format_times", lambda part, config: times[part])
    assert run(["doctor"]) == 0
    rows = capsys.readouterr().out.splitlines()
    (threads,) = [row for row in rows if row[2:].startswith("torch ")]
    assert f"{torch.__version__}, {torch.get_num_threads()} thread" in threads
    assert " for super-resolution and the published codec, 1 for everything else" in threads
    (threads,) = [row for row in rows if row[2:].startswith("onnxruntime ")]
    assert threads.endswith(", 1 thread")  # OMP_NUM_THREADS
    (number,) = [number for number, row in enumerate(rows) if row[2:].startswith("  official")]
    assert " s by torch in backbone=float32,superres=bfloat16: " in rows[number]
    assert (
        rows[number + 1].strip() == "backbone float32 2.0 ms, bfloat16 5.0 ms; superres float32 3.0 ms, bfloat16 1.9 ms"
    )


def test_a_broken_model_is_status_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(name: str) -> None:
        raise ModelError("the model mini is broken; mend it")

    monkeypatch.setattr(weights, "describe", broken)
    assert run(["doctor"]) == 3
    assert "! model" in capsys.readouterr().out


def test_missing_corpus_tools_are_no_illness(
    with_model: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda tool: None)
    assert run(["doctor"]) == 0
    assert "make corpus-tools" in capsys.readouterr().out


def test_missing_libraries_are_an_illness_with_a_cure(with_model: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> None:
        raise ImportError(f"no module named {name}")

    monkeypatch.setattr(doctor, "import_module", none)
    monkeypatch.setattr(doctor_engines, "import_module", none)  # torch is installed, and broken
    monkeypatch.setattr(doctor_engines, "choose_device", none)
    broken = [finding for finding in doctor.findings() if finding.state == "broken"]
    assert [finding.what for finding in broken] == ["onnxruntime", "torch", "sound files"]
    assert all("pip install" in finding.found for finding in broken)


def test_the_engine_of_each_model_is_told_and_why(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    mini, other = weights.describe("mini"), weights.describe(str(model))
    monkeypatch.setattr(weights, "list_models", lambda: [mini, other])
    monkeypatch.setattr(opening, "_gpu_is_likely", lambda: False)
    first, second = doctor_engines.model_findings("auto")
    assert first.found == f"{mini}; engine onnx"
    assert second.found == f"{other}; engine torch (the model tiny, which has no graphs, needs it)"
    first, _ = doctor_engines.model_findings("bfloat16")
    assert first.found == f"{mini}; engine torch (the number format bfloat16 needs it)"
    monkeypatch.setattr(doctor_engines, "torch_is_installed", lambda: False)
    first, second = doctor_engines.model_findings("auto")
    assert (first.state, second.state) == ("ok", "lacking")
    assert second.found.endswith(f"; no engine: the model tiny, which has no graphs, needs PyTorch: {INSTALL_TORCH}")


def test_memory_is_told_by_the_engine_that_computes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "_gpu_is_likely", lambda: False)
    assert run(["doctor", "--duration", "30", "--takes", "2"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line[2:].startswith("  mini")]
    assert "2 takes of 30 s by onnx in float32: " in line and "takes together" in line
    monkeypatch.setattr(doctor_engines, "main_memory", lambda: 10**8)
    assert run(["doctor", "--duration", "30"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line[2:].startswith("  mini")]
    assert line.startswith("- ") and line.endswith("does not fit; choose a shorter song")
