"""A user's songs as tokens of a model's own codec: a corpus, audio files with their sidecars, songs of that model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from khala.audio.listing import songs_in
from khala.conditioning.phone_sequence import UNKNOWN_PHONE, phones_of_prompt
from khala.conditioning.preview import preview
from khala.corpus.data.ingest import ingest
from khala.corpus.data.shard_file import ShardSong
from khala.corpus.data.shards import claim, open_codec, tokenize, write_shard
from khala.generation.source import Source, read_source
from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.music.progress import Progress
from khala.music.prompt import backbone_prompt
from khala.weights.opening import OpenModel

KEPT_SHARD, FIRST_KEPT = 9999, 2_000_000
"""The shard of songs that hold their codes, and the number of the first."""


def tokens_of(
    folder: Path, run: Path, model: OpenModel, refuse: Callable[[str], None], progress: Progress
) -> tuple[Path, int]:
    """Make token shards of the songs under a folder in `run`; returns their folder and how many songs were refused.

    A folder that `khala corpus` wrote is read as it is. Of others, songs that this model made are taken by their codes,
    and all else as `khala corpus ingest` reads it. `refuse` is called with a line for each song that cannot be taken.
    Raises CorpusError without songs.
    """
    tokens, refused = run / "tokens", 0
    tokens.mkdir(parents=True, exist_ok=True)
    claim(tokens, open_codec(model.folder).codebooks)
    if any(folder.glob("*/song-*.json")):
        corpus, kept = folder, dict[Path, Source]()
    else:
        corpus, kept = run / "corpus", _kept_songs(folder, model.digest)
        write_kept(list(kept.values()), model.config, tokens)
        if not kept or any(path not in kept for path in songs_in(folder)):
            refused = ingest(folder, corpus, refuse=refuse, progress=progress, leave=kept).refused
    if any(corpus.glob("*/song-*.json")):
        tokenize(corpus, model.folder, tokens, progress=lambda done, songs: progress("encode", done, songs))
    return tokens, refused


def write_kept(songs: list[Source], config: ModelConfig, tokens: Path) -> None:
    """Write the shard of songs that hold their codes, in the order given, in place of the one before."""
    encoded, lines = list[ShardSong](), list[str]()
    for number, song in enumerate(songs, FIRST_KEPT):
        entry = {"seed": number, "name": song.name or f"song-{number}", **_entry(song, config)}
        encoded.append(ShardSong(number, np.asarray(song.kept.codes, np.int16), _phones(song, config)))
        lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
    if songs:
        write_shard(tokens, KEPT_SHARD, encoded, config.codec.codebook, lines)


def _kept_songs(folder: Path, digest: str) -> dict[Path, Source]:
    """Return the songs under a folder that the model with this digest made, by their paths."""
    found = {}
    for path in songs_in(folder):
        try:
            song = read_source(path)
        except InvalidRequest:
            continue
        if song.kept.digest == digest:
            found[path] = song
    return found


def _entry(song: Source, config: ModelConfig) -> dict[str, Any]:
    """Return the fields of a `TokenSong` but its number and name."""
    kept, request, outline = song.kept, song.request, song.kept.outline
    parts = outline.parts if outline else ()

    def section(frame: int) -> str:
        return next((part.name for part in parts if part.begin <= frame < part.end), "verse")

    sung = [
        (begin, end, section((begin + end) // 2), line)
        for (begin, end), line in zip(kept.sung, kept.lines, strict=True)
        if 0 <= begin < end
    ]
    entry: dict[str, Any] = {
        "frames": kept.frames,
        "tags": request.tags,
        "description": request.prompt,
        "lyrics": request.lyrics,
        "duration": kept.frames / config.frame_rate,
        "voice": (outline.voice.replace("none", "") if outline else "voice") if request.lyrics else "",
        "bpm": 0.0,
        "style": outline.style if outline else "",
        "lines": sorted(sung),
    }
    if outline:
        entry |= {"bar": outline.bar, "beats": outline.beats, "key": outline.key, "singer": outline.singer}
        entry |= {"parts": [(part.begin, part.end, part.name) for part in parts], "chords": outline.chords}
    return entry


def _phones(song: Source, config: ModelConfig) -> np.ndarray:
    """Return the phone of each frame, uint8 [T], as `corpus.data.frames.sung_phones` does."""
    index_T = song.kept.phone_index
    unknown_T = np.full(song.kept.frames, UNKNOWN_PHONE, np.uint8)
    if index_T is None or config.prompt.lyrics != "phones":
        return unknown_T
    phones = phones_of_prompt(backbone_prompt(preview(song.request, config).request, config.prompt)).phones
    return np.array(phones, np.uint8)[index_T] if index_T.max() < len(phones) else unknown_T
