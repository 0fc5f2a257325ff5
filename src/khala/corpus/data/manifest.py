"""A corpus folder: `<seed // 1000>/song-<seed>.flac` and, beside it, `.json` with the request and the ground truth.

A song exists if its JSON does: the JSON is written last.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from khala.audio.replacing import replacing
from khala.corpus.data.audio_format import SAMPLE_RATE
from khala.music.errors import KhalaError, OutputError

INGESTED = 0
"""`CorpusSong.generator` of a user's own song."""


class CorpusError(KhalaError):
    """An error in a corpus folder, or in a song that is to become part of one."""

    exit_status = 2


@dataclass(frozen=True)
class CorpusSong:
    """A song of the corpus. `duration` in seconds, `frames` of the codec; `vocal` is "female", "male" or "".

    `generator` is the version of the composer, and `truth` the ground truth of docs/corpus.md. A user's own song
    (`INGESTED`) has a running number as its `seed`, may have the `vocal` "voice", and its `truth` is that of `ingest`.
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
    """Return the path of a song's JSON; its audio has the suffix .flac."""
    return corpus / f"{seed // 1000:05d}" / f"song-{seed}.json"


def store_song(song: CorpusSong, samples_CN: np.ndarray | None) -> None:
    """Write the audio of a song, float32 [2, n] at `SAMPLE_RATE`, then its JSON. With None the audio stays as it is.

    Raises `OutputError` if the folder cannot be written.
    """
    path = song.audio.with_suffix(".json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write to {path.parent}: {error.strerror or error}; choose another folder") from None
    if samples_CN is not None:
        with replacing(song.audio) as part:
            soundfile.write(part, samples_CN.T, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    entry = asdict(song)
    del entry["audio"]
    with replacing(path) as part:
        part.write_text(json.dumps(entry, separators=(",", ":")))


def read_song(path: Path) -> CorpusSong:
    """Return the song whose JSON lies at `path`. Raises `CorpusError` if that is not a song's JSON."""
    try:
        entry = json.loads(path.read_text())
        return CorpusSong(**{**entry, "tags": tuple(entry["tags"]), "audio": path.with_suffix(".flac")})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CorpusError(
            f"{path} does not describe a song: {error}; delete it and run khala corpus synth again"
        ) from None


def read_corpus(corpus: Path) -> Iterator[CorpusSong]:
    """Iterate over all songs in the order of their seeds. Raises `CorpusError` if there are none."""
    paths = sorted(corpus.glob("*/song-*.json"), key=lambda path: int(path.stem.removeprefix("song-")))
    if not paths:
        raise CorpusError(f"{corpus} holds no songs; make some with: khala corpus synth --out {corpus} --songs 100")
    return map(read_song, paths)
