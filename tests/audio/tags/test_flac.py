import io

import pytest

from khala.audio.tags.flac import read_flac, write_flac
from khala.audio.tags.tag_set import Tags
from khala.music.errors import InvalidRequest

INFO = bytes(range(34))


def block(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + len(content).to_bytes(3, "big") + content


def test_other_blocks_and_the_encoders_name_are_kept() -> None:
    comment = b"\4\0\0\0test" + bytes(4)
    blocks = block(0, INFO) + block(4, comment) + block(3, b"seek") + block(1, bytes(9)) + block(0x86, b"old picture")
    file = io.BytesIO(b"fLaC" + blocks + b"audio")
    write_flac(file, Tags({"TITLE": "x"}))
    written = file.getvalue()
    kept = b"fLaC" + block(0, INFO) + block(3, b"seek") + block(4, b"\4\0\0\0test\1\0\0\0\7\0\0\0TITLE=x")
    assert written == kept + block(0x81, bytes(1024)) + b"audio"
    write_flac(file, Tags())
    assert file.getvalue() == b"fLaC" + block(0, INFO) + block(0x83, b"seek") + b"audio"


@pytest.mark.parametrize(
    "content", [b"fLaC", b"fLaC\0\0\0\x22" + INFO, b"fLaC\x84\xff\xff\xff", b"fLaC" + block(1, b"") * 1001]
)
def test_damaged_blocks_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="its tags are damaged"):
        read_flac(io.BytesIO(content))
