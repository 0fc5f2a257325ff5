"""Audio files, written and read through libsndfile.

A file is written as a whole or not at all (`replacing`), and in blocks of a second, because libsndfile's
Ogg encoder overflows its stack on one long write.
"""

import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from khala.audio.reading import open_audio
from khala.audio.replacing import replacing
from khala.audio.resample import resample_blocks
from khala.audio.samples import Samples, blocks
from khala.audio.tags.tag_set import Tags
from khala.audio.tags.tagging import write_tags
from khala.music.errors import InvalidRequest, OutputError


@dataclass(frozen=True)
class Encoding:
    """The encoding of a format. `rate` is the only sample rate that the format allows, None if it takes any;
    `compression` runs from 0 (best sound) to 1 (smallest file)."""

    container: str
    subtype: str
    rate: int | None = None
    compression: float | None = None
    bitrate_mode: str | None = None


ENCODINGS = {
    "wav": Encoding("WAV", "PCM_24"),
    "flac": Encoding("FLAC", "PCM_24"),
    "mp3": Encoding("MP3", "MPEG_LAYER_III", compression=0.0, bitrate_mode="VARIABLE"),  # LAME V0, about 240 kbit/s
    "opus": Encoding("OGG", "OPUS", rate=48000, compression=0.65),  # about 190 kbit/s
}


def format_of(path: str | Path) -> str:
    """Return the format of a path by its extension, a key of `ENCODINGS`. Raises InvalidRequest."""
    extension = Path(path).suffix.lower().removeprefix(".")
    if extension not in ENCODINGS:
        raise InvalidRequest(
            f"{str(path)!r} has no extension of an audio format; end it with .wav, .flac, .mp3 or .opus"
        )
    return extension


def write_audio(
    path: str | Path, samples_CN: Samples, rate: int, tags: Tags | None = None, format: str | None = None
) -> Path:
    """Write samples `[channels, n]` (float32, full scale 1) at `rate` Hz to `path`, with `tags`.

    `format` is a key of `ENCODINGS`, or None to go by the extension. WAV and FLAC hold 24 bits; Opus is resampled
    to the 48 kHz it is defined for. Raises OutputError, and leaves nothing behind, if the file cannot be written.
    """
    path = Path(path)
    encoding = ENCODINGS[format or format_of(path)]
    if not np.isfinite(samples_CN).all():
        raise ValueError("samples to write hold NaN or infinity")
    with replacing(path) as part:
        try:
            _encode(part, samples_CN, rate, encoding)
            if tags:
                with part.open("r+b") as file:
                    write_tags(file, tags)
        except soundfile.LibsndfileError as error:
            _raise_system_error(part)
            raise OutputError(f"cannot write {path}: {error.error_string.strip()}") from error
    return path


def read_audio(path: str | Path) -> tuple[Samples, int]:
    """Return samples float32 `[channels, n]` of an audio file, and its rate in Hz. Raises InvalidRequest."""
    with open_audio(path) as file:
        return np.ascontiguousarray(file.read(dtype="float32", always_2d=True).T), file.samplerate


def encoder(target: Path | BytesIO, rate: int, channels: int, encoding: Encoding) -> soundfile.SoundFile:
    """Return a file that encodes samples into `target`, to be closed by the caller. Raises LibsndfileError, OSError."""
    return soundfile.SoundFile(
        os.fsencode(target) if isinstance(target, Path) else target,
        "w",
        rate,
        channels,
        encoding.subtype,
        format=encoding.container,
        compression_level=encoding.compression,
        bitrate_mode=encoding.bitrate_mode,
    )


def _encode(part: Path, samples_CN: Samples, rate: int, encoding: Encoding) -> None:
    to_rate = encoding.rate or rate
    channels = samples_CN.shape[0]
    with encoder(part, to_rate, channels, encoding) as file:
        blocks_NC = (block_CN.T for block_CN in blocks(samples_CN, rate))
        for block_NC in resample_blocks(blocks_NC, rate, to_rate, channels):
            file.write(block_NC)


def _raise_system_error(part: Path) -> None:
    """Raise the OSError (no space left, too large, no permission) that libsndfile reports as "System error" only."""
    with part.open("ab") as file:
        file.write(bytes(1 << 16))
        file.flush()
        os.fsync(file.fileno())
