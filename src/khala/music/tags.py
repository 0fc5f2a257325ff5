"""Tags: short words about a song ("rock", "female vocals", "fast tempo"), written as a comma-separated list."""

from collections.abc import Iterable


def parse_tags(text: str) -> tuple[str, ...]:
    """The tags of "a, b" in order: trimmed, inner white space made single, empty ones and repetitions dropped.

    Full-width commas and semicolons part tags as well, and so do line breaks.
    """
    for separator in "，、;；\n":
        text = text.replace(separator, ",")
    return unique_tags(text.split(","))


def unique_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags trimmed, without empty ones and without repetitions (upper and lower case are the same tag)."""
    by_key: dict[str, str] = {}
    for tag in tags:
        trimmed = " ".join(tag.split())
        if trimmed:
            by_key.setdefault(trimmed.casefold(), trimmed)
    return tuple(by_key.values())
