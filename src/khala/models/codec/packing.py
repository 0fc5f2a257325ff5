"""Codes of 1024 values in 10 bits each: 62 GB for 10,000 hours of 64 levels."""

import numpy as np
from numpy.typing import NDArray

CODE_BITS = 10
GROUP_CODES, GROUP_BYTES = 4, 5
"""Codes that are packed together, and the bytes that they take."""


def pack_codes(codes_QT: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Pack codes [Q, T] level by level, little-endian -> bytes [Q, 5 ceil(T / 4)]. Raises ValueError for others than
    0 to 1023."""
    if codes_QT.size and not (codes_QT.min() >= 0 and codes_QT.max() < 1 << CODE_BITS):
        raise ValueError(f"codes from {codes_QT.min()} to {codes_QT.max()} do not fit into {CODE_BITS} bits")
    levels, frames = codes_QT.shape
    padded = np.zeros((levels, -(-frames // GROUP_CODES) * GROUP_CODES), np.uint64)
    padded[:, :frames] = codes_QT
    shifts = np.arange(GROUP_CODES, dtype=np.uint64) * np.uint64(CODE_BITS)
    words_QG = np.bitwise_or.reduce(padded.reshape(levels, -1, GROUP_CODES) << shifts, axis=2)
    bytes_QGB: NDArray[np.uint8] = words_QG.astype("<u8").view(np.uint8).reshape(levels, -1, 8)[..., :GROUP_BYTES]
    return bytes_QGB.reshape(levels, -1)


def unpack_codes(packed_QB: NDArray[np.uint8], frames: int) -> NDArray[np.int16]:
    """Unpack what `pack_codes` packed -> codes int16 [Q, frames]. Raises ValueError if there are fewer."""
    levels, size = packed_QB.shape
    if size % GROUP_BYTES or frames > size // GROUP_BYTES * GROUP_CODES:
        raise ValueError(f"{size} bytes a level do not hold {frames} codes")
    words = np.zeros((levels, size // GROUP_BYTES, 8), np.uint8)
    words[..., :GROUP_BYTES] = packed_QB.reshape(levels, -1, GROUP_BYTES)
    shifts = np.arange(GROUP_CODES, dtype=np.uint64) * np.uint64(CODE_BITS)
    codes = words.view("<u8").astype(np.uint64) >> shifts & np.uint64((1 << CODE_BITS) - 1)
    return codes.reshape(levels, -1)[:, :frames].astype(np.int16)
