from pathlib import Path

import pytest

from khala.audio.id3 import id3, prepend


def test_sizes_have_seven_bits_a_byte() -> None:
    tags = id3({"title": "x" * 299})
    assert tags[10:20] == b"TIT2" + bytes([0, 0, 300 >> 7, 300 & 127]) + bytes(2)
    assert len(tags) == 10 + (tags[8] << 7) + tags[9]


@pytest.mark.parametrize("held", [0, 1, 6, 7, 8, 20, 21])
def test_what_is_put_before_a_file_moves_it(held: int, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(held)))
    with (tmp_path / "a").open("r+b") as file:
        prepend(file, b"1234567")
    assert (tmp_path / "a").read_bytes() == b"1234567" + bytes(range(held))
