"""What is heard of a song's music."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Heard:
    """Tempo in beats per minute, bars and key of a recording, each None where it cannot be told.

    A bar begins at `first_downbeat_seconds`, from 0 to the length of a bar, and then every `beats_per_bar` beats. `key`
    is named as in an outline: "F# minor".
    """

    bpm: float | None = None
    beats_per_bar: int | None = None
    first_downbeat_seconds: float | None = None
    key: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return tempo and key as a record holds them, without those that are not known."""
        known = {"bpm": self.bpm and round(self.bpm, 2), "key": self.key}
        return {name: value for name, value in known.items() if value is not None}
