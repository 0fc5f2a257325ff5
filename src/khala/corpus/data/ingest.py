"""Ingest of a user's own songs: audio files that libsndfile reads, each with its sidecar files.

A song is identified by the bytes of its audio file, not by its name: it is taken in once, keeps its number, and is
recognised when the command is repeated, after an interruption or with more songs. If only its sidecar changed, the
audio is not stored again.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from khala.audio.files import read_audio
from khala.audio.listing import songs_in
from khala.audio.loudness import normalise
from khala.audio.reading import READABLE, open_audio
from khala.audio.resample import resample
from khala.audio.samples import Samples
from khala.corpus.data.audio_format import FRAME_RATE, LOUDNESS_LUFS, SAMPLE_RATE
from khala.corpus.data.manifest import INGESTED, CorpusError, CorpusSong, json_path, read_song, store_song
from khala.corpus.data.sidecar import Sidecar, read_sidecar
from khala.music.errors import InvalidRequest
from khala.music.progress import Progress
from khala.music.request import MAX_SECONDS, MIN_SECONDS

UNREADABLE = (".m4a", ".mp4", ".aac", ".wma")
"""Extensions of audio that libsndfile cannot read: such songs are refused, not ignored."""
FIRST_NUMBER = 1_000_000
"""Number of the first song; the seeds of composed songs lie below it."""

Refuse = Callable[[str], None]


@dataclass(frozen=True)
class IngestCounts:
    """Numbers of songs that are `new`, `kept` unchanged, `changed` in their sidecar, and `refused`."""

    new: int
    kept: int
    changed: int
    refused: int


@dataclass(frozen=True)
class FoundSong:
    """A checked song: its file, `name` relative to the folder, SHA-256 `digest`, length in seconds, and sidecar."""

    path: Path
    name: str
    digest: str
    seconds: float
    sidecar: Sidecar


def ingest(
    folder: Path,
    out: Path,
    *,
    processes: int = 1,
    refuse: Refuse,
    progress: Progress,
    leave: Collection[Path] = (),
) -> IngestCounts:
    """Store the songs under `folder`, but those to `leave`, in the corpus `out`, in stereo at `SAMPLE_RATE` and
    `LOUDNESS_LUFS`.

    `refuse` is called with one line for every song that cannot be taken in; the others continue. `progress` is called
    with "check" or "store", songs done and songs in all. Raises CorpusError if `folder` holds no audio, OutputError if
    `out` cannot be written.
    """
    paths = [path for path in _audio(folder, out) if path not in leave]
    if not paths:
        raise CorpusError(f"{folder} holds no songs; put audio there ({', '.join(READABLE)})")
    counts: Counter[str] = Counter()

    def refused(name: str, error: Exception) -> None:
        counts["refused"] += 1
        refuse(f"{name}: {error}")

    known = {song.truth["sha256"]: song for song in _ingested(out)}
    number = max((song.seed + 1 for song in known.values()), default=FIRST_NUMBER)
    fresh = []
    for found in _checked(folder, paths, refused, progress):
        old = known.get(found.digest)
        song = _song(found, out, old.seed if old else number)
        if old is None:
            fresh.append((found, song))
            number += 1
        elif song != old:
            store_song(song, None)
            counts["changed"] += 1
        else:
            counts["kept"] += 1
    counts["new"] = _store_all(fresh, processes, refused, progress)
    return IngestCounts(counts["new"], counts["kept"], counts["changed"], counts["refused"])


def load_normalised(path: Path) -> Samples:
    """Return the samples float32 [2, n] to store for an audio file. Raises InvalidRequest, CorpusError."""
    samples_CN, rate = read_audio(path)
    if not np.isfinite(samples_CN).all():
        raise CorpusError("it holds samples that are NaN or infinite; export it again")
    stereo_CN = np.repeat(resample(samples_CN, rate, SAMPLE_RATE), 3 - samples_CN.shape[0], axis=0)
    result = normalise(stereo_CN, SAMPLE_RATE, LOUDNESS_LUFS)
    if result.loudness is None:
        raise CorpusError("it is silent; remove it")
    return result.samples


def _audio(folder: Path, out: Path) -> Iterator[Path]:
    """Yield the audio files under a folder by name, except those of the corpus itself. Raises CorpusError."""
    if not folder.is_dir():
        raise CorpusError(f"{folder} is no folder; name the one that holds your songs")
    for path in songs_in(folder, READABLE + UNREADABLE):
        if out.resolve() not in path.resolve().parents:
            yield path


def _ingested(out: Path) -> Iterator[CorpusSong]:
    for path in out.glob("*/song-*.json"):
        song = read_song(path)
        if song.generator == INGESTED:
            yield song


def _checked(
    folder: Path, paths: list[Path], refused: Callable[[str, Exception], None], progress: Progress
) -> Iterator[FoundSong]:
    """Yield the songs that pass every check that needs no samples, each recording once."""
    seen: dict[str, str] = {}
    for done, path in enumerate(paths):
        progress("check", done, len(paths))
        name = path.relative_to(folder).as_posix()
        try:
            found = _check(path, name)
            if found.digest in seen:
                raise CorpusError(f"it is the same recording as {seen[found.digest]}; keep one of them")
        except (CorpusError, InvalidRequest) as error:
            refused(name, error)
            continue
        seen[found.digest] = name
        yield found
    progress("check", len(paths), len(paths))


def _check(path: Path, name: str) -> FoundSong:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CorpusError(f"cannot read it: {error.strerror or error}") from None
    try:
        with open_audio(path) as sound:
            channels, seconds = sound.channels, sound.frames / sound.samplerate
    except InvalidRequest:
        raise CorpusError("it cannot be read as audio; convert it, for instance to flac") from None
    if channels > 2:
        raise CorpusError(f"it has {channels} channels; mix it down to two")
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise CorpusError(f"it lasts {seconds:.1f} s; a song lasts {MIN_SECONDS:g} to {MAX_SECONDS:g} s")
    return FoundSong(path, name, digest, seconds, read_sidecar(path, seconds))


def _song(found: FoundSong, out: Path, number: int) -> CorpusSong:
    """Return the corpus song; its truth holds the source file, a stated tempo, and sections and lines of timed
    lyrics."""
    sidecar = found.sidecar
    truth: dict[str, Any] = {"source": found.name, "sha256": found.digest}
    if sidecar.bpm:
        truth["bpm"] = sidecar.bpm
    if sidecar.lines:
        parts = [list(lines) for _, lines in groupby(sidecar.lines, key=lambda line: line.section)]
        truth["sections"] = [{"name": p[0].section, "start": p[0].start, "end": p[-1].end} for p in parts]
        truth["lines"] = [
            {"section": number, "text": line.text, "start": line.start, "end": line.end}
            for number, part in enumerate(parts)
            for line in part
        ]
    return CorpusSong(
        generator=INGESTED,
        seed=number,
        style=sidecar.style,
        duration=round(found.seconds, 4),
        frames=math.ceil(found.seconds * FRAME_RATE),
        tags=sidecar.tags,
        description=sidecar.prompt,
        lyrics=sidecar.lyrics,
        vocal=sidecar.vocal,
        truth=truth,
        audio=json_path(out, number).with_suffix(".flac"),
    )


def _store_all(
    songs: list[tuple[FoundSong, CorpusSong]],
    processes: int,
    refused: Callable[[str, Exception], None],
    progress: Progress,
) -> int:
    """Store songs, `processes` at a time, and return the number of those that could be stored. Threads suffice: nearly
    all of the work is done outside of Python."""
    left = iter(songs)
    stored = done = 0
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(processes) as pool:
        try:
            while True:
                for found, song in islice(left, processes - len(running)):
                    running[pool.submit(_store, found, song)] = found.name
                if not running:
                    return stored
                progress("store", done, len(songs))
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    done += 1
                    try:
                        future.result()
                        stored += 1
                    except (CorpusError, InvalidRequest) as error:
                        refused(name, error)
                progress("store", done, len(songs))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _store(found: FoundSong, song: CorpusSong) -> None:
    store_song(song, load_normalised(found.path))
