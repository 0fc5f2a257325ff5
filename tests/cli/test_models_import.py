"""`khala models import` as it is typed; what it refuses is tested in tests/weights/test_importing.py."""

from pathlib import Path

import pytest

from khala.cli.main import run


@pytest.fixture(scope="module")
def imported(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("models") / "published"
    codec = fixtures / "official-a" / "checkpoints" / "dac_rvq_2490000.ckpt"
    words = [str(fixtures / "official-c"), "--to", str(to), "--codec", str(codec), "--quiet"]
    assert run(["models", "import", *words]) == 0
    return to


def test_it_says_what_it_did(fixtures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "import", str(fixtures / "official-a"), "--to", str(tmp_path / "model")]) == 0
    said = capsys.readouterr()
    assert "backbone: iter_0354000, iteration 354000, a tensor for each layer, bfloat16; used 24 tensors" in said.out
    assert "superresolution: iter_0005000, iteration 5000, stacked layers, float32; used 9 tensors" in said.out
    assert "ignored discriminator (6), mel_window (1)" in said.out
    assert said.out.splitlines()[-1].endswith(f"(try it: khala generate --model {tmp_path / 'model'})")
    assert "import backbone ..." in said.err and "import codec done" in said.err


def test_info_tells_how_the_fc1_bias_was_taken(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "info", str(imported)]) == 0
    said = capsys.readouterr().out
    assert "backbone         fc1 bias doubled: iteration 36000 is the released one" in said
    assert "licence          CC-BY-NC-4.0" in said and "dac, 64 levels of 32 codes" in said


def test_what_was_imported_makes_songs(imported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--tags", "pop", "--instrumental", "--duration", "5", "--seed", "1", "-o", str(tmp_path / "song.wav")]
    assert run(["generate", "--model", str(imported), *words, "--device", "cpu", "--quiet"]) == 0
    assert (tmp_path / "song.wav").stat().st_size > 44100


def test_a_missing_folder_is_status_3_and_a_missing_option_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "import", str(tmp_path / "nowhere"), "--to", str(tmp_path / "model")]) == 3
    assert run(["models", "import", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_is_status_130(
    fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from khala.weights.published import importing

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "write_metadata", interrupt)
    words = ["models", "import", str(fixtures / "official-a"), "--to", str(tmp_path / "model"), "--quiet"]
    assert run(words) == 130
    assert not (tmp_path / "model").exists()
    monkeypatch.undo()
    assert run(words) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
