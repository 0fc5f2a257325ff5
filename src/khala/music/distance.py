"""How far two sequences of words, or of phones, are apart."""

from collections.abc import Sequence


def edits(said: Sequence[str], meant: Sequence[str]) -> int:
    """The fewest insertions, deletions and replacements that make `meant` of `said` (Levenshtein 1966)."""
    row = list(range(len(meant) + 1))
    for count, one in enumerate(said, 1):
        corner, row[0] = row[0], count
        for place, other in enumerate(meant, 1):
            corner, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, corner + (one != other))
    return row[-1]
