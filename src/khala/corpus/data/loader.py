"""Songs as tokens, read back for training: the held-out split, prompts that vary, steps of songs of like lengths."""

import json
from bisect import bisect
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
from safetensors import SafetensorError, safe_open

from khala.conditioning.outline import Outline, Part, place_lines
from khala.conditioning.phone_sequence import REST, UNKNOWN_PHONE, frame_conditions
from khala.corpus.data.shards import NO_CHORD
from khala.corpus.data.split import is_held_out
from khala.music.errors import InvalidRequest
from khala.music.request import MIN_SECONDS, SongRequest

STEADY_TAGS = ("tempo", "slow", "fast", "bpm", "vocal", "instrumental")
"""Words of the tags that a listener checks first: they are left out of a prompt more rarely."""
VOCAL_TAGS = ("vocal", "voice", "singer", "sung", "choir", "duet", "harmon", "response")
"""Words of the tags that promise singing."""
SUNG = 0.8
"""Share of the excerpts of sung songs in which somebody sings."""
LEAD_IN = 12
"""So many frames may be heard before the first line of an excerpt."""
LULL = 64
"""So many frames without singing make an instrumental excerpt: 3 s."""
POOL = 512
"""So many songs are sorted by length together: enough for pieces of like lengths, few enough to mix them well."""


@dataclass(frozen=True)
class TokenSong:
    """One song of the shards: `name` is that of its file without the ending, `duration` in seconds, `voice` "female",
    "male", "voice" or "" for an instrumental; `bpm` is 0 if nobody knows. `lines` are those of `shards.sung_lines`,
    none where it is not known what is sung when. `bar`, `beats`, `parts` and `key` are those of `conditioning.outline`,
    `chords` begin, end and number (`shards.form`)."""

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

    def chord_frames(self, start: int, frames: int) -> np.ndarray:
        """Which chord is played in each frame from `start` on, uint8 [frames]; all `UNKNOWN_PHONE` if nobody knows."""
        played = np.full(start + frames, NO_CHORD if self.chords else UNKNOWN_PHONE, dtype=np.uint8)
        for begin, end, number in self.chords:
            played[begin:end] = number
        return played[start:]

    @property
    def outline(self) -> Outline:
        """What is known of it bar by bar, each line of the lyrics in the part in which most of it is sung."""
        parts = tuple(Part(*part) for part in self.parts)
        ends = [part.end for part in parts[:-1]]
        places = [bisect(ends, (begin + end) // 2) for begin, end, *_ in self.lines]
        lines = place_lines(parts, [[1] * places.count(i) for i in range(len(parts))]) if parts else ()
        return Outline(self.frames, self.bar, self.beats, parts, lines, self.key, self.style, self.voice or "none")

    @property
    def held_out(self) -> bool:
        """Decided by the name alone, so that a growing corpus keeps its split; the codec's training splits alike."""
        return is_held_out(self.name)

    @property
    def text_bound(self) -> int:
        """About how many bytes the longer of its prompts has."""
        tags = sum(len(tag.encode()) + 2 for tag in self.tags)
        return len(self.lyrics.encode()) + max(tags, len(self.description.encode())) + 24


class TokenCorpus:
    """The songs of a folder of shards that `shards.tokenize` wrote. Raises InvalidRequest if there are none."""

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
        """Codes int16 [levels, frames] from frame `start` on; reads no more of the shard than that."""
        stop = song.frames if frames is None else start + frames
        return self._read(song, "codes", (slice(levels), slice(start, stop)))

    def phones(self, song: TokenSong, start: int, frames: int) -> np.ndarray:
        """What is sung in each frame, uint8 [frames], fewer at the song's end: `shards.sung_phones`."""
        return self._read(song, "phones", (slice(start, min(start + frames, song.frames)),))

    def condition_ids(
        self, song: TokenSong, outline: Outline, begin: int, end: int, lines: range | None = None
    ) -> list[list[int]]:
        """The rows that a model is shown for frames `begin` to `end` and for one more: the `outline` of a song, of
        which only `lines` are known if that is given, and what is sung in these frames."""
        lines = range(len(song.lines)) if lines is None else lines
        phones = self.phones(song, begin, end + 1 - begin).tolist()
        phones += [REST] * (end + 1 - begin - len(phones))  # nobody sings after the end
        sung = frame_conditions(phones, [line[0] - begin for line in song.lines])
        return [[*row, *its] for row, its in zip(outline.condition_ids(begin, end + 1, lines), sung, strict=True)]

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


def vary(song: TokenSong, random: Random) -> SongRequest:
    """One honest way to ask for `song`: its description or its tags, these shuffled and some left out."""
    vocal = bool(song.voice)
    tags: tuple[str, ...] = ()
    prompt = ""
    if song.description and (not song.tags or random.random() < 0.4):
        prompt = song.description
    else:
        kept = [tag for tag in song.tags if random.random() >= (0.1 if _steady(tag) else 0.25)]
        random.shuffle(kept)
        tags = tuple(kept or song.tags[:1])
    return SongRequest(
        prompt=prompt, tags=tags, lyrics=song.lyrics if vocal else "", instrumental=not vocal, duration=song.duration
    )


def excerpt(song: TokenSong, frames: int, random: Random) -> tuple[SongRequest, int, int, range]:
    """About `frames` frames of a song: an honest way to ask for them alone, from which frame on, and to which, and
    which lines of its lyrics are among them.

    Lines of lyrics are heard whole, and these alone are asked for; where nobody sings, it is an instrumental. If it is
    not known what is sung when, it is the beginning of the song, asked for as the whole.
    """
    if song.voice and not song.lines:
        return vary(song, random), 0, min(frames, song.frames), range(0)
    rests = _rests(song)
    if song.lines and (not rests or random.random() < SUNG):
        begin, end, sung = _stanza(song, frames, random)
    else:
        low, high = random.choice(rests)
        begin = random.randint(low, max(high - frames, low))
        end, sung = min(begin + frames, high), range(0)
    lines = song.lines[sung.start : sung.stop]
    sections = ["", *(section for _, _, section, _ in lines)]
    part = replace(
        song,
        tags=song.tags if lines or not song.voice else tuple(tag for tag in song.tags if not _vocal(tag)),
        description=song.description if lines or not song.voice else "",
        lyrics="\n".join(
            text if section == before else f"[{section}]\n{text}"
            for (_, _, section, text), before in zip(lines, sections, strict=False)
        ),
        voice=song.voice if lines else "",
        duration=max((end - begin) * song.duration / song.frames, MIN_SECONDS),
    )
    return vary(part, random), begin, end, sung


def _stanza(song: TokenSong, frames: int, random: Random) -> tuple[int, int, range]:
    """From shortly before a line as far as whole lines fit into `frames`, at least that one; and which lines."""
    first = random.randrange(len(song.lines))
    before = max((line[1] for line in song.lines[:first]), default=0)
    starts = song.lines[first][0]
    begin = min(max(starts - random.randint(0, LEAD_IN), before), starts)
    last = first + 1
    while last < len(song.lines) and song.lines[last][1] <= begin + frames:
        last += 1
    following = song.lines[last][0] if last < len(song.lines) else song.frames
    return begin, max(min(begin + frames, following), *(line[1] for line in song.lines[first:last])), range(first, last)


def _rests(song: TokenSong) -> list[tuple[int, int]]:
    """Where nobody sings for long enough, and words are left to ask for it: from which frame to which."""
    if song.voice and all(map(_vocal, song.tags)):
        return []
    edges = [0, *(edge for line in song.lines for edge in line[:2]), song.frames]
    gaps = [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if high - low >= LULL]
    return gaps or ([] if song.lines else [(0, song.frames)])


def pack(lengths: list[int], piece: int, step: int, random: Random) -> list[list[list[int]]]:
    """Steps of pieces of song numbers: a piece, padded to its longest song, has at most `piece` positions or one song,
    a step at least `step`. Songs of like lengths share a piece; each comes once, but for an incomplete last step."""
    order = list(range(len(lengths)))
    random.shuffle(order)
    pieces: list[list[int]] = []
    for begin in range(0, len(order), POOL):
        current: list[int] = []
        for number in sorted(order[begin : begin + POOL], key=lambda number: lengths[number]):
            if current and lengths[number] * (len(current) + 1) > piece:
                pieces.append(current)
                current = []
            current.append(number)
        pieces.append(current)
    random.shuffle(pieces)
    steps: list[list[list[int]]] = []
    waiting: list[list[int]] = []
    positions = 0
    for songs in pieces:
        waiting.append(songs)
        positions += max(lengths[number] for number in songs) * len(songs)
        if positions >= step:
            steps.append(waiting)
            waiting, positions = [], 0
    return steps or ([waiting] if waiting else [])


def _vocal(tag: str) -> bool:
    return any(word in tag.lower() for word in VOCAL_TAGS)


def _steady(tag: str) -> bool:
    return any(word in tag.lower() for word in STEADY_TAGS)
