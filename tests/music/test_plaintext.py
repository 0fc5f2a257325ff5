import io
import zipfile

import pytest

from khala.music.errors import InvalidRequest
from khala.music.plaintext import read_plain


def zipped(*names: str, first: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if first:
            archive.writestr("mimetype", first)
        for name in names:
            archive.writestr(name, "<w:document/>" * 100)
    return file.getvalue()


FILES = {
    "is RTF": rb"{\rtf1\ansi{\fonttbl\f0\fswiss Helvetica;} \f0\fs24 [verse]\ Hello}",
    "is a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "is a Word file": zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "is an OpenDocument file": zipped("content.xml", first="application/vnd.oasis.opendocument.text"),
    "is an EPUB": zipped("content.opf", first="application/epub+zip"),
    "is a ZIP archive": zipped("a.txt"),
    "is an old Word file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20),
    "is HTML": b"\xef\xbb\xbf\n<!DOCTYPE html>\n<p>[verse]</p>",
    "is HTML or XML": b"<?xml version='1.0'?><html>",
    "is UTF-16": "[verse]\nHello".encode("utf-16"),
    "is audio": b"ID3\x04\x00" + bytes(20),
    "is binary": b"\x7fELF\x02\x00",
}


@pytest.mark.parametrize("kind", FILES)
def test_what_is_no_plain_text_is_called_by_its_name(kind: str) -> None:
    for limit in 10_000, len(FILES[kind]) - 1:  # also when it is too long for lyrics
        with pytest.raises(InvalidRequest, match=rf"^words {kind}.*, not plain text; save the lyrics as plain text"):
            read_plain(io.BytesIO(FILES[kind]), "words", limit)


@pytest.mark.parametrize(
    "text", ["{title: Rain}\n[Am]Hello", "[verse]\n<3 you", "<whispered> hello", "PK and me", "# Song\n", "夜の空", ""]
)
def test_plain_text_is_read_as_it_is(text: str) -> None:
    assert read_plain(io.BytesIO(text.encode("utf-8-sig")), "words", 100) == text


def test_other_encodings_and_too_much_text_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="words is not UTF-8 text; save it as UTF-8"):
        read_plain(io.BytesIO(b"caf\xe9"), "words", 100)
    with pytest.raises(InvalidRequest, match="words is too large; at most 10000 characters"):
        read_plain(io.BytesIO("ä".encode() * 51), "words", 101)
