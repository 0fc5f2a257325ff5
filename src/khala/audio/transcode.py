"""Transcoding of audio files from memory to memory, which needs no space on disk."""

import io

import soundfile

from khala.audio.files import ENCODINGS, Encoding, encoder
from khala.audio.resample import resample_blocks
from khala.audio.tags.tag_set import Tags
from khala.audio.tags.tagging import write_tags
from khala.music.errors import InvalidRequest


def transcode(content: bytes, format: str | Encoding, tags: Tags | None = None) -> bytes:
    """Return the bytes of an audio file in another `format`, a key of `ENCODINGS` or an encoding of one's own, with
    `tags` in place of its own.

    It is decoded block by block: little more than both files is held in memory. Raises InvalidRequest for content that
    cannot be read.
    """
    try:
        reader = soundfile.SoundFile(io.BytesIO(content))
    except soundfile.LibsndfileError as error:
        raise InvalidRequest(f"cannot read audio: {error.error_string.strip()}") from error
    with reader:
        return recode(reader, format, tags)


def recode(reader: soundfile.SoundFile, format: str | Encoding, tags: Tags | None = None) -> bytes:
    """Return the same of an open file, from where it is. Raises LibsndfileError."""
    encoding, made = ENCODINGS[format] if isinstance(format, str) else format, io.BytesIO()
    rate = encoding.rate or reader.samplerate
    with encoder(made, rate, reader.channels, encoding) as writer:
        if encoding.subtype == reader.subtype and rate == reader.samplerate:
            for block_NC in reader.blocks(reader.samplerate, dtype="int32", always_2d=True):
                writer.write(block_NC)  # integer samples are copied exactly
        else:
            decoded = reader.blocks(reader.samplerate, dtype="float32", always_2d=True)
            for block_NC in resample_blocks(decoded, reader.samplerate, rate, reader.channels):
                writer.write(block_NC)
    if tags:
        write_tags(made, tags)
    return made.getvalue()


def retag(content: bytes, tags: Tags) -> bytes:
    """Return the bytes of an audio file with `tags` in place of its own; the audio stays as it is. Raises
    InvalidRequest for a damaged file."""
    made = io.BytesIO(content)
    write_tags(made, tags)
    return made.getvalue()
