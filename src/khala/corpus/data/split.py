"""What is never trained on: one song in fifty, by its name, and one word in ten, by its spelling.

Both are decided by a checksum alone, so that a growing corpus, or a growing lexicon, keeps its split.
"""

import zlib

HELD_OUT = 50
"""One song in so many is held out."""
UNHEARD = 10
"""One word in so many is in no song but held-out ones."""


def is_held_out(name: str) -> bool:
    """Whether a song is held out; `name` is that of its file without the ending, such as "song-17"."""
    return zlib.crc32(name.encode()) % HELD_OUT == 0


def is_unheard(word: str) -> bool:
    """Whether a word of the open classes, in lower case, is kept for held-out songs."""
    return zlib.crc32(f"word {word}".encode()) % UNHEARD == 0
