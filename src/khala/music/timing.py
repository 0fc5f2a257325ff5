"""When the lines and words of a song are sung, in seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from khala.music.reading import Lyrics
from khala.music.spoken import spoken_words


@dataclass(frozen=True)
class TimedWord:
    """A word as it is written, and when it is sung; None where that is not known."""

    text: str
    start: float | None = None
    end: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The word as JSON values."""
        return {"text": self.text, "start": self.start, "end": self.end}


@dataclass(frozen=True)
class TimedLine:
    """A line of the lyrics, when it is sung (None: nothing of it is, or that is not known), and its words in order.

    `number` counts the lines of the lyrics as they were given, from 1; `section` is the name of its section
    (`reading.Section`); `sung` says whether most of it is sung, None where the recogniser does not hear it. `words` may
    be empty, as in older records.
    """

    text: str
    number: int | None = None
    section: str = ""
    start: float | None = None
    end: float | None = None
    sung: bool | None = None
    words: tuple[TimedWord, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """The line as JSON values."""
        return {
            "line": self.number,
            "section": self.section,
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "sung": self.sung,
            "words": [word.to_dict() for word in self.words],
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """A line from the JSON values of `to_dict`, or of a record that knew no words. Raises ValueError, TypeError or
        LookupError for anything else."""
        words = tuple(TimedWord(str(word["text"]), *_span(word)) for word in fields.get("words", ()))
        section = str(fields.get("section", ""))
        return cls(str(fields["text"]), fields.get("line"), section, *_span(fields), fields["sung"], words)


def untimed(lyrics: Lyrics) -> list[TimedLine]:
    """Return the sung lines of lyrics in order, without times."""
    return [
        TimedLine(row.text, row.number, part.name, words=tuple(TimedWord(word) for word, _ in spoken_words(row.text)))
        for part in lyrics.sections
        for row in part.rows
    ]


def has_times(lines: Sequence[TimedLine]) -> bool:
    """Whether it is known of any line when it is sung."""
    return any(line.start is not None for line in lines)


def _span(fields: Mapping[str, Any]) -> tuple[float | None, float | None]:
    start, end = fields["start"], fields["end"]
    return (None, None) if start is None or end is None else (float(start), float(end))
