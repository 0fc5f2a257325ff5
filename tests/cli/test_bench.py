"""`khala bench` runs the benchmarks, from a checkout and from an installed package."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from khala.cli import bench
from khala.cli.main import run

ROOT = Path(__file__).parents[2]


def test_songs_are_measured(model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "generate", "--runs", "1", "--seconds", "5", "--model", str(model)]) == 0
    rows = capfd.readouterr().out.splitlines()
    number, wall, used, song = rows[2].split()[:4]
    assert number == "1" and float(wall) > 0 and float(used) > 0 and 0 < float(song) <= 6.4
    assert rows[-1].startswith("peak memory ")


def test_what_a_script_refuses_ends_with_its_status(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="3"):
        run(["bench", "generate", "--runs", "1", "--model", "none"])
    assert "khala: there is no model 'none'" in capfd.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        run(["bench", "backbone", "--layerz", "3"])
    assert "khala bench backbone: error: unrecognized arguments" in capfd.readouterr().err
    assert run(["bench", "hearts"]) == 2


TINY = ["--tiny", "--takes", "1,2,3", "--tokens", "24", "--seconds", "2", "--backend", "eager"]


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import torch

    monkeypatch.setenv("KHALA_CUDA_GRAPHS", "1")
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def test_what_a_gpu_is_measured_by_runs_on_a_cpu(compiling: None, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "gpu", "--device", "cpu", *TINY]) == 0
    said = capfd.readouterr().out
    assert said.startswith("CPU, torch ") and said.count("the same: ") == 5
    assert said.count("the same: 3 of 3") == 2 and said.count("the same: 4 of 4") == 2
    errors = [float(line.rpartition(" ")[2]) for line in said.splitlines() if "relative error" in line]
    assert len(errors) == 3 and max(errors) < 1e-5
    rows = [line.split()[:2] for line in said.splitlines() if line[:2] == "  "]
    assert [first for first, second in rows if first.isdigit()] == ["1", "2", "3"]  # takes
    assert [row for row in rows if row[0] in ("no", "yes")] == [["no", "1"], ["no", "4"], ["yes", "1"], ["yes", "4"]]
    assert "estimate: " in said


def test_a_gpu_is_measured_with_its_name_its_graphs_and_its_memory(
    compiling: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from pretend_cuda import pretend_cuda

    from khala.engine.pytorch import compiling as module
    from khala.models.lm.row_work import RowWork

    monkeypatch.setattr(module, "compiled_row_work", lambda device, backend: RowWork())
    for name, value in {"get_device_name": "A100", "max_memory_allocated": 2 * 10**9, "synchronize": None}.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, value=value: value)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=2**33))
    with pretend_cuda() as cuda:
        assert run(["bench", "gpu", "--device", "cuda:1", *TINY]) == 0
    said = capsys.readouterr().out
    assert said.startswith("A100, 8 GiB, driver ") and "bfloat16" in said and "peak memory: 2.00 GB" in said
    assert said.count("the same: ") == 5 and cuda.graphs > 10


def test_a_take_that_differs_fails_the_benchmark(
    compiling: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from khala.nn import sampling

    seeds = iter(range(10**6))
    monkeypatch.setattr(sampling, "mixed_seed", lambda *seed: next(seeds))
    with pytest.raises(SystemExit, match=r"^khala bench gpu: not the same: graphs off and on, 1 takes; alone and in"):
        run(["bench", "gpu", "--device", "cpu", *TINY, "--takes", "1"])


def test_without_a_gpu_or_time_nothing_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^khala bench gpu: there is no GPU to measure: the device 'cuda:7' is not"):
        run(["bench", "gpu", "--device", "cuda:7"])
    assert capsys.readouterr().out == ""
    assert run(["bench", "gpu", "--device", "cpu", *TINY, "--minutes", "-1"]) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines() if "left out after" in line] == [
        "backbone, parity",
        "super-resolution, parity",
        "a whole song",
    ]


@pytest.mark.parametrize("what", bench.SCRIPTS)
def test_every_script_is_there_and_tells_its_options(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        run(["bench", what, "--help"])
    said = capsys.readouterr().out
    assert said.startswith(f"usage: khala bench {what} ") and "--" in said


def test_an_installed_package_has_them_too_and_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        'build_data["force_include"][str(Path(self.root) / "benchmarks")] = "khala/benchmarks"'
        in (ROOT / "hatch_build.py").read_text()
    )
    assert (
        bench.SCRIPT_FOLDERS[0].name == "benchmarks"
        and bench.SCRIPT_FOLDERS[0].parent == Path(bench.__file__).parents[1]
    )
    monkeypatch.setattr(bench, "SCRIPT_FOLDERS", (tmp_path,))
    assert run(["bench", "service"]) == 1
    (tmp_path / "service.py").write_text("import nonexistent_package\n")
    assert run(["bench", "service"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "khala: the script service.py is missing; fix it: pip install --force-reinstall khala-music",
        "khala: khala bench service requires nonexistent_package; install it: pip install nonexistent_package",
    ]


def test_no_word_measures_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(bench, "measure", lambda *call: asked.append(call))
    assert run(["bench"]) == 0 and run(["bench", "codec", "--runs", "1"]) == 0
    assert asked == [("generate", []), ("codec", ["--runs", "1"])]
