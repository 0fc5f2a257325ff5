"""The singers that Khala's own models know: a model told who sings keeps to one voice through a song."""

from random import Random

SINGER_SEXES = {
    **dict.fromkeys(("nora", "bella", "sara", "emma"), "female"),
    **dict.fromkeys(("mike", "finn", "paul", "george"), "male"),
    **dict.fromkeys(("ada", "mia", "ruth", "eve"), "female"),
    **dict.fromkeys(("ben", "max", "sam", "joe"), "male"),
}
"""Name -> "female" or "male". Order: the rows of `conditioning.rows`."""
CLEAREST = 8
"""So many of them, the first, are best understood: they were made to sing from whole lines that were read out."""
SINGER_NAMES = tuple(SINGER_SEXES)
SINGER_ROWS = 24
"""Rows for singers, with some to spare."""


def draw_singer(voice: str, seed: int | None) -> str:
    """The name of a singer of a "female" or "male" `voice`, drawn by the seed; "" for any other."""
    names = [name for name in SINGER_NAMES[:CLEAREST] if SINGER_SEXES[name] == voice]
    return Random(f"{seed} singer").choice(names) if names else ""
