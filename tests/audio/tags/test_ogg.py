import io

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.audio.tags.ogg import _page, write_ogg
from khala.audio.tags.tag_set import Tags
from khala.music.errors import InvalidRequest


@pytest.fixture(scope="module")
def opus(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    samples = np.random.default_rng(0).normal(0, 0.1, (2, 3 * 48000)).astype(np.float32)
    return write_audio(tmp_path_factory.mktemp("ogg") / "a.opus", samples, 48000).read_bytes()


def pages(content: bytes) -> list:
    file, found = io.BytesIO(content), []
    while page := _page(file):
        found.append(page)
    return found


def test_pages_are_those_of_another_writer(opus: bytes) -> None:
    """Checksums, too."""
    assert b"".join(page.to_bytes() for page in pages(opus)) == opus


@pytest.mark.parametrize("length", [10, 255 * 255 - 60, 65_025, 65_026, 200_000])
def test_pages_behind_the_tags_are_numbered_on(opus: bytes, length: int) -> None:
    file = io.BytesIO(opus)
    write_ogg(file, Tags({"FILLER": "." * length}))
    before, after = pages(opus), pages(file.getvalue())
    assert [page.number for page in after] == list(range(len(after)))
    audio = len(before) - 2
    assert [page.content for page in after[-audio:]] == [page.content for page in before[-audio:]]
    tags = after[1:-audio]
    assert len(tags) == 1 + sum(len(page.content) for page in tags) // (255 * 255)
    assert [page.position for page in tags] == [2**64 - 1] * (len(tags) - 1) + [0]
    assert [page.flags for page in tags] == [0] + [1] * (len(tags) - 1)
    assert b"".join(page.to_bytes() for page in after) == file.getvalue()


def test_other_streams_are_refused(opus: bytes) -> None:
    for content in (opus.replace(b"OpusHead", b"VorbHead"), opus.replace(b"OpusTags", b"OpusTugs"), opus[:60]):
        file = io.BytesIO(content)
        with pytest.raises(InvalidRequest, match="its tags are damaged"):
            write_ogg(file, Tags({"TITLE": "x"}))
        assert file.getvalue() == content
