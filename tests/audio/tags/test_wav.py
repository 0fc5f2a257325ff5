import io

import pytest

from khala.audio.tags.tag_set import Tags
from khala.audio.tags.wav import read_wav, write_wav
from khala.music.errors import InvalidRequest


def chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


FORMAT, AUDIO = chunk(b"fmt ", bytes(16)), chunk(b"data", b"abc")


def test_chunks_are_whole_and_old_tags_go_wherever_they_stand() -> None:
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"old\0"))
    file = io.BytesIO(riff(FORMAT, info, chunk(b"cue ", b"kept"), AUDIO, chunk(b"LIST", b"adtl"), chunk(b"ID3 ", b"?")))
    write_wav(file, Tags({"TITLE": "new", "SEED": "7"}))
    written = file.getvalue()
    kept = riff(FORMAT, chunk(b"cue ", b"kept"), AUDIO, chunk(b"LIST", b"adtl"))
    assert written[8 : len(kept)] == kept[8:]
    assert written[len(kept) :].startswith(chunk(b"LIST", b"INFO" + chunk(b"INAM", b"new\0")) + b"id3 ")
    assert int.from_bytes(written[4:8], "little") == len(written) - 8
    assert read_wav(file) == {"TITLE": "new", "SEED": "7"}
    write_wav(file, Tags())
    assert file.getvalue() == kept


def test_info_alone_is_read() -> None:
    info = b"INFO" + chunk(b"INAM", "Lied ü".encode() + b"\0") + chunk(b"XXXX", b"?") + chunk(b"IART", b"me")
    assert read_wav(io.BytesIO(riff(FORMAT, AUDIO, chunk(b"LIST", info)))) == {"TITLE": "Lied ü", "ARTIST": "me"}


def test_a_recording_cut_short_has_no_tags() -> None:
    assert read_wav(io.BytesIO(riff(FORMAT, AUDIO)[:-2])) == {}


def test_damaged_chunks_are_refused() -> None:
    for content in (riff(chunk(b"LIST", b"INFO" + bytes(20)))[:-9], riff(*[chunk(b"junk", b"")] * 1001)):
        with pytest.raises(InvalidRequest, match="its tags are damaged"):
            read_wav(io.BytesIO(content))
