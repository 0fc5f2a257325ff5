"""Codes in 10 bits each."""

import numpy as np
import pytest

from khala.models.codec.packing import pack_codes, unpack_codes


@pytest.mark.parametrize("frames", [0, 1, 3, 4, 5, 101])
def test_codes_come_back(frames: int) -> None:
    codes = np.random.default_rng(frames).integers(0, 1024, (64, frames), dtype=np.int16)
    packed = pack_codes(codes)
    assert packed.shape == (64, 5 * -(-frames // 4))
    assert np.array_equal(unpack_codes(packed, frames), codes)


def test_a_part_of_a_level_is_a_part_of_its_bytes() -> None:
    codes = np.random.default_rng(1).integers(0, 1024, (2, 40), dtype=np.int16)
    assert np.array_equal(unpack_codes(pack_codes(codes)[:1, 10:25], 12), codes[:1, 8:20])


def test_what_does_not_fit_is_refused() -> None:
    for codes in ([[1024]], [[-1]]):
        with pytest.raises(ValueError, match="10 bits"):
            pack_codes(np.array(codes))
    with pytest.raises(ValueError, match="5 bytes"):
        unpack_codes(np.zeros((1, 5), np.uint8), 5)
