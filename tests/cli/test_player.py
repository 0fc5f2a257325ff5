"""A sound card that nobody has: a library in its place, and players that keep what they play."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from khala.audio.wav_stream import pcm
from khala.cli.player import Player
from khala.generation.live import LiveBlock

SAMPLES = np.random.default_rng(0).uniform(-1, 1, (4, 2, 3000)).astype(np.float32)
BLOCKS = [LiveBlock(i, i + 1, samples, can_start=i >= 1) for i, samples in enumerate(SAMPLES)]
PLAYED = b"".join(pcm(samples, 16) for samples in SAMPLES)


@pytest.fixture(autouse=True)
def no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    monkeypatch.setenv("PATH", str(tmp_path))


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def play(error: type[BaseException] | None = None) -> None:
    with Player(44100) as player:
        for block in BLOCKS:
            player.hear(block)
        if error:
            raise error


@pytest.mark.parametrize("name", ["ffplay", "paplay", "aplay", "play"])
def test_a_player_hears_all(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(tmp_path / name, f'echo "$@" > {tmp_path}/options; exec /bin/cat > {tmp_path}/played')
    play()
    assert (tmp_path / "played").read_bytes() == PLAYED
    assert "44100" in (tmp_path / "options").read_text() and capsys.readouterr().err == ""


def test_a_player_that_fails_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(tmp_path / "aplay", "exit 1")
    play()
    assert capsys.readouterr().err == "note: the player stopped before the end of the song\n"


def test_an_error_ends_playback_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(tmp_path / "aplay", "exec /bin/sleep 600")
    with pytest.raises(KeyboardInterrupt):
        play(KeyboardInterrupt)
    assert capsys.readouterr().err == ""


def test_no_player() -> None:
    with pytest.raises(LookupError, match="no player was found"):
        Player(44100)


def test_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[object] = []

    class Stream:
        def __init__(self, rate: int, channels: int, dtype: str) -> None:
            log.append((rate, channels, dtype))

        def write(self, data: bytes) -> None:
            log.append(data)

        def __getattr__(self, name: str) -> object:
            return lambda: log.append(name)

    monkeypatch.setitem(sys.modules, "sounddevice", SimpleNamespace(RawOutputStream=Stream))
    with Player(48000) as player:
        player.hear(BLOCKS[0])
        assert log == [(48000, 2, "int16"), "start"], "it cannot start yet"
        for block in BLOCKS[1:]:
            player.hear(block)
    assert b"".join(its for its in log if isinstance(its, bytes)) == PLAYED
    assert log[-3:] == ["stop", "abort", "close"]
