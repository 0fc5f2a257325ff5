"""Items in batches, in their order."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def runs(items: Sequence[T], fits: Callable[[list[T]], bool]) -> list[list[T]]:
    """Group items in order, as many at a time as fit; one that does not fit alone is a group of its own."""
    found: list[list[T]] = []
    for item in items:
        if found and fits([*found[-1], item]):
            found[-1].append(item)
        else:
            found.append([item])
    return found
