"""The singers that Khala's own models know: a model told who sings keeps to one voice through a song."""

from random import Random

SINGER_SEXES = {
    **dict.fromkeys(("nora", "bella", "sara", "emma"), "female"),
    **dict.fromkeys(("mike", "finn", "paul", "george"), "male"),
    **dict.fromkeys(("ada", "mia", "ruth", "eve"), "female"),
    **dict.fromkeys(("ben", "max", "sam", "joe"), "male"),
}
"""Name -> "female" or "male". Order: the rows of `conditioning.rows`."""
NATURAL = 8
"""So many of them, the first, sing from whole lines that were read out; the others from words spoken one by one."""
LEADS = ("eve", "ben", "sam", "joe")
"""Of the others those whose words are best understood. They lead in the corpus, and sing what a request asks for."""
SINGER_NAMES = tuple(SINGER_SEXES)
SINGER_ROWS = 24
"""Rows for singers, with some to spare."""


def draw_singer(voice: str, seed: int | None) -> str:
    """The name of one of `LEADS` of a "female" or "male" `voice`, drawn by the seed; "" for any other."""
    names = [name for name in LEADS if SINGER_SEXES[name] == voice]
    return Random(f"{seed} singer").choice(names) if names else ""
