"""An audio file in another format, block by block: the length of a song does not matter to memory."""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from khala.audio.files import ENCODINGS, TAGS, replacing
from khala.audio.reading import reading
from khala.music.errors import OutputError


def transcode(source: str | Path, destination: str | Path, format: str) -> Path:
    """Write the audio and the tags of `source` to `destination` in `format`, a key of `ENCODINGS`; returns it.

    Raises InvalidRequest for a source that cannot be read, OutputError, leaving nothing behind, if it cannot be
    written.
    """
    encoding, destination = ENCODINGS[format], Path(destination)
    with reading(source) as reader, replacing(destination) as part:
        rate = encoding.rate or reader.samplerate
        resampler = soxr.ResampleStream(reader.samplerate, rate, reader.channels, dtype="float32", quality="VHQ")
        try:
            with soundfile.SoundFile(
                part,
                "w",
                rate,
                reader.channels,
                encoding.subtype,
                format=encoding.container,
                compression_level=encoding.compression,
                bitrate_mode=encoding.bitrate_mode,
            ) as writer:
                for tag in TAGS:
                    if text := getattr(reader, tag):
                        setattr(writer, tag, text)
                if encoding.subtype == reader.subtype and rate == reader.samplerate:
                    for block_NC in reader.blocks(reader.samplerate, dtype="int32", always_2d=True):
                        writer.write(block_NC)  # whole numbers stay what they are
                    return destination
                for block_NC in reader.blocks(reader.samplerate, dtype="float32", always_2d=True):
                    writer.write(block_NC if rate == reader.samplerate else resampler.resample_chunk(block_NC))
                if rate != reader.samplerate:
                    silence_NC = np.zeros((0, reader.channels), np.float32)
                    writer.write(resampler.resample_chunk(silence_NC, last=True))
        except soundfile.LibsndfileError as error:
            raise OutputError(f"cannot write {destination}: {error.error_string.strip()}") from error
    return destination
