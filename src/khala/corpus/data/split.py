"""Held-out data: one song in fifty, by its name, and one word in ten, by its spelling.

Both depend on a checksum alone, so a corpus or a lexicon keeps its split as it grows.
"""

import zlib

SONGS_PER_HELD_OUT = 50
"""One song of this many is held out."""
WORDS_PER_UNHEARD = 10
"""One word of this many occurs in held-out songs only."""


def is_held_out(name: str) -> bool:
    """Return whether a song is held out; `name` is its file name without the extension, such as "song-17"."""
    return zlib.crc32(name.encode()) % SONGS_PER_HELD_OUT == 0


def is_unheard(word: str) -> bool:
    """Return whether a lower-case word of an open class occurs in held-out songs only."""
    return zlib.crc32(f"word {word}".encode()) % WORDS_PER_UNHEARD == 0
