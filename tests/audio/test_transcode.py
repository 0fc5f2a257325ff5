import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from khala.audio.files import ENCODINGS, read_audio, write_audio
from khala.audio.tags.tag_set import Tags
from khala.audio.tags.tagging import read_tags
from khala.audio.transcode import transcode
from khala.music.errors import InvalidRequest

RATE = 44100


@pytest.fixture
def song(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A FLAC of 2.5 s, and its samples."""
    t = np.arange(round(2.5 * RATE)) / RATE
    samples = np.stack([0.4 * np.sin(2 * np.pi * 440 * t), 0.3 * np.sin(2 * np.pi * 660 * t)]).astype(np.float32)
    return write_audio(tmp_path / "song.flac", samples, RATE, Tags({"ALBUM": "None"})), samples


@pytest.mark.parametrize("format", ENCODINGS)
def test_it_is_the_file_that_the_samples_make(song: tuple[Path, np.ndarray], tmp_path: Path, format: str) -> None:
    source, _ = song
    made = tmp_path / f"made.{format}"
    made.write_bytes(transcode(source.read_bytes(), format, Tags({"TITLE": "Two notes", "ARTIST": "Khala"})))
    samples, rate = read_audio(source)
    direct = write_audio(tmp_path / f"direct.{format}", samples, rate, format=format)
    (a, rate_a), (b, rate_b) = read_audio(made), read_audio(direct)
    assert rate_a == rate_b and a.shape == b.shape
    assert np.abs(a - b).max() < 1e-4
    assert {name: read_tags(made).get(name) for name in ("TITLE", "ARTIST", "ALBUM")} == {
        "TITLE": "Two notes",
        "ARTIST": "Khala",
        "ALBUM": None,
    }


def test_whole_numbers_stay_what_they_are(song: tuple[Path, np.ndarray]) -> None:
    made = io.BytesIO(transcode(song[0].read_bytes(), "wav"))
    assert np.array_equal(soundfile.read(made, dtype="int32")[0], soundfile.read(song[0], dtype="int32")[0])


@pytest.mark.parametrize("content", [b"", b"fLaC nonsense"])
def test_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="cannot read audio"):
        transcode(content, "mp3")
