"""The Space: what it puts up, and what its page does, with a stand-in for gradio (check.py asks the real one)."""

import io
import runpy
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
import soundfile
import yaml

from khala.audio.tags.tagging import read_tags

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "integrations" / "space"


class Refused(Exception):
    """gradio's Error."""

    def __init__(self, message: str, print_exception: bool) -> None:
        super().__init__(message)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, load: Callable[[str, str], ModuleType]) -> Any:
    gradio = MagicMock(Error=Refused, skip=lambda: "as it is", Audio=lambda *given, **named: (given, named))
    monkeypatch.setitem(sys.modules, "gradio", gradio)
    for name in runpy.run_path(str(FOLDER / "build.py"))["LEFT_OUT"]:
        monkeypatch.setitem(sys.modules, f"khala.{name}", None)
    load("song", "space/song.py")
    return load("space_app", "space/app.py")


def test_a_song_is_heard_while_it_is_made_and_then_whole(app: Any) -> None:
    heard = []
    for sound, song, words in app.make("[verse]\nOver the hills\nand far away", "folk, female vocals", 10, 7.0):
        if sound is not None:
            assert (song, words) == ("as it is", "as it is")
            heard.append(soundfile.read(io.BytesIO(sound))[0])
        else:
            ((file,), named) = song
            whole, rate = soundfile.read(file)
            tags, shown, lrc = read_tags(Path(file)), named["subtitles"], words
    assert len(np.concatenate(heard)) == pytest.approx(len(whole), abs=0.1 * rate) and len(whole) > 6 * rate
    assert [line["text"] for line in shown] == ["Over the hills", "and far away"] and tags
    assert all(0 <= start < end < len(whole) / rate for start, end in (line["timestamp"] for line in shown))
    assert lrc.startswith("[00:") and "Over the hills" in lrc
    assert not Path(file).exists(), "gradio has its own copy by now"


def test_what_cannot_be_made_is_said(app: Any) -> None:
    with pytest.raises(Refused, match="the request is empty"):
        list(app.make(" ", "", 10, -1))


def test_what_is_put_up_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["build.py", "--to", str(tmp_path / "space")])
    runpy.run_path(str(FOLDER / "build.py"), run_name="__main__")
    built = tmp_path / "space"
    head = yaml.safe_load((built / "README.md").read_text().split("---")[1])
    assert (built / head["app_file"]).is_file() and head["sdk"] == "gradio" and len(head["short_description"]) <= 60
    needed = (built / "requirements.txt").read_text().splitlines()
    assert needed == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert (built / "khala" / "data" / "mini" / "backbone.onnx").is_file() and not (built / "khala" / "server").exists()
    assert "import khala" in (built / "app.py").read_text() and (built / "packages.txt").read_text() == "ffmpeg\n"
