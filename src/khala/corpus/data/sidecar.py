"""Sidecar files of a user's song: NAME.json, and lyrics in NAME.txt or NAME.lrc, beside NAME.mp3.

The JSON is an object with some of `KEYS`, the first four as in a request. An .lrc file holds lyrics with times, as
players show them ("[01:02.50]a line"), so that training can cut a song between its lines. Folders prepared for ACE-Step
are read as they are: NAME.lyrics.txt and NAME.caption.txt, or NAME_lyrics.txt and NAME_prompt.txt.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khala.audio.listing import files_beside
from khala.conditioning.voices import parse_singer
from khala.corpus.data.manifest import CorpusError
from khala.music.headers import section_name
from khala.music.lrc import parse_lrc
from khala.music.plaintext import read_plain
from khala.music.request import MAX_LYRICS, SongRequest
from khala.music.tags import parse_tags

KEYS = ("tags", "prompt", "lyrics", "instrumental", "bpm", "style")
MAX_LINE_SECONDS = 15.0
"""Longest line of an .lrc file; it ends earlier at the next time in the file."""
MIN_BPM, MAX_BPM = 20.0, 400.0
"""Tempi that a sidecar may state."""

_MAX_FILE_BYTES = 8 * MAX_LYRICS  # lyrics with their times fit
_SECTION = re.compile(r"\[([^\[\]]+)\]\s*(.*)")
_LYRICS = (".txt", ".lrc", ".lyrics.txt", "_lyrics.txt")
_PROMPTS = (".caption.txt", "_prompt.txt")


@dataclass(frozen=True)
class SidecarLine:
    """A line of lyrics: `start` and `end` in seconds, the name of its section ("" for none), its text."""

    start: float
    end: float
    section: str
    text: str


@dataclass(frozen=True)
class Sidecar:
    """The checked sidecar of a song: each of `tags` and `prompt`, with the lyrics, is a valid request.

    `lyrics` is "" for an instrumental; `bpm` is 0 and `style` "" where not stated; `lines` are those of an .lrc file.
    """

    tags: tuple[str, ...]
    prompt: str
    lyrics: str
    bpm: float
    style: str
    lines: tuple[SidecarLine, ...]

    @property
    def vocal(self) -> str:
        """ "female" or "male" if exactly one of them is stated, else "voice"; "" for an instrumental."""
        return (parse_singer((*self.tags, self.prompt)) or "voice") if self.lyrics else ""


def read_sidecar(audio: Path, seconds: float) -> Sidecar:
    """Read the sidecar of an audio file of `seconds`. Raises CorpusError and InvalidRequest, one line each."""
    files = files_beside(audio)
    fields = _json(files[".json"]) if ".json" in files else {}
    lyrics_at = _only(files, _LYRICS, "lyrics", fields)
    prompt_at = _only(files, _PROMPTS, "prompt", fields)
    lyrics: Any = fields.get("lyrics", "")
    lines: tuple[SidecarLine, ...] = ()
    if lyrics_at and lyrics_at.suffix.lower() == ".lrc":
        lines = read_lrc_lines(lyrics_at, seconds)
        lyrics = printed_lyrics(lines)
    elif lyrics_at:
        lyrics = _text(lyrics_at)
    prompt = " ".join(_text(prompt_at).split()) if prompt_at else fields.get("prompt", "")
    tags = fields.get("tags", "")
    tags = parse_tags(tags) if isinstance(tags, str) else tags
    by_tag = isinstance(tags, list | tuple) and any(str(tag).strip().lower() == "instrumental" for tag in tags)
    instrumental = fields.get("instrumental", by_tag and not lyrics)
    if not lyrics and not instrumental:
        raise CorpusError(
            f"its lyrics are missing; put them beside it, as {audio.stem}.txt or .lrc, "
            f'or {{"instrumental": true}} into {audio.stem}.json'
        )
    common = {"lyrics": lyrics, "instrumental": instrumental, "duration": seconds}
    described = {key: value for key, value in (("tags", tags), ("prompt", prompt)) if value}
    requests = [SongRequest.from_dict({key: value, **common}) for key, value in described.items()]
    if not requests and not lyrics:
        raise CorpusError(f'its description is missing; put "tags" or a "prompt" into {audio.stem}.json')
    requests = requests or [SongRequest.from_dict(common)]
    return Sidecar(requests[0].tags, requests[-1].prompt, requests[0].lyrics, _bpm(fields), _style(fields), lines)


def _only(files: dict[str, Path], endings: tuple[str, ...], key: str, fields: dict[str, Any]) -> Path | None:
    """Return the only file that holds `key` of the JSON; None if no file does. Raises CorpusError if several do."""
    found = [files[ending] for ending in endings if ending in files]
    places = [path.name for path in found] + ([files[".json"].name] if fields.get(key) else [])
    if len(places) > 1:
        raise CorpusError(f"{' and '.join(places)} hold its {key}; keep one of them")
    return found[0] if found else None


def read_lrc_lines(path: Path, seconds: float) -> tuple[SidecarLine, ...]:
    """Return the lines of an .lrc file in the order of singing; one with several times occurs several times.

    A line lasts until the next time in the file, at most `MAX_LINE_SECONDS`. A section's name stands in brackets, with
    or without a time. A line without a time, or with the time of the line before it, is a translation and is ignored.
    Raises CorpusError if no or too few lines have a time, or one begins after the song.
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
        SidecarLine(time, min(end, time + MAX_LINE_SECONDS), section, text)
        for (time, section, text), end in zip(marks, ends, strict=True)
        if text and end > time
    )


def printed_lyrics(lines: tuple[SidecarLine, ...]) -> str:
    """Return lines as lyrics, with a section tag before the first line of each section."""
    before = ["", *(line.section for line in lines)]
    return "\n".join(
        line.text if line.section == section else f"[{line.section}]\n{line.text}"
        for line, section in zip(lines, before, strict=False)
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise CorpusError(f"{path.name} is not an object; write {{...}} with some of {', '.join(KEYS)}")
    for key in fields:
        if key not in KEYS:
            raise CorpusError(f"{path.name} has an unknown key {key[:40]!r}; it may have {', '.join(KEYS)}")
    return fields


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return read_plain(file, path.name, _MAX_FILE_BYTES)
    except OSError as error:
        raise CorpusError(f"cannot read {path.name}: {error.strerror or error}") from None


def _bpm(fields: dict[str, Any]) -> float:
    bpm = fields.get("bpm", 0)
    if bpm != 0 and not (isinstance(bpm, int | float) and MIN_BPM <= bpm <= MAX_BPM):
        raise CorpusError(f"bpm is {str(bpm)[:40]}; it is a number from {MIN_BPM:g} to {MAX_BPM:g}, or left out")
    return float(bpm)


def _style(fields: dict[str, Any]) -> str:
    style = fields.get("style", "")
    if not isinstance(style, str) or len(style) > 100 or not (style.isprintable() or not style):
        raise CorpusError("style is not a short text; write the name of a style, or leave it out")
    return style
