"""What a user says of a song of theirs: NAME.json, and lyrics in NAME.txt or NAME.lrc, beside NAME.mp3.

The JSON is an object with some of `KEYS`, the first four as in a request. An .lrc file holds lyrics with times, as
players show them ("[01:02.50]a line"): they tell what is sung when, so that training can cut a song between its words.
Folders that were made for ACE-Step are understood as they are: NAME.lyrics.txt and NAME.caption.txt, or NAME_lyrics.txt
and NAME_prompt.txt.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khala.audio.listing import beside
from khala.conditioning.voices import parse_singer
from khala.corpus.data.manifest import CorpusError
from khala.music.headers import section_name
from khala.music.lrc import parse_lrc
from khala.music.plaintext import read_plain
from khala.music.request import MAX_LYRICS, SongRequest
from khala.music.tags import parse_tags

KEYS = ("tags", "prompt", "lyrics", "instrumental", "bpm", "style")
LONGEST_LINE = 15.0
"""Seconds after which a line of an .lrc file is over, if no other time says so before."""
SLOWEST, FASTEST = 20.0, 400.0
"""Beats a minute."""

_BYTES = 8 * MAX_LYRICS  # of a file; lyrics with their times fit
_SECTION = re.compile(r"\[([^\[\]]+)\]\s*(.*)")
_LYRICS = (".txt", ".lrc", ".lyrics.txt", "_lyrics.txt")
_PROMPTS = (".caption.txt", "_prompt.txt")


@dataclass(frozen=True)
class TimedLine:
    """A line of lyrics: seconds of its start and end, the name of its section ("" for none), its text."""

    start: float
    end: float
    section: str
    text: str


@dataclass(frozen=True)
class Words:
    """What is said of a song, checked: each of `tags` and `prompt`, with the lyrics, could be asked of a model.

    `lyrics` "" if nobody sings; `bpm` 0 and `style` "" where it is not said; `lines` are those of an .lrc file.
    """

    tags: tuple[str, ...]
    prompt: str
    lyrics: str
    bpm: float
    style: str
    lines: tuple[TimedLine, ...]

    @property
    def vocal(self) -> str:
        """ "female" or "male" where just one of them is said, else "voice"; "" for an instrumental."""
        return (parse_singer((*self.tags, self.prompt)) or "voice") if self.lyrics else ""


def read_words(audio: Path, seconds: float) -> Words:
    """What stands beside an audio file that lasts `seconds`. Raises CorpusError and InvalidRequest, one line each."""
    files = beside(audio)
    said = _json(files[".json"]) if ".json" in files else {}
    lyrics_at = _only(files, _LYRICS, "lyrics", said)
    prompt_at = _only(files, _PROMPTS, "prompt", said)
    lyrics: Any = said.get("lyrics", "")
    lines: tuple[TimedLine, ...] = ()
    if lyrics_at and lyrics_at.suffix.lower() == ".lrc":
        lines = timed_lines(lyrics_at, seconds)
        lyrics = as_lyrics(lines)
    elif lyrics_at:
        lyrics = _text(lyrics_at)
    prompt = " ".join(_text(prompt_at).split()) if prompt_at else said.get("prompt", "")
    tags = said.get("tags", "")
    tags = parse_tags(tags) if isinstance(tags, str) else tags
    by_tag = isinstance(tags, list | tuple) and any(str(tag).strip().lower() == "instrumental" for tag in tags)
    instrumental = said.get("instrumental", by_tag and not lyrics)
    if not lyrics and not instrumental:
        raise CorpusError(
            f"nobody says what is sung; put lyrics beside it, as {audio.stem}.txt or .lrc, "
            f'or {{"instrumental": true}} into {audio.stem}.json'
        )
    common = {"lyrics": lyrics, "instrumental": instrumental, "duration": seconds}
    described = {key: value for key, value in (("tags", tags), ("prompt", prompt)) if value}
    asked = [SongRequest.from_dict({key: value, **common}) for key, value in described.items()]
    if not asked and not lyrics:
        raise CorpusError(f'nobody says what is played; put "tags" or a "prompt" into {audio.stem}.json')
    asked = asked or [SongRequest.from_dict(common)]
    return Words(asked[0].tags, asked[-1].prompt, asked[0].lyrics, _bpm(said), _style(said), lines)


def _only(files: dict[str, Path], endings: tuple[str, ...], key: str, said: dict[str, Any]) -> Path | None:
    """The one file with what the JSON calls `key`; None if only the JSON has it, or nothing. Raises CorpusError."""
    found = [files[ending] for ending in endings if ending in files]
    places = [path.name for path in found] + ([files[".json"].name] if said.get(key) else [])
    if len(places) > 1:
        raise CorpusError(f"{' and '.join(places)} hold its {key}; keep one of them")
    return found[0] if found else None


def timed_lines(path: Path, seconds: float) -> tuple[TimedLine, ...]:
    """The lines of an .lrc file in the order in which they are sung; one with several times comes several times.

    A line lasts until the next time in the file, at most `LONGEST_LINE`. A section's name stands in brackets, with a
    time or without. A line without a time, or with the time of the line before, says that one again in other words and
    is passed over. Raises CorpusError for no line with a time, too few of them, and one that begins after the song.
    """
    section, others = "", 0
    marks: list[tuple[float, str, str]] = []
    for line in parse_lrc(_text(path)).lines:
        text = line.text if any(map(str.isalnum, line.text)) else ""  # "♪": nothing is sung
        if header := _SECTION.fullmatch(text):
            section, text = section_name(header[1]), header[2]
        if line.seconds is None or (marks and marks[-1][0] == line.seconds and marks[-1][2]):
            others += bool(text)
        else:
            marks.append((line.seconds, section, text))
    sung = [mark for mark in marks if mark[2]]
    if 2 * len(sung) < max(others, 1):  # two: a translation, and how it is pronounced
        fault = "most of its lines have no time of their own" if others else "it has no lines"
        raise CorpusError(f"{path.name}: {fault}; write [minutes:seconds] before each, or save it as .txt")
    if sung[-1][0] > seconds:
        raise CorpusError(f"{path.name} goes on to {sung[-1][0]:.1f} s; the song ends at {seconds:.1f} s")
    ends = [min(time, seconds) for time, _, _ in marks[1:]] + [seconds]
    return tuple(
        TimedLine(time, min(end, time + LONGEST_LINE), section, text)
        for (time, section, text), end in zip(marks, ends, strict=True)
        if text and end > time
    )


def as_lyrics(lines: tuple[TimedLine, ...]) -> str:
    """Lines as they are printed: the section's tag before the first line of each."""
    before = ["", *(line.section for line in lines)]
    return "\n".join(
        line.text if line.section == section else f"[{line.section}]\n{line.text}"
        for line, section in zip(lines, before, strict=False)
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise CorpusError(f"{path.name} is no object; write {{...}} with some of {', '.join(KEYS)}")
    for key in said:
        if key not in KEYS:
            raise CorpusError(f"{path.name} has an unknown key {key[:40]!r}; it may have {', '.join(KEYS)}")
    return said


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return read_plain(file, path.name, _BYTES)
    except OSError as error:
        raise CorpusError(f"cannot read {path.name}: {error.strerror or error}") from None


def _bpm(said: dict[str, Any]) -> float:
    bpm = said.get("bpm", 0)
    if bpm != 0 and not (isinstance(bpm, int | float) and SLOWEST <= bpm <= FASTEST):
        raise CorpusError(f"bpm is {str(bpm)[:40]}; it is a number from {SLOWEST:g} to {FASTEST:g}, or left out")
    return float(bpm)


def _style(said: dict[str, Any]) -> str:
    style = said.get("style", "")
    if not isinstance(style, str) or len(style) > 100 or not (style.isprintable() or not style):
        raise CorpusError("style is no short text; write the name of one, or leave it out")
    return style
