"""What others leave of audio files is read all the same, or refused in one line."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from khala.audio.files import read_audio, write_audio
from khala.audio.reading import READABLE, open_audio
from khala.audio.tags.tag_set import Tags
from khala.music.errors import InvalidRequest

RATE = 44100
NOISE = np.random.default_rng(0).normal(size=(2, RATE)).astype(np.float32) * 0.1
APPLE_DOUBLE = b"\x00\x05\x16\x07" + bytes(4092)


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    """An mp3 without an ID3 tag, as a browser saves it."""
    soundfile.write(tmp_path / "song.mp3", NOISE.T, RATE)
    assert not (tmp_path / "song.mp3").read_bytes().startswith(b"ID3")
    return tmp_path / "song.mp3"


def test_what_macos_leaves_beside_a_file_does_not_matter(mp3: Path) -> None:
    alone = read_audio(mp3)[0]
    (mp3.parent / "._song.mp3").write_bytes(APPLE_DOUBLE)
    assert np.array_equal(read_audio(mp3)[0], alone)


@pytest.mark.parametrize("junk", [bytes(1000), b"<junk>", b"ID3\x03\x00\x00\x00\x00\x10\x00" + bytes(2048 + 500)])
def test_an_mp3_is_read_from_its_first_frame_on(mp3: Path, junk: bytes) -> None:
    whole = read_audio(mp3)[0]
    mp3.write_bytes(junk + mp3.read_bytes())
    assert np.array_equal(read_audio(mp3)[0], whole)


@pytest.mark.parametrize("riff", [0, 36])
def test_a_recording_whose_recorder_stopped_is_read_to_its_end(tmp_path: Path, riff: int) -> None:
    path = write_audio(tmp_path / "song.wav", NOISE, RATE)
    whole, data = read_audio(path)[0], bytearray(path.read_bytes())
    at = data.index(b"data")
    data[4:8], data[at + 4 : at + 8] = riff.to_bytes(4, "little"), bytes(4)
    path.write_bytes(data)
    assert np.array_equal(read_audio(path)[0], whole)


def test_a_recording_without_samples_stays_one(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "song.wav", NOISE[:, :0], RATE, Tags({"TITLE": "Nothing"}))
    assert read_audio(path)[0].shape == (2, 0)


@pytest.mark.parametrize(
    ("format", "ending"),
    [("CAF", "caf"), ("AU", "au"), ("W64", "w64"), ("RF64", "rf64"), ("AIFF", "AIFC"), ("OGG", "oga")],
)
def test_every_ending_can_be_read(tmp_path: Path, format: str, ending: str) -> None:
    path = tmp_path / f"song.{ending}"
    soundfile.write(path, NOISE.T, RATE, format=format)
    with open_audio(path) as file:
        assert (file.frames, file.channels) == (RATE, 2)
    assert path.suffix.lower() in READABLE


@pytest.mark.parametrize(
    ("name", "data"),
    [("page.mp3", b"<html><body>404 Not Found"), ("torn.mp3", b"ID3"), ("empty.wav", b""), ("tape.raw", bytes(100))],
)
def test_what_is_no_audio_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidRequest, match=rf"cannot read audio from .*{name}: it is empty, damaged .*; convert it"):
        read_audio(tmp_path / name)
    assert capfd.readouterr().err == "", "libraries keep silent"
