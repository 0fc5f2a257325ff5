"""Pictures of a song: its spectrogram as a PNG, written without a library, and its level as an SVG polygon."""

import base64
import struct
import zlib

import numpy as np

from khala.evaluation.loudness import level
from khala.scoring.spectrum import RATE, mel, mono
from khala.scoring.types import Array

COLUMNS, BANDS = 900, 112
RANGE_DB = 70.0
"""From black to the brightest colour."""
ANCHORS = ((8, 7, 20), (44, 17, 95), (114, 31, 129), (183, 55, 121), (241, 96, 93), (254, 176, 120), (252, 246, 206))
"""Colours from silent to loud, evenly spaced."""


def spectrogram(samples: Array, rate: int) -> bytes:
    """Return a PNG of the mel spectrum of samples [channels, N]: time to the right, pitch upwards, loud bright."""
    spectrum = mel(mono(samples, rate), RATE, BANDS)
    edges = np.linspace(0, len(spectrum), min(COLUMNS, len(spectrum)) + 1).astype(int)[:-1]
    columns = np.maximum.reduceat(spectrum, edges, axis=0)
    decibels = 20 * np.log10(np.maximum(columns / max(float(columns.max()), 1e-9), 1e-9))
    shades = np.clip((decibels / RANGE_DB + 1) * 255, 0, 255).astype(np.uint8)
    return png(shades.T[::-1], _palette())


def png(pixels: Array, palette: Array) -> bytes:
    """Return an indexed PNG (ISO/IEC 15948): pixels uint8 [rows, columns] into a palette uint8 [256, 3]."""
    rows, columns = pixels.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels], axis=1)  # every line begins with its filter: none
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">2I5B", columns, rows, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def curve(samples: Array, rate: int, height: int = 40, floor: float = -48.0) -> str:
    """Return the level of samples [channels, N] as the points of an SVG polygon, 0..100 wide: a point every half
    second, from `floor` dB at the bottom to full scale at the top."""
    levels = np.clip(level(samples, rate, 0.5), floor, 0)
    heights = height * levels / floor
    across = np.linspace(0, 100, len(heights)) if len(heights) > 1 else np.array([50.0])
    points = [f"{x:.2f},{y:.1f}" for x, y in zip(across, heights, strict=True)]
    return " ".join((f"0,{height}", *points, f"100,{height}"))


def data_url(image: bytes) -> str:
    """Return a PNG as a data URL."""
    return "data:image/png;base64," + base64.b64encode(image).decode("ascii")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _palette() -> Array:
    anchors = np.linspace(0, 1, len(ANCHORS))
    shades = np.linspace(0, 1, 256)
    return np.stack([np.interp(shades, anchors, channel) for channel in np.array(ANCHORS).T], axis=1).astype(np.uint8)
