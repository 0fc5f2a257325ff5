import pytest

from khala.audio.tags.tag_set import Tags
from khala.audio.tags.vorbis import comments, parse_comments, picture
from khala.music.errors import InvalidRequest


def test_comments_byte_for_byte() -> None:
    data = comments(Tags({"TITLE": "ü"}, ((61.25, " a\nb "),)), b"me")
    lines = b"\x1a\0\0\0SYNCEDLYRICS=[01:01.25]a b"
    assert data == b"\2\0\0\0me" + b"\2\0\0\0" + b"\x08\0\0\0" + "TITLE=ü".encode() + lines
    assert parse_comments(data)[0] == b"me"


def test_names_in_any_case_and_the_first_of_each() -> None:
    entries = [b"title=a", b"Title=b", b"X=c=d", b"bare", b"Y=\xff"]
    body = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
    found = parse_comments(bytes(4) + len(entries).to_bytes(4, "little") + body)[1]
    assert found == {"TITLE": "a", "X": "c=d", "BARE": "", "Y": "\ufffd"}


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xff\xff\xff", bytes(4), bytes(4) + b"\xff\xff\xff\xff", bytes(4) + b"\1\0\0\0\5\0\0\0abcd"]
)
def test_damaged_comments_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="its tags are damaged"):
        parse_comments(data)


def test_a_picture_says_its_size() -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(8) + (512).to_bytes(4, "big") + (256).to_bytes(4, "big") + b"\x08\x02"
    block = picture(png)
    numbers = [int.from_bytes(block[at : at + 4], "big") for at in (0, 4, 17, 21, 25, 29, 33, 37)]
    assert numbers == [3, 9, 0, 512, 256, 24, 0, len(png)] and block[8:17] == b"image/png" and block[41:] == png
