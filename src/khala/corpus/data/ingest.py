"""A user's own songs into a corpus: audio files of the kinds that libsndfile reads, and beside each what is said of it.

A song is told by the bytes of its audio file, not by its name: it is taken in once, keeps its number, and is known
when the command is given again, after a stop or with more songs. If only the words changed, they alone are stored anew.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from khala.audio.files import read_audio
from khala.audio.listing import songs_in
from khala.audio.loudness import normalise
from khala.audio.reading import READABLE, reading
from khala.audio.resample import resample
from khala.audio.samples import Samples
from khala.corpus.data.manifest import INGESTED, CorpusError, Song, json_path, read_song, store
from khala.corpus.data.sidecar import Words, read_words
from khala.music.errors import InvalidRequest
from khala.music.request import MAX_SECONDS, MIN_SECONDS

OTHERS = (".m4a", ".mp4", ".aac", ".wma")
"""Endings of songs that libsndfile cannot read: they are refused, not passed over."""
FIRST = 1_000_000
"""Number of the first song; composed ones have their seeds below."""
LOUDNESS = -16.0
"""LUFS, as composed songs have."""
RATE, HOP = 44100, 2048

Refuse = Callable[[str], None]
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Ingested:
    """How many songs are `new`, were `kept` as they were, got other words (`changed`), or were `refused`."""

    new: int
    kept: int
    changed: int
    refused: int


@dataclass(frozen=True)
class Found:
    """A song of the user's: its file, that file's name within the folder and SHA-256, seconds, what is said of it."""

    path: Path
    name: str
    digest: str
    seconds: float
    words: Words


def ingest(folder: Path, out: Path, *, processes: int = 1, refuse: Refuse, progress: Report) -> Ingested:
    """Take the songs under `folder` into the corpus `out`, at 44.1 kHz, in stereo, at `LOUDNESS`.

    What cannot be taken in is told to `refuse`, a line each; the others go on. `progress` is called with "check" or
    "store" and counts songs. Raises CorpusError if there is no audio at all, OutputError if `out` takes no files.
    """
    paths = list(_audio(folder, out))
    if not paths:
        raise CorpusError(f"{folder} holds no songs; put audio there ({', '.join(READABLE)})")
    tally: Counter[str] = Counter()

    def refused(name: str, error: Exception) -> None:
        tally["refused"] += 1
        refuse(f"{name}: {error}")

    known = {song.truth["sha256"]: song for song in _ingested(out)}
    number = max((song.seed + 1 for song in known.values()), default=FIRST)
    fresh = []
    for found in _checked(folder, paths, refused, progress):
        old = known.get(found.digest)
        song = _song(found, out, old.seed if old else number)
        if old is None:
            fresh.append((found, song))
            number += 1
        elif song != old:
            store(song, None)
            tally["changed"] += 1
        else:
            tally["kept"] += 1
    tally["new"] = _store_all(fresh, processes, refused, progress)
    return Ingested(tally["new"], tally["kept"], tally["changed"], tally["refused"])


def load(path: Path) -> Samples:
    """The samples float32 [2, n] of a song as they are stored. Raises InvalidRequest, CorpusError."""
    samples_CN, rate = read_audio(path)
    if not np.isfinite(samples_CN).all():
        raise CorpusError("it holds samples that are no numbers; export it again")
    result = normalise(np.repeat(resample(samples_CN, rate, RATE), 3 - samples_CN.shape[0], axis=0), RATE, LOUDNESS)
    if result.loudness is None:
        raise CorpusError("it is silent; remove it")
    return result.samples


def _audio(folder: Path, out: Path) -> Iterator[Path]:
    """All songs under a folder but those of the corpus itself, by name. Raises CorpusError if it is none."""
    if not folder.is_dir():
        raise CorpusError(f"{folder} is no folder; name the one that holds your songs")
    for path in songs_in(folder, READABLE + OTHERS):
        if out.resolve() not in path.resolve().parents:
            yield path


def _ingested(out: Path) -> Iterator[Song]:
    for path in out.glob("*/song-*.json"):
        song = read_song(path)
        if song.generator == INGESTED:
            yield song


def _checked(
    folder: Path, paths: list[Path], refused: Callable[[str, Exception], None], progress: Report
) -> Iterator[Found]:
    """Songs that nothing speaks against but, perhaps, their samples; each audio once."""
    seen: dict[str, str] = {}
    for done, path in enumerate(paths):
        progress("check", done, len(paths))
        name = path.relative_to(folder).as_posix()
        try:
            found = _look(path, name)
            if found.digest in seen:
                raise CorpusError(f"it is the same recording as {seen[found.digest]}; keep one of them")
        except (CorpusError, InvalidRequest) as error:
            refused(name, error)
            continue
        seen[found.digest] = name
        yield found
    progress("check", len(paths), len(paths))


def _look(path: Path, name: str) -> Found:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CorpusError(f"cannot read it: {error.strerror or error}") from None
    try:
        with reading(path) as sound:
            channels, seconds = sound.channels, sound.frames / sound.samplerate
    except InvalidRequest:
        raise CorpusError("it cannot be read as audio; convert it, for instance to flac") from None
    if channels > 2:
        raise CorpusError(f"it has {channels} channels; mix it down to two")
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise CorpusError(f"it lasts {seconds:.1f} s; a song lasts {MIN_SECONDS:g} to {MAX_SECONDS:g} s")
    return Found(path, name, digest, seconds, read_words(path, seconds))


def _song(found: Found, out: Path, number: int) -> Song:
    """Its truth says which file it was, its tempo if somebody said it, and if lyrics had times, sections and lines."""
    words = found.words
    truth: dict[str, Any] = {"source": found.name, "sha256": found.digest}
    if words.bpm:
        truth["bpm"] = words.bpm
    if words.lines:
        parts = [list(lines) for _, lines in groupby(words.lines, key=lambda line: line.section)]
        truth["sections"] = [{"name": p[0].section, "start": p[0].start, "end": p[-1].end} for p in parts]
        truth["lines"] = [
            {"section": number, "text": line.text, "start": line.start, "end": line.end}
            for number, part in enumerate(parts)
            for line in part
        ]
    return Song(
        generator=INGESTED,
        seed=number,
        style=words.style,
        duration=round(found.seconds, 4),
        frames=math.ceil(found.seconds * RATE / HOP),
        tags=words.tags,
        description=words.prompt,
        lyrics=words.lyrics,
        vocal=words.vocal,
        truth=truth,
        audio=json_path(out, number).with_suffix(".flac"),
    )


def _store_all(
    songs: list[tuple[Found, Song]], processes: int, refused: Callable[[str, Exception], None], progress: Report
) -> int:
    """Stores songs, `processes` at a time, and counts those that could be; a thread each will do, for nearly all of the
    work is done outside of Python."""
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


def _store(found: Found, song: Song) -> None:
    store(song, load(found.path))
