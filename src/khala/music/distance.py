"""The edit distance of two sequences of words or phones."""

from collections.abc import Sequence


def edit_distance(source: Sequence[str], target: Sequence[str]) -> int:
    """Return the fewest insertions, deletions and replacements that turn `source` into `target` (Levenshtein 1966)."""
    row = list(range(len(target) + 1))
    for count, one in enumerate(source, 1):
        corner, row[0] = row[0], count
        for place, other in enumerate(target, 1):
            corner, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, corner + (one != other))
    return row[-1]
