"""What the library hands out: plain frozen values, times in seconds since 1970."""

from dataclasses import dataclass
from typing import Any, Literal

from khala.music.request import SongRequest

TakeState = Literal["queued", "running", "done", "failed", "cancelled"]
SongState = Literal["queued", "running", "done", "partial", "failed", "cancelled"]
Role = Literal["user", "admin"]

WEIGHTS = {"backbone": 0.6, "superres": 0.25, "decode": 0.12, "finish": 0.03}
"""Rough share of a take's time that each stage takes: what a bar of progress is drawn by."""


def progress(stage: str | None, done: float) -> float:
    """How much of a take is made, 0..1, when `done` (0..1) of `stage` is; 0 before the first."""
    if stage not in WEIGHTS:
        return 0.0
    before = list(WEIGHTS)[: list(WEIGHTS).index(stage)]
    return sum(WEIGHTS[name] for name in before) + WEIGHTS[stage] * done


@dataclass(frozen=True)
class Owner:
    """Whom songs belong to. An admin sees everybody's. Limits count takes."""

    id: str
    name: str
    role: Role
    queued_limit: int
    running_limit: int


@dataclass(frozen=True)
class Key:
    """An API key without its secret, which nobody keeps; `hint` is the start of it."""

    id: str
    owner_id: str
    hint: str
    created: float
    revoked: float | None


@dataclass(frozen=True)
class Artifact:
    """A stored file of a take. `kind`: backbone, codes, metadata, peaks, or audio.flac, audio.mp3, ...; `size` in
    bytes; `digest` sha256 in hex; `path` within the artifact store, made of ids alone."""

    id: str
    take_id: str
    kind: str
    media_type: str
    size: int
    digest: str
    path: str
    created: float


@dataclass(frozen=True)
class Take:
    """One rendition. `number` counts from 0; `queued` is when it was created or last tried again.

    While it is queued, `position` is its place in the queue (1 = next) and `eta` the seconds until it will be done as
    far as measured speeds tell (None: nothing measured, or no worker); `eta` is given while it runs, too. `note` says
    what it waits for ("no space left"), `error` why it failed; `note_kind` and `error_kind` are the kind of that
    (`music.errors.Kind`).
    """

    id: str
    song_id: str
    number: int
    seed: int
    state: TakeState
    stage: str | None
    stage_progress: float
    error: str | None
    error_kind: str | None
    note: str | None
    note_kind: str | None
    worker_id: str | None
    attempt: int
    created: float
    queued: float
    started: float | None
    finished: float | None
    metadata: dict[str, Any] | None
    artifacts: tuple[Artifact, ...] = ()
    position: int | None = None
    eta: float | None = None

    @property
    def progress(self) -> float:
        """How much of the take is made, 0..1."""
        return 1.0 if self.state == "done" else progress(self.stage, self.stage_progress)


@dataclass(frozen=True)
class Song:
    """A request and its takes, in the order of their numbers. `asked_seconds`: what was asked for, where the request is
    for less because the model can make no more."""

    id: str
    owner_id: str
    model: str
    request: SongRequest
    title: str
    liked: bool
    created: float
    takes: tuple[Take, ...]
    asked_seconds: float | None = None

    @property
    def state(self) -> SongState:
        """What the takes amount to; `partial`: all have ended, some of them done."""
        states = {take.state for take in self.takes}
        if "running" in states or {"queued", "done"} <= states:
            return "running"
        if "queued" in states:
            return "queued"
        if "done" in states:
            return "done" if states == {"done"} else "partial"
        return "failed" if "failed" in states else "cancelled"


@dataclass(frozen=True)
class Page:
    """Songs, newest first; `next` is the cursor of the page behind, None on the last."""

    songs: tuple[Song, ...]
    next: str | None


@dataclass(frozen=True)
class Event:
    """Something that happened; ids grow in the order in which events become visible.

    `kind` and `data`: queued {} | started {worker} | progress {stage, done 0..1} | stage {stage, seconds} |
    waiting {note, note_kind} | requeued {reason} | done {duration} | failed {error, error_kind} | cancelled {} |
    updated {title, liked} | deleted {}. Those of a take name it in `take_id`.
    """

    id: int
    song_id: str
    owner_id: str
    take_id: str | None
    kind: str
    data: dict[str, Any]
    created: float


@dataclass(frozen=True)
class Worker:
    """A process that makes takes on one device. `takes` are the ids of those it works on."""

    id: str
    host: str
    device: str
    model: str | None
    started: float
    heartbeat: float
    takes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """The service at a glance: live workers, takes that wait and that run, and the kind of trouble that keeps them from
    being made (`music.errors.Kind`), if any."""

    workers: tuple[Worker, ...]
    queued: int
    running: int
    trouble: str | None


@dataclass(frozen=True)
class Tally:
    """A running total since the database was made: `count` things that amount to `total`.

    `name` (`label`): queue_wait_seconds (-), stage_seconds (stage), stage_audio_seconds (stage),
    takes (done, failed, cancelled), failures (`music.errors.Kind`), requeued (why).
    """

    name: str
    model: str
    label: str
    count: int
    total: float


@dataclass(frozen=True)
class Limits:
    """What a new owner may have, and how many takes may wait in all."""

    owner_queued: int = 200
    owner_running: int = 64
    queued: int = 5000


@dataclass(frozen=True)
class Claim:
    """A take that a worker was given. `attempt` tells this claim from earlier and later ones of the same take; `losses`
    counts workers lost over it since its last finished stage; `asked_seconds` as of its song."""

    take_id: str
    song_id: str
    owner_id: str
    number: int
    seed: int
    model: str
    request: SongRequest
    attempt: int
    losses: int
    asked_seconds: float | None = None
