import pytest

from khala.audio.tags.id3 import id3, id3_bytes, parse_id3
from khala.audio.tags.tag_set import Tags
from khala.music.errors import InvalidRequest


def frame(name: bytes, content: bytes, flags: bytes = b"\0\0") -> bytes:
    return name + len(content).to_bytes(4, "big") + flags + content


def tag(frames: bytes, version: int = 3, flags: int = 0) -> bytes:
    size = len(frames)
    return b"ID3" + bytes([version, 0, flags, 0, size >> 14 & 127, size >> 7 & 127, size & 127]) + frames


def test_sizes_have_seven_bits_a_byte() -> None:
    tags = id3(Tags({"TITLE": "x" * 299}), padding=77)
    assert tags[10:20] == b"TIT2" + bytes([0, 0, 300 >> 7, 300 & 127]) + bytes(2)
    assert len(tags) == 10 + (tags[8] << 7) + tags[9] == id3_bytes(tags[:10])
    assert tags.endswith(b"x" + bytes(77))


def test_a_text_says_that_it_is_utf_8() -> None:
    """A player goes by that byte: 3 is UTF-8, 0 would be Latin-1."""
    data = id3(Tags({"TITLE": "夜空", "COMMENT": "hm", "LYRICS": "la", "SEED": "7"}))
    assert b"TIT2" + bytes([0, 0, 0, 7, 0, 0, 3]) + "夜空".encode() in data
    assert b"COMM" + bytes([0, 0, 0, 7, 0, 0, 3]) + b"XXX\0hm" in data
    assert b"USLT" + bytes([0, 0, 0, 7, 0, 0, 3]) + b"XXX\0la" in data
    assert b"TXXX" + bytes([0, 0, 0, 7, 0, 0, 3]) + b"SEED\x007" in data


def test_lines_have_times_in_milliseconds() -> None:
    data = id3(Tags(lines=((2.25, "two"), (0.5, "eins ü"))))
    assert b"SYLT" + bytes([0, 0, 0, 27, 0, 0, 3]) + b"XXX\x02\x01\0" in data
    assert data.endswith("eins ü\0".encode() + (500).to_bytes(4, "big") + b"two\0" + (2250).to_bytes(4, "big"))


def test_tags_that_another_program_wrote_again_are_read() -> None:
    """ID3v2.3 in UTF-16 with a byte order mark, as it is most common."""
    utf_16 = [b"\1" + text.encode("utf-16") for text in ("Größe", "later")]
    described = b"\1" + "khala_record".encode("utf-16") + b"\0\0" + '{"ā": 1}'.encode("utf-16")
    comment = b"\1eng" + "".encode("utf-16") + b"\0\0" + "hm".encode("utf-16") + b"\0\0"
    frames = frame(b"TIT2", utf_16[0]) + frame(b"TIT2", utf_16[1]) + frame(b"TXXX", described) + frame(b"COMM", comment)
    frames += frame(b"TPE1", b"\0caf\xe9\0more") + frame(b"TCON", b"\2" + "ü".encode("utf-16-be")) + bytes(50)
    expected = {"TITLE": "Größe", "KHALA_RECORD": '{"ā": 1}', "COMMENT": "hm", "ARTIST": "café", "GENRE": "ü"}
    assert parse_id3(tag(frames)) == expected


def test_what_is_packed_is_left_out() -> None:
    frames = frame(b"TPE1", b"\3x", b"\0\x08") + frame(b"TALB", b"\3y", b"\0\x04") + frame(b"TIT2", b"\3z")
    assert parse_id3(tag(frames, 4)) == {"TITLE": "z"}
    assert parse_id3(tag(frame(b"TPE1", b"\3x", b"\0\x80") + frame(b"TIT2", b"\3z"))) == {"TITLE": "z"}


def test_groups_lengths_and_unsynchronised_bytes_are_understood() -> None:
    frames = frame(b"TIT2", b"G\0\0\0\2" + b"\0\xff\0x", b"\0\x43")
    assert parse_id3(tag(frames, 4)) == {"TITLE": "ÿx"}
    whole = b"TIT2" + (3).to_bytes(4, "big") + b"\0\0" + b"\0\xff\0x"  # the size is that without the zero put in
    assert parse_id3(tag(whole, 3, 0x80)) == {"TITLE": "ÿx"}
    extended = (6).to_bytes(4, "big") + bytes(6)
    assert parse_id3(tag(extended + frame(b"TIT2", b"\3z"), 3, 0x40)) == {"TITLE": "z"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3",
        b"ID3\2\0\0\0\0\0\0",
        tag(frame(b"TIT2", b"\3abc"))[:-1],
        tag(b"TIT2\x7f\xff\xff\xff\0\0abc"),
        tag(b"".join(frame(b"TIT2", b"\3a") for _ in range(1001))),
        b"ID3\4\0\0\x7f\x7f\x7f\x7f",
    ],
)
def test_damaged_tags_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="its tags are damaged"):
        parse_id3(data)
