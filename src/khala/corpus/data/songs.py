"""Songs of token shards, read back for training."""

import json
from bisect import bisect
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import numpy as np

from khala.conditioning.outline import Outline, Part, place_lines
from khala.conditioning.phone_sequence import REST, UNKNOWN_PHONE, frame_conditions
from khala.corpus.data.shard_file import ShardFile
from khala.corpus.data.split import is_held_out
from khala.corpus.data.storage import Place, Storage
from khala.music.chords import NO_CHORD
from khala.music.errors import InvalidRequest

SONGS_IN_MEMORY = 4096
"""Songs that a list of them keeps, once read."""
SHARDS_IN_MEMORY = 4096
"""Shards whose headers are kept: a corpus of 10,000 hours has fewer."""

FETCHED_AT_ONCE = 16
"""Indexes that are copied from an object store side by side."""


@dataclass(frozen=True)
class TokenSong:
    """One song of the shards: `name` is its file name without the extension, `duration` in seconds, `voice` "female",
    "male", "voice" or "" for an instrumental, `bpm` 0 if unknown. `lines` are those of `frames.sung_lines`, empty if
    their times are unknown; `bar`, `beats`, `parts` and `key` those of `conditioning.outline`; `chords` are first
    frame, frame after the last and number (`music.chords`); `singer` is a name, "" if unknown."""

    seed: int
    name: str
    frames: int
    tags: tuple[str, ...]
    description: str
    lyrics: str
    duration: float
    voice: str
    bpm: float
    style: str
    shard: str
    lines: tuple[tuple[int, int, str, str], ...] = ()
    bar: int = 0
    beats: int = 4
    parts: tuple[tuple[int, int, str], ...] = ()
    key: int = -1
    chords: tuple[tuple[int, int, int], ...] = ()
    singer: str = ""

    def chord_frames(self, start: int, frames: int) -> np.ndarray:
        """Return the chord of each frame from `start` on, uint8 [frames]; all `UNKNOWN_PHONE` if chords are unknown."""
        chords_T = np.full(start + frames, NO_CHORD if self.chords else UNKNOWN_PHONE, dtype=np.uint8)
        for begin, end, number in self.chords:
            chords_T[begin:end] = number
        return chords_T[start:]

    @property
    def outline(self) -> Outline:
        """The outline of the song, each line of lyrics in the part that holds its middle."""
        parts = tuple(Part(*part) for part in self.parts)
        ends = [part.end for part in parts[:-1]]
        owners = [bisect(ends, (begin + end) // 2) for begin, end, *_ in self.lines]
        lines = place_lines(parts, [[1] * owners.count(i) for i in range(len(parts))]) if parts else ()
        return Outline(
            self.frames,
            self.bar,
            self.beats,
            parts,
            lines,
            self.key,
            self.style,
            self.voice or "none",
            self.singer,
            self.chords,
        )

    @property
    def held_out(self) -> bool:
        """Whether the song is held out, by the rule of `split.is_held_out`."""
        return is_held_out(self.name)

    @property
    def text_bound(self) -> int:
        """Approximate size in bytes of the longer of its prompts."""
        tags = sum(len(tag.encode()) + 2 for tag in self.tags)
        return len(self.lyrics.encode()) + max(tags, len(self.description.encode())) + 24


class SongList(Sequence[TokenSong]):
    """Songs that stay on disk: of each, memory holds where it is and how long it is.

    `frames_N`, `text_bounds_N` and `lyrics_bytes_N` are arrays of the songs' frames, `text_bound` and bytes of lyrics.
    """

    def __init__(self, storage: Storage, indexes: list[str], places_N6: np.ndarray) -> None:
        self.storage, self.indexes, self.places_N6 = storage, indexes, places_N6
        self.frames_N, self.text_bounds_N, self.lyrics_bytes_N = places_N6[:, 3:].T
        self._read = lru_cache(SONGS_IN_MEMORY)(self._read_song)

    @classmethod
    def of(cls, storage: Storage) -> tuple["SongList", np.ndarray]:
        """Read the songs of a folder of token shards, in the order of their numbers, and which are held out."""
        indexes, rows, held_out = storage.names("shard-*.jsonl"), list[tuple[int, ...]](), list[bool]()
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
            files = pool.map(storage.fetched, indexes)
        for shard, (index, file) in enumerate(zip(indexes, files, strict=True)):
            begin = 0
            for line in file.read_bytes().splitlines(keepends=True):
                song = _song(line, index)
                rows.append((song.seed, shard, begin, song.frames, song.text_bound, len(song.lyrics.encode())))
                held_out.append(song.held_out)
                begin += len(line)
        places_N6 = np.array(rows, dtype=np.int64).reshape(-1, 6)
        order_N = np.argsort(places_N6[:, 0], kind="stable")
        return cls(storage, indexes, places_N6[order_N]), np.array(held_out, dtype=bool)[order_N]

    def those(self, chosen_N: np.ndarray) -> "SongList":
        """Return the songs where `chosen_N` is true."""
        return SongList(self.storage, self.indexes, self.places_N6[chosen_N])

    def __len__(self) -> int:
        return len(self.places_N6)

    @overload
    def __getitem__(self, number: int) -> TokenSong: ...
    @overload
    def __getitem__(self, number: slice) -> list[TokenSong]: ...
    def __getitem__(self, number: int | slice) -> TokenSong | list[TokenSong]:
        chosen = range(len(self))[number]
        return [self._read(one) for one in chosen] if isinstance(chosen, range) else self._read(chosen)

    def _read_song(self, number: int) -> TokenSong:
        _, shard, begin, *_ = self.places_N6[number].tolist()
        with self.storage.fetched(self.indexes[shard]).open("rb") as file:
            file.seek(begin)
            return _song(file.readline(), self.indexes[shard])


def _song(line: bytes, index: str) -> TokenSong:
    fields = json.loads(line)
    fields["tags"] = tuple(fields["tags"])
    for name in ("lines", "parts", "chords"):
        fields[name] = tuple(map(tuple, fields.get(name, ())))
    return TokenSong(**fields, shard=index.removesuffix(".jsonl"))


class TokenCorpus:
    """Songs of a folder of token shards, or of a URL of one, `train` and `held_out`. Raises InvalidRequest if there are
    none."""

    def __init__(self, folder: Place) -> None:
        self.folder, self._storage = folder, Storage(folder)
        self._shard = lru_cache(SHARDS_IN_MEMORY)(lambda name: ShardFile(self._storage, f"{name}.safetensors"))
        songs, held_out_N = SongList.of(self._storage)
        if not songs:
            raise InvalidRequest(f"{folder} holds no token shards; make them with: khala corpus tokenize")
        if not held_out_N.any():
            held_out_N[0] = True
        self.train: Sequence[TokenSong] = songs.those(~held_out_N)
        self.held_out: Sequence[TokenSong] = songs.those(held_out_N)

    def codes(self, song: TokenSong, levels: int, start: int = 0, frames: int | None = None) -> np.ndarray:
        """Return codes int16 [levels, frames] from frame `start` on; only these are read from the shard."""
        stop = song.frames if frames is None else start + frames
        return self._shard(song.shard).codes(song.seed, levels, start, min(stop, song.frames))

    def phones(self, song: TokenSong, start: int, frames: int) -> np.ndarray:
        """Return the sung phones uint8 [frames] of `frames.sung_phones`, fewer at the end of the song."""
        return self._shard(song.shard).phones(song.seed, start, min(start + frames, song.frames))

    def condition_ids(
        self, song: TokenSong, outline: Outline, begin: int, end: int, lines: range | None = None
    ) -> list[list[int]]:
        """Return the condition ids [end - begin + 1, conditions] of frames `begin` to `end` and of one more: those of
        `outline`, restricted to `lines` if given, then those of the phones sung in these frames."""
        lines = range(len(song.lines)) if lines is None else lines
        phones = self.phones(song, begin, end + 1 - begin).tolist()
        phones += [REST] * (end + 1 - begin - len(phones))  # nobody sings after the end
        sung = frame_conditions(phones, [line[0] - begin for line in song.lines])
        return [[*row, *phone] for row, phone in zip(outline.condition_ids(begin, end + 1, lines), sung, strict=True)]
