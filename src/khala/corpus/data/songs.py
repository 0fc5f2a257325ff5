"""Songs of token shards, read back for training."""

import json
from bisect import bisect
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from khala.conditioning.outline import Outline, Part, place_lines
from khala.conditioning.phone_sequence import REST, UNKNOWN_PHONE, frame_conditions
from khala.corpus.data.split import is_held_out
from khala.music.chords import NO_CHORD
from khala.music.errors import InvalidRequest


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


class TokenCorpus:
    """Songs of a folder of token shards, `train` and `held_out`. Raises InvalidRequest if there are none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        songs = []
        for index in sorted(folder.glob("shard-*.jsonl")):
            for line in index.read_text(encoding="utf-8").splitlines():
                fields = json.loads(line)
                fields["tags"] = tuple(fields["tags"])
                for name in ("lines", "parts", "chords"):
                    fields[name] = tuple(map(tuple, fields.get(name, ())))
                songs.append(TokenSong(**fields, shard=index.stem))
        if not songs:
            raise InvalidRequest(f"{folder} holds no token shards; make them with: khala corpus tokenize")
        songs.sort(key=lambda song: song.seed)
        self.held_out = [song for song in songs if song.held_out] or songs[:1]
        self.train = [song for song in songs if song not in self.held_out]

    def codes(self, song: TokenSong, levels: int, start: int = 0, frames: int | None = None) -> np.ndarray:
        """Return codes int16 [levels, frames] from frame `start` on; only these are read from the shard."""
        stop = song.frames if frames is None else start + frames
        return self._read(song, "codes", (slice(levels), slice(start, stop)))

    def phones(self, song: TokenSong, start: int, frames: int) -> np.ndarray:
        """Return the sung phones uint8 [frames] of `frames.sung_phones`, fewer at the end of the song."""
        return self._read(song, "phones", (slice(start, min(start + frames, song.frames)),))

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

    def _read(self, song: TokenSong, name: str, part: tuple[slice, ...]) -> np.ndarray:
        path = self.folder / f"{song.shard}.safetensors"
        try:
            with safe_open(path, "np") as shard:
                found: np.ndarray = shard.get_slice(f"{name}.{song.seed}")[part]
        except (OSError, SafetensorError) as error:
            raise InvalidRequest(
                f"cannot read {path} ({error}); delete it and its .jsonl and tokenize again"
            ) from error
        return found
