import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.audio.tags import splice as module
from khala.audio.tags.splice import splice


@given(st.binary(max_size=40), st.data(), st.binary(max_size=40), st.integers(1, 9))
def test_a_part_is_replaced_and_the_rest_moves(before: bytes, data: st.DataObject, content: bytes, block: int) -> None:
    begin = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(begin, len(before)))
    file = io.BytesIO(before)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_BYTES", block)
        splice(file, begin, end, content)
    assert file.getvalue() == before[:begin] + content + before[end:]


def test_a_file_on_disk_may_get_a_head_larger_than_itself(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"song")
    with (tmp_path / "a").open("r+b") as file:
        splice(file, 0, 2, bytes(3_000_000))
    assert (tmp_path / "a").read_bytes() == bytes(3_000_000) + b"ng"
