"""The corpus as a folder: `<seed // 1000>/song-<seed>.flac` and, beside it, `.json` with the request and the truth.

A song exists if its JSON does: it is written last.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from khala.audio.files import replacing
from khala.corpus.composer.score import Score
from khala.music.errors import KhalaError, OutputError

if TYPE_CHECKING:  # who only reads a corpus needs no voices
    from khala.corpus.composer.render import Rendered

GENERATOR = 3
"""Version of what composes and renders; songs of different versions differ for the same seed."""
INGESTED = 0
"""Stands in the place of that version for a song that somebody brought."""


class CorpusError(KhalaError):
    """A corpus folder is not what it should be."""

    exit_status = 2


@dataclass(frozen=True)
class Song:
    """A song of the corpus. `duration` in seconds; `vocal` "female", "male" or "".

    `generator` is the version that composed it, and `truth` what `render.truth` says. Of a song that somebody brought
    (`INGESTED`) less is known: `seed` is but a number, `vocal` may be "voice", `truth` is what `ingest` says.
    """

    generator: int
    seed: int
    style: str
    duration: float
    frames: int
    tags: tuple[str, ...]
    description: str
    lyrics: str
    vocal: str
    truth: dict[str, Any]
    audio: Path


def json_path(corpus: Path, seed: int) -> Path:
    """Where the song of that seed has its JSON; its audio has the suffix .flac."""
    return corpus / f"{seed // 1000:05d}" / f"song-{seed}.json"


def write_song(corpus: Path, score: Score, rendered: "Rendered") -> Path:
    """Stores a rendered score and returns the path of its JSON. Raises `OutputError` if the folder takes no files."""
    path = json_path(corpus, score.seed)
    song = Song(
        generator=GENERATOR,
        seed=score.seed,
        style=score.style,
        duration=round(score.seconds, 4),
        frames=score.frames,
        tags=score.tags,
        description=score.description,
        lyrics=score.lyrics,
        vocal=score.voice,
        truth=rendered.truth,
        audio=path.with_suffix(".flac"),
    )
    store(song, rendered.samples)
    return path


def store(song: Song, samples: np.ndarray | None) -> None:
    """Writes the samples float32 [2, n] of a song, or with None leaves its audio as it is; then what is known of it.

    Raises `OutputError` if the folder takes no files.
    """
    path = song.audio.with_suffix(".json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write to {path.parent}: {error.strerror or error}; choose another folder") from None
    if samples is not None:
        with replacing(song.audio) as part:
            soundfile.write(part, samples.T, 44100, format="FLAC", subtype="PCM_16")
    entry = asdict(song)
    del entry["audio"]
    with replacing(path) as part:
        part.write_text(json.dumps(entry, separators=(",", ":")))


def read_song(path: Path) -> Song:
    """The song whose JSON lies at `path`. Raises `CorpusError` if that is not a song's JSON."""
    try:
        entry = json.loads(path.read_text())
        return Song(**{**entry, "tags": tuple(entry["tags"]), "audio": path.with_suffix(".flac")})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CorpusError(
            f"{path} does not describe a song: {error}; delete it and run khala corpus synth again"
        ) from None


def read_corpus(corpus: Path) -> Iterator[Song]:
    """All songs, by seed. Raises `CorpusError` if there is none."""
    paths = sorted(corpus.glob("*/song-*.json"), key=lambda path: int(path.stem.removeprefix("song-")))
    if not paths:
        raise CorpusError(f"{corpus} holds no songs; make some with: khala corpus synth --out {corpus} --songs 100")
    return map(read_song, paths)
