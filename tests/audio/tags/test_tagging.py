"""Tags in every format: read back, by another program too; the audio stays as it is; hostile files are refused."""

import base64
import io
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tinytag import TinyTag

from khala.audio.files import ENCODINGS, read_audio, write_audio
from khala.audio.tags.tag_set import Tags
from khala.audio.tags.tagging import read_tags, write_tags
from khala.audio.transcode import retag
from khala.music.errors import InvalidRequest

RATE = 44100
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC")
FIELDS = {
    "TITLE": "Später Regen 雨 🎵",
    "ARTIST": "Khala",
    "GENRE": "folk",
    "BPM": "108",
    "INITIALKEY": "F#m",
    "COMMENT": "Made by AI",
    "LYRICS": "[verse]\nمرحبا\nпривет, hello",
    "ENCODER": "Khala 1",
    "SEED": "7",
    "DIGITALSOURCETYPE": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
}
TAGS = Tags(FIELDS, ((0.5, "مرحبا"), (62.25, "привет, hello")), PNG)
OURS = {"SYNCEDLYRICS", "METADATA_BLOCK_PICTURE"}
"""Comments that hold what is not text elsewhere."""


def tone(seconds: float = 0.6, channels: int = 2) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.stack([0.4 * np.sin(2 * np.pi * 440 * (c + 1) * t) for c in range(channels)]).astype(np.float32)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A song without tags, in each format."""
    folder = tmp_path_factory.mktemp("plain")
    return {format: write_audio(folder / f"a.{format}", tone(), RATE).read_bytes() for format in ENCODINGS}


def decoded(content: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(content), dtype="int32")[0]


def read(content: bytes, folder: Path, format: str) -> dict[str, str]:
    path = folder / f"a.{format}"
    path.write_bytes(content)
    return {name: text for name, text in read_tags(path).items() if name not in OURS}


@pytest.mark.parametrize("format", ENCODINGS)
def test_tags_are_read_back_and_removed(format: str, plain: dict[str, bytes], tmp_path: Path) -> None:
    tagged = write_audio(tmp_path / f"b.{format}", tone(), RATE, TAGS).read_bytes()
    assert read(tagged, tmp_path, format) == FIELDS
    assert np.array_equal(decoded(tagged), decoded(plain[format]))
    other = retag(tagged, Tags({"TITLE": "x"}))
    assert read(other, tmp_path, format) == {"TITLE": "x"}
    assert len(retag(retag(other, TAGS), Tags())) == len(retag(plain[format], Tags())), "nothing piles up"
    bare = retag(other, Tags())
    assert read(bare, tmp_path, format) == {} and b"Regen" not in bare
    assert np.array_equal(decoded(bare), decoded(plain[format]))


@pytest.mark.parametrize("format", ENCODINGS)
def test_another_program_reads_them(format: str, tmp_path: Path) -> None:
    path = write_audio(tmp_path / f"a.{format}", tone(), RATE, TAGS)
    found = TinyTag.get(path, image=True)
    assert (found.title, found.artist, found.genre) == (FIELDS["TITLE"], "Khala", "folk")
    assert found.comment == "Made by AI"
    assert found.other["bpm"] == ["108"] and found.other["initial_key"] == ["F#m"]
    assert found.other["lyrics"][0] == FIELDS["LYRICS"]
    assert found.other["seed"] == ["7"] and found.other["digitalsourcetype"] == [FIELDS["DIGITALSOURCETYPE"]]
    timed = found.other.get("syncedlyrics") or found.other["lyrics"][1:]  # the lines of SYLT as it shows them
    assert timed == ["[00:00.50]مرحبا\n[01:02.25]привет, hello"]
    assert found.images.front_cover is not None
    assert (found.images.front_cover.data, found.images.front_cover.mime_type) == (PNG, "image/png")
    assert found.duration == pytest.approx(0.6, abs=0.06)


@pytest.mark.parametrize("format", ["wav", "mp3"])
def test_the_mark_of_synthetic_audio_is_also_xmp(format: str, tmp_path: Path) -> None:
    content = write_audio(tmp_path / f"a.{format}", tone(), RATE, TAGS).read_bytes()
    assert b'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trained' in content
    assert (b"_PMX" if format == "wav" else b"XMP\0<?xpacket") in content


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=400)
NAMES = st.sampled_from([*FIELDS, "ALBUM", "KHALA_RECORD"]) | st.text("ABCDEFGHIJ_", min_size=1).map(lambda n: f"X{n}")


@pytest.mark.parametrize("format", ENCODINGS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(NAMES, TEXTS, min_size=1, max_size=8),
    lines=st.lists(st.tuples(st.floats(0, 600), TEXTS), max_size=5),
    filler=st.integers(0, 70_000),
)
def test_any_text_comes_back(
    format: str, fields: dict[str, str], lines: list, filler: int, plain: dict[str, bytes], tmp_path: Path
) -> None:
    """Tags of many lengths: an Ogg page ends at 65,025 bytes, and a segment at 255."""
    fields = {**fields, "FILLER": "." * filler}
    tagged = retag(plain[format], Tags(fields, tuple(lines), PNG))
    assert read(tagged, tmp_path, format) == {name: text for name, text in fields.items() if text}
    assert np.array_equal(decoded(tagged), decoded(plain[format]))


def test_what_no_format_can_hold_is_replaced(plain: dict[str, bytes], tmp_path: Path) -> None:
    tags = Tags({"TITLE": "a\0b", "MODEL": "\udce4", "GENRE": ""})
    assert read(retag(plain["mp3"], tags), tmp_path, "mp3") == {"TITLE": "a b", "MODEL": "?"}


@pytest.mark.parametrize("format", ENCODINGS)
def test_truncated_files_are_refused_or_read_in_part(format: str, plain: dict[str, bytes], tmp_path: Path) -> None:
    tagged = retag(plain[format], TAGS)
    begin = len(plain[format]) if format == "wav" else 0
    for length in [*range(begin, begin + 1200, 37), *range(0, 60, 7)]:
        try:
            found = read(tagged[:length], tmp_path, format)
        except InvalidRequest as error:
            assert str(error).startswith("cannot read ") and "\n" not in str(error)
        else:
            assert found.items() <= FIELDS.items()


@pytest.mark.parametrize("format", ENCODINGS)
def test_hostile_files_cost_nothing(format: str, plain: dict[str, bytes], tmp_path: Path) -> None:
    """Bytes of the tags are changed at random: what comes is an error or text."""
    tagged, draw = retag(plain[format], TAGS), random.Random(1)
    begin = len(plain[format]) - 50 if format == "wav" else 0
    for _ in range(400):
        content = bytearray(tagged)
        for _ in range(draw.randint(1, 6)):
            content[begin + draw.randrange(1500)] = draw.choice([0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)])
        try:
            found = read(bytes(content), tmp_path, format)
        except InvalidRequest:
            continue
        assert all(isinstance(text, str) for text in found.values())


@settings(deadline=None)
@given(
    st.sampled_from([b"fLaC", b"OggS\0\2", b"RIFF\0\0\0\0WAVE", b"ID3\3\0", b"ID3\4\0", b""]), st.binary(max_size=300)
)
def test_any_bytes_are_text_or_an_error(mark: bytes, rest: bytes) -> None:
    file = io.BytesIO(mark + rest)
    try:
        write_tags(file, Tags({"TITLE": "x"}))
    except InvalidRequest:
        assert file.getvalue() == mark + rest


@pytest.mark.parametrize("content", [b"", b"x", b"RIFF", b"no audio at all", b"\xff\xfb\x90\x00" * 100])
def test_files_without_tags_have_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(content)
    assert read_tags(tmp_path / "a.mp3") == {}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.mp3", Path("\0")):
        with pytest.raises(InvalidRequest, match="cannot read"):
            read_tags(path)


def test_libsndfile_reads_a_tagged_file_to_its_end(tmp_path: Path) -> None:
    large = Tags({"FILLER": "." * 300_000}, (), PNG)
    for format in ENCODINGS:
        samples, rate = read_audio(write_audio(tmp_path / f"a.{format}", tone(2.0), RATE, large))
        assert samples.shape[1] == 2 * rate
