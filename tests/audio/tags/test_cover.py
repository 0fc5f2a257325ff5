import zlib

import numpy as np
import pytest

from khala.audio.tags.cover import cover_png, oklch, seeded_random


def pixels(png: bytes) -> np.ndarray:
    """The picture of a PNG in RGB, each row of which begins with filter 1 (https://www.w3.org/TR/png-3/#9Filters)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and png[24:29] == bytes((8, 2, 0, 0, 0))
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    size = int.from_bytes(png[33:37], "big")
    for at, length in ((8, 13), (33, size)):
        chunk = png[at + 4 : at + 8 + length]
        assert zlib.crc32(chunk).to_bytes(4, "big") == png[at + 8 + length : at + 12 + length]
    rows = np.frombuffer(zlib.decompress(png[41 : 41 + size]), np.uint8).reshape(height, 1 + 3 * width)
    assert (rows[:, 0] == 1).all()
    return rows[:, 1:].reshape(height, width, 3).cumsum(1, dtype=np.uint8)


def test_numbers_are_the_studios() -> None:
    """As `seededRandom` of `Cover.tsx` gives them."""
    draw = seeded_random("khala-c")
    assert [draw() for _ in range(3)] == [0.7287371223792434, 0.9275143488775939, 0.6673882259055972]
    draw = seeded_random("雨𝄞")
    assert [draw() for _ in range(3)] == [0.38926540105603635, 0.3505488515365869, 0.7841311765369028]


@pytest.mark.parametrize(
    ("colour", "rgb"),
    [((1, 0, 0), (255, 255, 255)), ((0.628, 0.2577, 29.23), (255, 0, 0)), ((0.452, 0.3132, 264.05), (0, 0, 255))],
)
def test_colours(colour: tuple[float, float, float], rgb: tuple[int, int, int]) -> None:
    """White, red and blue, as browsers convert them."""
    np.testing.assert_allclose(255 * oklch(*colour), rgb, atol=1.5)


def test_a_text_has_its_own_picture() -> None:
    png = cover_png("khala-c", 64)
    assert png == cover_png("khala-c", 64) != cover_png("khala-b", 64)
    picture = pixels(png)
    assert picture.shape == (64, 64, 3)
    sky, ground = (255 * oklch(0.86, 0.05, 262), 255 * oklch(0.4, 0.075, 300))
    np.testing.assert_allclose(picture[0, 0], sky, atol=1)
    np.testing.assert_allclose(picture[-1, 0], ground, atol=1)
    assert picture[19, 48].sum() > picture[0, 0].sum(), "there is a sun"


def test_it_is_small() -> None:
    assert len(cover_png("khala-c")) < 10_000
