import base64
import struct
import zlib

import numpy as np

from khala.evaluation.picture import COLUMNS, curve, data_url, png, spectrogram

RATE = 22050


def unpacked(image: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Pixels [rows, columns] and palette [256, 3] of an indexed PNG, every checksum verified."""
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(image):
        (size,) = struct.unpack(">I", image[at : at + 4])
        name, content = image[at + 4 : at + 8], image[at + 8 : at + 8 + size]
        assert struct.unpack(">I", image[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + content)
        chunks[name] = content
        at += 12 + size
    columns, rows = struct.unpack(">2I", chunks[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(rows, columns + 1)
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"] and not lines[:, 0].any()
    return lines[:, 1:], np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(256, 3)


def test_a_png_holds_its_pixels() -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    palette = np.random.default_rng(0).integers(0, 256, (256, 3)).astype(np.uint8)
    found, colours = unpacked(png(pixels, palette))
    np.testing.assert_array_equal(found, pixels)
    np.testing.assert_array_equal(colours, palette)
    encoded = data_url(png(pixels, palette)).removeprefix("data:image/png;base64,")
    assert base64.b64decode(encoded) == png(pixels, palette)


def test_high_tones_are_on_top_and_silence_is_dark() -> None:
    time = np.arange(5 * RATE) / RATE
    tone = np.where(time < 2.5, np.sin(2 * np.pi * 200 * time), np.sin(2 * np.pi * 6000 * time))
    pixels, palette = unpacked(spectrogram(tone[None], RATE))
    rows, columns = pixels.shape
    assert pixels[:, columns // 4].argmax() > rows * 0.8 > rows * 0.3 > pixels[:, 3 * columns // 4].argmax()
    brightness = palette.astype(int).sum(axis=1)
    assert brightness[0] < brightness[128] < brightness[255]
    assert not unpacked(spectrogram(np.zeros((2, RATE)), RATE))[0].any()
    assert unpacked(spectrogram(np.zeros((1, 60 * RATE)), RATE))[0].shape[1] == COLUMNS


def test_the_level_is_a_polygon_that_falls_with_it() -> None:
    samples = np.concatenate([np.ones(RATE), 0.1 * np.ones(RATE), np.zeros(RATE)])[None]
    points = [tuple(map(float, point.split(","))) for point in curve(samples, RATE, height=48, floor=-48).split()]
    assert points[0] == (0, 48) and points[-1] == (100, 48)
    assert [height for _, height in points[1:-1]] == [0, 0, 20, 20, 48, 48]
