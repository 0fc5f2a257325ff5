"""A WAV file that is read while it is written, so that its length is not known when it begins."""

import struct

import numpy as np

from khala.audio.samples import Samples

UNKNOWN = 0xFFFFFFFF
"""The length of what goes on to the end of the stream, as ffmpeg and sox write it and players read it."""


def wav_header(rate: int, channels: int = 2, bits: int = 24) -> bytes:
    """Return the header of a stream of PCM samples, which are to follow (`pcm`)."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * frame, frame, bits)
    sizes = struct.pack("<I", UNKNOWN)
    return b"RIFF" + sizes + b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + sizes


def pcm(samples_CN: Samples, bits: int = 24) -> bytes:
    """Return samples as interleaved little-endian integers of 16 or 24 bits, clipped to full scale."""
    scaled_NC = np.rint(np.clip(samples_CN.T, -1.0, 1.0) * np.float64(2 ** (bits - 1) - 1)).astype("<i4")
    if bits == 16:
        return scaled_NC.astype("<i2").tobytes()
    return np.ascontiguousarray(scaled_NC).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
