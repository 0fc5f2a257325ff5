"""What the service answers, as it describes it (/api/docs). Fields that a client does not know are ignored."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr

AudioFormat = Literal["wav", "flac", "mp3", "opus"]
TakeState = Literal["queued", "running", "done", "failed", "cancelled"]
SongState = Literal[TakeState, "partial"]
OriginKind = Literal["extend", "edit", "vary", "refine", "upload"]

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


class Saver(Protocol[S_co]):
    """A client, by what saving a take gives: a path, or one to be awaited."""

    def download(self, take: "Take[Any] | str", path: str | Path, format: AudioFormat | None, tags: bool) -> S_co:
        """Write the audio of a take to a file."""


class Record(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Sampling(Record):
    temperature: float
    top_k: int
    superres_temperature: float
    superres_top_k: int
    guidance: float
    superres_sampling: str


class Lora(Record):
    """An adapter that was added to the model."""

    name: str
    weight: float


class Request(Record):
    """The complete request of a song; `duration` in seconds."""

    prompt: str
    tags: list[str]
    lyrics: str
    chords: str
    instrumental: bool
    duration: float
    takes: int
    best_of: int
    seed: int
    model: str
    loras: list[Lora]
    sampling: Sampling
    title: str


class Take(Record, Generic[S]):
    """One rendition of a song. `progress` is 0..1, `eta` and `duration` are in seconds."""

    id: str
    song_id: str
    number: int
    seed: int
    state: TakeState
    stage: str | None
    stage_progress: float
    progress: float
    position: int | None
    eta: float | None
    duration: float | None
    live: bool
    truncated: bool | None
    error: str | None
    error_kind: str | None
    note: str | None
    note_kind: str | None
    started: datetime | None
    finished: datetime | None
    _client: Saver[S] = PrivateAttr()

    def save(self, path: str | Path, format: AudioFormat | None = None, tags: bool = True) -> S:
        """Write the audio to `path`, in `format` or else that of its extension, with its tags or without: all of it or
        nothing. Returns the path. Raises InvalidRequest, OutputError, and what the service refuses."""
        return self._client.download(self, path, format, tags)


class Derived(Record):
    """What a song is made out of: a take (`parent`), or an upload. It is new from `start` to `end`, in seconds."""

    kind: OriginKind
    parent: str | None
    start: float | None
    end: float | None


class Song(Record, Generic[S]):
    """A request and its takes. "partial": all takes have ended, and some are done."""

    id: str
    owner_id: str
    title: str
    liked: bool
    state: SongState
    created: datetime
    request: Request
    takes: list[Take[S]]
    derived: Derived | None

    @classmethod
    def of(cls, client: Saver[S], values: Mapping[str, Any]) -> Self:
        """Read a song, whose takes are saved by `client`."""
        song = cls.model_validate(values)
        for take in song.takes:
            take._client = client
        return song

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it is waiting or being made."""
        return self.state not in ("queued", "running")

    @property
    def done(self) -> list[Take[S]]:
        """The takes that are finished."""
        return [take for take in self.takes if take.state == "done"]


class Songs(Record, Generic[S]):
    """A page of songs, newest first; `next` is the cursor of the next page."""

    songs: list[Song[S]]
    next: str | None


class Version(Record):
    """A take in its tree (`Versions`); `song` and `parent` are ids."""

    id: str
    song: str
    title: str
    kind: OriginKind | None
    parent: str | None
    start: float | None
    end: float | None
    state: TakeState
    created: datetime
    duration: float | None
    deleted: bool


class Versions(Record):
    """All takes that were made out of the take `root`, and that one, oldest first."""

    root: str
    versions: list[Version]


class Playlist(Record):
    """A named list of takes, as their ids in order."""

    id: str
    name: str
    created: datetime
    takes: list[str]


class Remark(Record):
    """A remark on a request; `line` is that of the lyrics, from 1."""

    kind: str
    text: str
    line: int | None
    values: dict[str, Any]


class OutlineLine(Record):
    """A line of lyrics; `sung`: whether the model can sing it and the song has room for it."""

    text: str
    line: int | None
    sung: bool


class OutlineSection(Record):
    """A section of lyrics: its standard name, and the label in its header."""

    name: str
    label: str
    line: int | None
    lines: list[OutlineLine]


class SongOutline(Record):
    """When what is heard: sections as (name, start, end) and sung lines as (start, end), in seconds."""

    bpm: float | None
    beats: int
    key: str | None
    style: str
    seconds: float
    sections: list[tuple[str, float, float]]
    lines: list[tuple[float, float]]


class Outline(Record):
    """A request as the model will sing it. `seconds` is the time that the words want."""

    sections: list[OutlineSection]
    lines: int
    syllables: int
    seconds: float | None
    outline: SongOutline | None
    voice: str
    languages: list[str] | None
    remarks: list[Remark]


Watcher = Callable[[Song[Any]], object]
"""Called with a song whenever it was looked at."""
