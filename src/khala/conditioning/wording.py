"""Clauses of a request: what it says, what it denies and what its song is about, before any term is looked up.

A word belongs to its clause, and a tag is one; what is denied ("no rock", "without drums") is not asked for; and what a
song is about ("a song about a girl in a fast car") does not say how it sounds.
"""

import re
import unicodedata
from collections.abc import Iterable

START, END = r"(?:^|[,.;:!?()]) *", r"(?= *(?:$|[,.;:!?()]))"
"""Patterns of a clause's ends."""
_MARKS = str.maketrans("’‘-‐‑–—⁄", "''     /")
_DENIED = re.compile(
    r"\b(?:not|never) (?:too|so|very|overly) \w+"
    r"|\b(?:no|not|non|without|never|avoid|\w+n't) (?!only |just )[^,.;:!?()]*?"
    rf"(?:{END}|(?= (?:but|with|at|in|on|for|just|only|and(?= \S+ \S))\b))",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\babout (?!\d)[^,.;:!?()]*?"
    rf"(?:{END}|(?= (?:with|sung|performed|featuring|at|in|by|for|and (?:fe)?male)\b))",
    re.IGNORECASE,
)


def plain_text(words: Iterable[str]) -> str:
    """The words as one text, its clauses parted by commas, with plain marks, and blanks for hyphens."""
    return " ".join(unicodedata.normalize("NFKC", ", ".join(words)).translate(_MARKS).split())


def undenied_text(words: Iterable[str]) -> str:
    """The same without what is not wanted."""
    return _DENIED.sub(" ", plain_text(words))


def wanted_text(words: Iterable[str]) -> str:
    """The same without what is not wanted and what the song is about."""
    return _TOPIC.sub(" ", undenied_text(words))
