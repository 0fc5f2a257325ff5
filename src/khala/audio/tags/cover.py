"""A picture for a song: a landscape of waves that is drawn from a text, the same one as in the studio (`Cover.tsx`)."""

import math
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

PIXELS = 512
"""Width and height."""
_SAMPLES = 2
"""Points on the side of a pixel that are averaged: edges are smooth."""
_MASK = 0xFFFFFFFF


def cover_png(text: str, pixels: int = PIXELS) -> bytes:
    """Return the picture for a text, such as the id of a song, as a square PNG."""
    draw = seeded_random(text)
    hue = math.floor(360 * draw())
    sun_x, sun_y, sun_radius = 22 + 56 * draw(), 22 + 22 * draw(), 8 + 9 * draw()
    second = (hue + 38) % 360
    side = pixels * _SAMPLES
    x_N = (np.arange(side) + 0.5) * 100 / side
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = oklch(0.86, 0.05, hue)
    picture[np.hypot(x_N - sun_x, x_N[:, None] - sun_y) < sun_radius] = oklch(0.96, 0.035, second)
    waves = (46, 0.74, 0.075, hue), (62, 0.58, 0.085, (hue + 18) % 360), (78, 0.4, 0.075, second)
    for height, lightness, chroma, its_hue in waves:
        amplitude, phase, cycles = 6 + 12 * draw(), 2 * math.pi * draw(), 0.6 + 1.1 * draw()
        top_N = height + amplitude * np.sin(phase + cycles * 2 * math.pi * x_N / 100)
        picture[x_N[:, None] > top_N] = oklch(lightness, chroma, its_hue)
    averaged = picture.reshape(pixels, _SAMPLES, pixels, _SAMPLES, 3).mean((1, 3))
    return _png(np.rint(255 * averaged).astype(np.uint8))


def seeded_random(text: str) -> Callable[[], float]:
    """Return a random number generator, 0 to 1, seeded with a text: that of the studio."""
    state = 2166136261
    for char in text:
        state = (state ^ ord(char)) * 16777619 & _MASK

    def draw() -> float:
        nonlocal state
        state = (state ^ state >> 15) * 2246822507 + 0x9E3779B9 & _MASK
        state ^= state >> 13
        return state / 2**32

    return draw


def oklch(lightness: float, chroma: float, hue: float) -> NDArray[np.float64]:
    """Return a colour in sRGB, 0 to 1 (https://bottosson.github.io/posts/oklab/); `hue` in degrees."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    to_lms = np.array(
        ((1, 0.3963377774, 0.2158037573), (1, -0.1055613458, -0.0638541728), (1, -0.0894841775, -1.291485548))
    )
    to_rgb = np.array(
        (
            (4.0767416621, -3.3077115913, 0.2309699292),
            (-1.2684380046, 2.6097574011, -0.3413193965),
            (-0.0041960863, -0.7034186147, 1.707614701),
        )
    )
    linear = np.clip(to_rgb @ (to_lms @ (lightness, a, b)) ** 3, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Return uint8 [height, width, 3] as a PNG (https://www.w3.org/TR/png-3/)."""
    height, width, _ = pixels.shape
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 2, 0, 0, 0))  # 8 bits, RGB
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each begins with its filter: 1, the difference to the left
    rows[:, 0] = 1
    rows[:, 1:] = pixels.reshape(height, -1)
    rows[:, 4:] -= pixels[:, :-1].reshape(height, -1)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
