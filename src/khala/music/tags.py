"""Tags: short descriptions of a song ("rock", "female vocals", "fast tempo"), as a comma-separated list."""

from collections.abc import Iterable


def parse_tags(text: str) -> tuple[str, ...]:
    """Split "a, b" into tags, in order: white space is trimmed and collapsed, empty and repeated tags are dropped.

    Semicolons, full-width commas and line breaks separate tags, too.
    """
    for separator in "，、;；\n":
        text = text.replace(separator, ",")
    return unique_tags(text.split(","))


def unique_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return trimmed tags without empty and repeated ones; case does not distinguish tags."""
    by_key: dict[str, str] = {}
    for tag in tags:
        trimmed = " ".join(tag.split())
        if trimmed:
            by_key.setdefault(trimmed.casefold(), trimmed)
    return tuple(by_key.values())
