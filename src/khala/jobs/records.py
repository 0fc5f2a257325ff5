"""Records of the service: plain frozen values, times in seconds since 1970."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from khala.music.request import SongRequest
from khala.music.rework import Rework

TakeState = Literal["queued", "running", "done", "failed", "cancelled"]
SongState = Literal["queued", "running", "done", "partial", "failed", "cancelled"]
Role = Literal["user", "admin"]
OriginKind = Literal["extend", "edit", "vary", "refine", "upload"]

KEPT = "kept"
"""Kind of the file by which a take is reworked (`generation.kept`)."""
SOURCE = "source."
"""Kind of the file that a song is made out of, followed by the kind that it had: KEPT of its parent take, which may be
deleted by now, or an `audio.flac`."""

STAGE_SHARES = {"backbone": 0.6, "superres": 0.25, "decode": 0.12, "finish": 0.03}
"""Rough share of each stage in the time of a take, for progress bars."""


WINDOW, HEARD, WORDS = "window.", "heard.", "words."
"""Kinds of the files that a live take has while it is made, each followed by a number from 0: the codes of a window, a
part of what can be heard, and the times of the words so far. The parts together are a WAV stream. All of them are
removed some time after the take has ended (`maintenance.LIVE_SECONDS`)."""


def progress(stage: str | None, done: float) -> float:
    """Return the progress of a take, 0..1, when `done` (0..1) of `stage` is; 0 before the first stage."""
    if stage not in STAGE_SHARES:
        return 0.0
    before = list(STAGE_SHARES)[: list(STAGE_SHARES).index(stage)]
    return sum(STAGE_SHARES[name] for name in before) + STAGE_SHARES[stage] * done


def stage_at(progress: float) -> tuple[str, float]:
    """Return the stage, and how much of it is done, of a take with this `progress`."""
    for stage, share in STAGE_SHARES.items():
        if progress < share:
            return stage, progress / share
        progress -= share
    return list(STAGE_SHARES)[-1], 1.0


@dataclass(frozen=True)
class Owner:
    """An owner of songs. An admin sees everybody's. Limits count takes."""

    id: str
    name: str
    role: Role
    queued_limit: int
    running_limit: int


@dataclass(frozen=True)
class ApiKey:
    """An API key without its secret, which is not stored; `hint` is its start."""

    id: str
    owner_id: str
    hint: str
    created: float
    revoked: float | None


@dataclass(frozen=True)
class Artifact:
    """A stored file of a take. `kind`: backbone, codes, metadata, peaks, KEPT, audio.flac, audio.mp3, ..., SOURCE and
    one of these, or one of WINDOW, HEARD and WORDS with a number; `size` in bytes; `digest` sha256 in hex; `path`
    within the artifact store, made of ids alone."""

    id: str
    take_id: str
    kind: str
    media_type: str
    size: int
    digest: str
    path: str
    created: float


@dataclass(frozen=True)
class TakeRecord:
    """One rendition. `number` counts from 1; `queued` is when it was created or last retried.

    While it is queued, `position` is its place in the queue (1 = next). While it is queued or running, `eta` is the
    estimated seconds until it is done (None: no speed measured, or no worker). `note` says what it waits for ("no space
    left"), `error` why it failed; `note_kind` and `error_kind` are the kinds of these (`music.errors.Kind`).
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
        """Return the progress of the take, 0..1."""
        return 1.0 if self.state == "done" else progress(self.stage, self.stage_progress)

    @property
    def live(self) -> bool:
        """Return whether the take can be heard while it is made."""
        return self.state in ("queued", "running") and bool(self.numbered(HEARD))

    def numbered(self, kind: str) -> list[Artifact]:
        """Return the files of WINDOW, HEARD or WORDS in order."""
        return numbered(self.artifacts, kind)


def numbered(artifacts: Iterable[Artifact], kind: str) -> list[Artifact]:
    """Return the files whose kind is a number behind `kind`, in order."""
    its = [artifact for artifact in artifacts if artifact.kind.startswith(kind)]
    return sorted(its, key=lambda artifact: int(artifact.kind.removeprefix(kind)))


@dataclass(frozen=True)
class Origin:
    """What a song is made out of: a take, by a rework; or else a file that was uploaded."""

    parent_id: str | None = None
    rework: Rework | None = None

    @property
    def kind(self) -> OriginKind:
        """Return the kind of the rework, or "upload"."""
        return self.rework.kind if self.rework else "upload"

    def to_dict(self) -> dict[str, Any]:
        """Return the origin as JSON values."""
        return {"parent": self.parent_id, "rework": self.rework and self.rework.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make an origin from its JSON values."""
        return cls(values["parent"], Rework.from_dict(values["rework"]) if values["rework"] else None)


@dataclass(frozen=True)
class SongRecord:
    """A request and its takes, by number. `asked_seconds`: the length requested, where the model's limit shortened
    it. `origin`: what it was made out of; None for words alone."""

    id: str
    owner_id: str
    model: str
    request: SongRequest
    title: str
    liked: bool
    created: float
    takes: tuple[TakeRecord, ...]
    asked_seconds: float | None = None
    origin: Origin | None = None

    @property
    def state(self) -> SongState:
        """Return the state of the takes together; `partial`: all have ended, but not all are done."""
        states = {take.state for take in self.takes}
        if "running" in states or {"queued", "done"} <= states:
            return "running"
        if "queued" in states:
            return "queued"
        if "done" in states:
            return "done" if states == {"done"} else "partial"
        return "failed" if "failed" in states else "cancelled"


@dataclass(frozen=True)
class Version:
    """A take in the tree of those that were made out of one another. `start` and `stop` (seconds) bound the part that
    was made anew; None is the beginning or the end. Of a `deleted` take no more than this is left."""

    id: str
    song_id: str
    title: str
    kind: OriginKind | None
    parent_id: str | None
    start: float | None
    stop: float | None
    state: TakeState
    created: float
    duration: float | None
    deleted: bool = False


@dataclass(frozen=True)
class Page:
    """Songs, newest first; `next` is the cursor of the next page, None on the last."""

    songs: tuple[SongRecord, ...]
    next: str | None


@dataclass(frozen=True)
class EventRecord:
    """Something that happened to a song; ids grow in the order in which events become visible.

    `kind` and `data`: queued {} | started {worker} | progress {stage, done 0..1} | stage {stage, seconds} |
    live {heard seconds} | waiting {note, note_kind} | requeued {reason} | done {duration} |
    failed {error, error_kind} | cancelled {} |
    updated {title, liked} | deleted {}. Events of a take have its id in `take_id`.
    """

    id: int
    song_id: str
    owner_id: str
    take_id: str | None
    kind: str
    data: dict[str, Any]
    created: float


@dataclass(frozen=True)
class WorkerRecord:
    """A process that makes takes on one device. `takes` are the ids of those it is making."""

    id: str
    host: str
    device: str
    model: str | None
    started: float
    heartbeat: float
    takes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceStatus:
    """Live workers, numbers of takes queued and running, and the kind of trouble that holds them up, if any
    (`music.errors.Kind`)."""

    workers: tuple[WorkerRecord, ...]
    queued: int
    running: int
    trouble: str | None


@dataclass(frozen=True)
class Count:
    """A running total since the database was created: `count` things that add up to `total`.

    `name` (`label`): queue_wait_seconds (-), stage_seconds (stage), stage_audio_seconds (stage),
    takes (done, failed, cancelled), failures (`music.errors.Kind`), requeued (reason).
    """

    name: str
    model: str
    label: str
    count: int
    total: float


@dataclass(frozen=True)
class Limits:
    """Limits of a new owner, and of takes queued by all owners together."""

    owner_queued: int = 200
    owner_running: int = 64
    queued: int = 5000


@dataclass(frozen=True)
class Claim:
    """A take that a worker is to make. `attempt` tells this claim from other claims of the same take; `losses` counts
    the workers lost while making it since its last finished stage; `number`, `asked_seconds` and `origin` as in `Take`,
    `Song`; `sources` is the content of the files that it is made out of, by their kinds before (SOURCE)."""

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
    origin: Origin | None = None
    sources: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def log_fields(self) -> dict[str, str]:
        """Return the ids that identify the take in a log line."""
        return {"song": self.song_id, "take": self.take_id}
