"""An audio file in another format, from memory to memory: a disk that is full does not matter."""

import io

import numpy as np
import soundfile
import soxr

from khala.audio.files import ENCODINGS, encoder
from khala.music.errors import InvalidRequest


def transcode(content: bytes, format: str) -> bytes:
    """The audio and the tags of a file, given and returned as its content, in `format`, a key of `ENCODINGS`. It is
    decoded block by block: little more than both files is held in memory. Raises InvalidRequest for what cannot be
    read."""
    encoding, made = ENCODINGS[format], io.BytesIO()
    try:
        reader = soundfile.SoundFile(io.BytesIO(content))
    except soundfile.LibsndfileError as error:
        raise InvalidRequest(f"cannot read audio: {error.error_string.strip()}") from error
    rate = encoding.rate or reader.samplerate
    resampler = soxr.ResampleStream(reader.samplerate, rate, reader.channels, dtype="float32", quality="VHQ")
    with reader, encoder(made, rate, reader.channels, encoding, reader.copy_metadata()) as writer:
        if encoding.subtype == reader.subtype and rate == reader.samplerate:
            for block_NC in reader.blocks(reader.samplerate, dtype="int32", always_2d=True):
                writer.write(block_NC)  # whole numbers stay what they are
        else:
            for block_NC in reader.blocks(reader.samplerate, dtype="float32", always_2d=True):
                writer.write(block_NC if rate == reader.samplerate else resampler.resample_chunk(block_NC))
            if rate != reader.samplerate:
                silence_NC = np.zeros((0, reader.channels), np.float32)
                writer.write(resampler.resample_chunk(silence_NC, last=True))
    return made.getvalue()
