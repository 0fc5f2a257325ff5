"""Helpers for tests of the service: databases of both kinds, and workers that can be killed.

Workers are forked from the server of `forking`.
"""

import errno
import hashlib
import io
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import soundfile
from forking import PROCESSES

from khala.conditioning.rows import CONDITION_ROWS
from khala.generation.pace import Pace
from khala.jobs import artifacts, claims, steps
from khala.jobs.claims import Claim, Claims
from khala.jobs.library import Library
from khala.jobs.records import STAGE_SHARES, SongRecord
from khala.jobs.stages import Keep, Left, StageOutput
from khala.music.progress import Progress
from khala.music.request import SongRequest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
DEAD = 4.0
"""WORKER_TIMEOUT_SECONDS in tests."""


class Postgres:
    """A PostgreSQL server in `folder`, not run as root."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("postgres") or (str(BINARIES[-1]) if BINARIES else None)
        assert found, "PostgreSQL is not installed: make service-tools"
        self._binaries = Path(found).resolve().parent
        self._folder = folder
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server refuses to be root
            self._user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres", "postgres")
        options = ["--auth=trust", "--username=khala", "--no-sync", "--encoding=UTF8", "--locale=C"]
        self._call("initdb", "--pgdata", str(folder / "data"), *options)
        self._port = _free_port()
        self._databases = 0
        self._migrated: str | None = None
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = (
            f"-c listen_addresses=127.0.0.1 -p {self._port} -k {self._folder} -c fsync=off -c max_connections=300"
        )
        self._control("start", "-w", "-o", settings, "-l", str(self._folder / "log"))

    def stop(self) -> None:
        """Stop it at once; what was committed is kept."""
        self._control("stop", "-m", "immediate")

    def create(self, empty: bool = False) -> str:
        """The URL of a new database: with all tables in it (a copy of one in which they were made once), or empty."""
        if not empty and self._migrated is None:
            self._migrated = self.create(empty=True)
            _migrate(self._migrated)
        self._databases += 1
        name = f"khala{self._databases}"
        template = [] if empty else ["-T", str(self._migrated).rpartition("/")[2]]
        self._call("createdb", "-h", "127.0.0.1", "-p", str(self._port), "-U", "khala", *template, name)
        return f"postgresql://khala@127.0.0.1:{self._port}/{name}"

    def _control(self, *words: str) -> None:
        self._call("pg_ctl", "--pgdata", str(self._folder / "data"), *words)

    def _call(self, program: str, *words: str) -> None:
        command = [str(self._binaries / program), *words]
        # output goes to a file: the server keeps it open, and a pipe would never end
        with (self._folder / "calls").open("ab") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd=self._folder, **self._user)


@dataclass(frozen=True)
class Site:
    """The database, the artifact store and the model of a service."""

    database: str
    artifacts: Path | str
    model: str
    marks: Path
    """A folder of marker files: `full` (the disk is full), `orphaned` (the worker's parent has ended), and one for each
    stage that was begun."""

    def library(self) -> Library:
        library = Library.open(self.database, self.artifacts)
        library.owners.local()
        return library


@dataclass(frozen=True)
class Trouble:
    """Faults of a worker: each stage takes `slow` seconds longer; `hang` names a stage that hangs once."""

    slow: float = 0.0
    hang: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


class Workers:
    """Worker processes, all of which end with the test."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.processes: list[Any] = []

    def start(self, trouble: Trouble | None = None, site: Site | None = None) -> Any:
        """Start a worker, on `site` if given."""
        process = PROCESSES.Process(target=_work, args=(site or self.site, trouble or Trouble()), daemon=True)
        process.start()
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()


def _migrate(url: str) -> None:
    from dbos import run_dbos_database_migrations

    Library.open(url, "/nowhere").database.close()
    run_dbos_database_migrations(url)


def tiny_model(folder: Path, led: bool = False, graphs: bool = False, residual: bool = False) -> Path:
    """Write a tiny model with random weights, which is neither silent nor slow; with `led` it is shown an outline, and
    led through its words; with `graphs` it needs no torch; with `residual` it predicts all levels in one pass."""
    import torch

    from khala.engine.onnx.graphs import write_graphs
    from khala.models.lm.backbone import Backbone
    from khala.models.lm.superres import Superres
    from khala.models.presets import tiny
    from khala.weights import save_model
    from khala.weights.digests import write_digests
    from khala.weights.loading import build_codec
    from khala.weights.names import digested_files
    from khala.weights.tokenizer import Tokenizer

    config = tiny()
    if led:
        config = replace(
            config,
            backbone=replace(config.backbone, condition_rows=CONDITION_ROWS),
            superres=replace(config.superres, condition_rows=CONDITION_ROWS),
            prompt=replace(config.prompt, supports_guidance=True, lyrics="phones", superres_text="no_lyrics"),
            sampling=replace(config.sampling, guidance=2.0, superres_sampling="mean"),
        )
    if graphs:
        backbone = replace(config.backbone, head_dim=16)
        config = replace(config, backbone=backbone, superres=replace(backbone, levels=8))
    config = replace(config, superres=replace(config.superres, residual=residual))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        backbone, superres, codec = Backbone(config.backbone), Superres(config.superres), build_codec(config.codec)
        for parameter in (*codec.parameters(), codec.codebooks, *codec.buffers()):
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.2)
    save_model(folder, config, backbone, superres, codec, Tokenizer.of_bytes(), "# Tiny\n")
    if graphs:
        write_graphs(folder)
        write_digests(folder, digested_files(folder))
    return folder


def until(condition: Callable[[], Any], seconds: float = 300.0) -> Any:
    """Wait until something holds, and return it. How long it takes is not what is tested."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)
    return result


def impatient() -> None:
    """Shorten the timeout of workers in this process, and blame no take for workers that the test kills."""
    claims.WORKER_TIMEOUT_SECONDS = DEAD
    claims.MAX_LOSSES = 100


def ended(song: SongRecord) -> bool:
    return all(take.state in ("done", "failed", "cancelled") for take in song.takes)


def _work(site: Site, trouble: Trouble) -> None:
    """The body of a worker process."""
    import torch

    from khala.worker.stages import PipelineStages
    from khala.worker.worker import Worker

    torch.set_num_threads(1)
    os.environ.update(trouble.environment)
    impatient()
    steps.GATHER_SECONDS = 60.0  # takes are to share passes, however busy the machine
    real = artifacts.replacing

    def replacing(path: Path) -> Any:
        if (site.marks / "full").exists():
            raise artifacts.OutputError("no space") from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path)

    artifacts.replacing = replacing  # type: ignore[assignment]
    os.getppid = lambda: 1 if (site.marks / "orphaned").exists() else 2  # type: ignore[assignment]
    stages = TroubledStages(PipelineStages("cpu", "float32"), site, trouble)
    options = {"stall": 120.0, "grace": 5.0} | trouble.options
    worker = Worker(site.library(), stages, socket.gethostname(), "cpu", **options)
    worker.stop_on_signals()
    worker.run()


class TroubledStages:
    """Stages that can be slow or hang, and mark every stage that they begin."""

    def __init__(self, stages: Any, site: Site, trouble: Trouble) -> None:
        self._stages, self._site, self._trouble = stages, site, trouble

    @property
    def model(self) -> str | None:
        return self._stages.model

    def unload(self) -> None:
        self._stages.unload()

    def backbone(self, claims: Sequence[Claim], report: Progress, wanted: Callable[[Claim], bool]) -> list[StageOutput]:
        self._begin("backbone", claims, report)
        return self._stages.backbone(claims, report, wanted)

    def superres(self, claims: Sequence[Claim], backbones: Sequence[bytes], report: Progress) -> list[StageOutput]:
        self._begin("superres", claims, report)
        return self._stages.superres(claims, backbones, report)

    def render(self, claim: Claim, backbone: bytes, codes: bytes, report: Progress) -> StageOutput:
        self._begin("render", [claim], report)
        return self._stages.render(claim, backbone, codes, report)

    def can_be_live(self, model: str) -> bool:
        return self._stages.can_be_live(model)

    def live(self, claim: Claim, left: Left, report: Progress, keep: Keep) -> StageOutput:
        """Playback can start at once, whatever else the machine does; every part takes `slow` seconds longer."""

        def keep_slowly(part: StageOutput) -> None:
            keep(part)
            time.sleep(self._trouble.slow)

        Pace.can_start = lambda self, heard, *rest: heard > 0  # type: ignore[method-assign,assignment]
        self._begin("live", [claim], report)
        return self._stages.live(claim, left, report, keep_slowly)

    def _begin(self, stage: str, claims: Sequence[Claim], report: Progress) -> None:
        for claim in claims:
            with (self._site.marks / f"{claim.take_id}-{stage}").open("a") as mark:
                mark.write(f"{os.getpid()} with {len(claims)}\n")
        hang = self._site.marks / f"hung-{stage}"
        if self._trouble.hang == stage and not hang.exists():
            hang.touch()
            while True:
                time.sleep(1)
        for _ in range(round(self._trouble.slow / 0.05)):
            time.sleep(0.05)
            report(stage if stage != "render" else "decode", 0, 1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(**fields: Any) -> SongRequest:
    """A short request."""
    return SongRequest(**{"tags": "folk", "instrumental": True, "duration": 5, **fields})


def finish(claims: Claims, library: Library, claim: Claim, seconds: float = 0.1) -> None:
    """Finish a take as a worker does, without computing it, at the requested length."""
    ids = (claim.song_id, claim.take_id)
    made = [
        library.store.put(*ids, "backbone", "application/x-safetensors", b"codes"),
        library.store.put(*ids, "audio.flac", "audio/flac", b"samples"),
    ]
    spent = dict.fromkeys(STAGE_SHARES, seconds) if seconds > 1 else {"backbone": seconds}
    length = claim.request.duration
    claims.finish_stage(claim, made, spent, length, {"duration": length})


KINDS = {"backbone", "codes", "kept", "audio.flac", "audio.mp3", "metadata", "peaks"}
"""What is stored of a take that is done."""


def undisturbed(site: Site, song: SongRecord, folder: Path) -> list[str]:
    """Digests of the samples that the pipeline makes of a song without any service."""
    from khala.generation.pipeline import load

    takes = load(site.model, "cpu", "float32").generate(song.request)
    saved = [take.save(folder / f"{song.id}-{i}.flac") for i, take in enumerate(takes)]
    return [samples_digest(path.read_bytes()) for path in saved]


def samples_digest(flac: bytes) -> str:
    """A digest of the samples of a file, whatever its tags are."""
    samples, _ = soundfile.read(io.BytesIO(flac), dtype="int32")
    return hashlib.sha256(samples.tobytes()).hexdigest()


def assert_made(library: Library, song: SongRecord, expected: list[str]) -> None:
    """All takes are done, each with one of each artifact, whole, and with the samples expected."""
    made = library.song(None, song.id)
    assert [take.state for take in made.takes] == ["done"] * len(made.takes)
    for take, digest in zip(made.takes, expected, strict=True):
        assert Counter(artifact.kind for artifact in take.artifacts) == dict.fromkeys(KINDS, 1)
        for artifact in take.artifacts:
            library.store.get(artifact)
        assert samples_digest(library.store.get(library.artifact(None, take.id, "audio.flac"))) == digest
    done = [event.take_id for event in library.events(0, song_id=song.id) if event.kind == "done"]
    assert sorted(map(str, done)) == sorted(take.id for take in made.takes)


def begun(site: Site, song: SongRecord, stage: str) -> list[int]:
    """How often a stage was begun, for each take."""
    marks = [site.marks / f"{take.id}-{stage}" for take in song.takes]
    return [len(mark.read_text().splitlines()) if mark.exists() else 0 for mark in marks]
