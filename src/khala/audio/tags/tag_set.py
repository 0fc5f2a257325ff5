"""The tags of a song, whatever the format of its file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from khala.music.errors import InvalidRequest

MAX_BYTES = 16_000_000
"""Size of tags that are read. Files come from anywhere: what states more is refused."""
MAX_FIELDS = 1000
"""Number of fields, pictures, blocks or chunks that are read."""


@dataclass(frozen=True)
class Tags:
    """`fields`: texts by the names that they have as Vorbis comments, in capitals (TITLE, BPM, any other). `lines`:
    timed lyrics, (seconds, words) in order. `cover`: a picture as PNG.

    Empty texts are left out; what no format can hold (NUL, half a surrogate pair) is replaced.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[tuple[float, str], ...] = ()
    cover: bytes = b""

    def __post_init__(self) -> None:
        fields = {name: _storable(text) for name, text in self.fields.items() if text}
        object.__setattr__(self, "fields", fields)
        lines = sorted((max(seconds, 0.0), " ".join(_storable(words).split())) for seconds, words in self.lines)
        object.__setattr__(self, "lines", tuple(lines))

    def __bool__(self) -> bool:
        return bool(self.fields or self.lines or self.cover)


def damaged(what: str) -> InvalidRequest:
    """Return the error for tags that cannot be read; `what` names the part."""
    return InvalidRequest(f"its tags are damaged ({what}); take the file as Khala wrote it")


def _storable(text: str) -> str:
    return text.replace("\0", " ").encode(errors="replace").decode()
