"""Timed lyrics as files for players and programs: LRC, LRC with a time on every word, WebVTT, SubRip and JSON.

Lines that have no time are in JSON alone. Sources: https://en.wikipedia.org/wiki/LRC_(file_format) ("A2 extension" for
words) and https://www.w3.org/TR/webvtt1/; SubRip has no formal standard.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import Literal, get_args

from khala.music.timing import TimedLine

LyricFormat = Literal["lrc", "elrc", "vtt", "srt", "json"]
LYRIC_FORMATS: tuple[LyricFormat, ...] = get_args(LyricFormat)
LYRIC_SUFFIXES: dict[str, str] = {
    "lrc": ".lrc",
    "elrc": ".elrc.lrc",
    "vtt": ".vtt",
    "srt": ".srt",
    "json": ".lyrics.json",
}
"""How the names of such files end, beside a song: song.json is its record."""
PAUSE_SECONDS = 3.0
"""A line of an LRC file lasts to the next one; an empty one ends it before a longer pause."""


def lyric_file(lines: Sequence[TimedLine], format: str, title: str = "") -> str:
    """Return timed lyrics as the text of a file in one of `LYRIC_FORMATS`."""
    return _WRITERS[format](lines, " ".join(title.split()))


def _lrc(lines: Sequence[TimedLine], title: str, words: bool = False) -> str:
    timed = list(_timed(lines))
    rows = [f"[ti:{_unstamped(title)}]"] if title else []
    for (start, end, line), (following, _, _) in pairwise([*timed, (float("inf"), 0.0, TimedLine(""))]):
        rows.append(f"[{_short(start)}]{_with_stamps(line) if words else _unstamped(line.text)}")
        if following - end > PAUSE_SECONDS:
            rows.append(f"[{_short(end)}]")
    return "".join(f"{row}\n" for row in rows)


def _elrc(lines: Sequence[TimedLine], title: str) -> str:
    return _lrc(lines, title, words=True)


def _with_stamps(line: TimedLine) -> str:
    """The words of a line with the time before each, and that of the end where the last one has a time."""
    if all(word.start is None for word in line.words):
        return _unstamped(line.text)
    parts = []
    for word in line.words:
        text = _unstamped(word.text)
        parts.append(text if word.start is None else f"<{_short(word.start)}> {text}")
    if (end := line.words[-1].end) is not None:
        parts.append(f"<{_short(end)}>")
    return " " + " ".join(parts)


def _vtt(lines: Sequence[TimedLine], title: str) -> str:
    blocks = [f"WEBVTT - {escape(title, quote=False)}".replace("-->", "") if title else "WEBVTT"]
    blocks += [f"{_long(start)} --> {_long(end)}\n{_karaoke(start, end, line)}" for start, end, line in _timed(lines)]
    return "\n\n".join(blocks) + "\n"


def _karaoke(start: float, end: float, line: TimedLine) -> str:
    """The text of a cue, with a time stamp before every word that begins inside it, in order, as WebVTT wants it."""
    parts, now = [], start
    for word in line.words:
        text = escape(word.text, quote=False)
        if word.start is not None and now < word.start < end:
            now = word.start
            text = f"<{_long(now)}><c>{text}</c>"
        parts.append(text)
    return " ".join(parts) or escape(line.text, quote=False)


def _srt(lines: Sequence[TimedLine], title: str) -> str:
    blocks = (
        f"{number}\n{_long(start, ',')} --> {_long(end, ',')}\n{line.text.replace('-->', '')}\n"
        for number, (start, end, line) in enumerate(_timed(lines), 1)
    )
    return "\n".join(blocks)


def _json(lines: Sequence[TimedLine], title: str) -> str:
    return json.dumps([line.to_dict() for line in lines], indent=1, ensure_ascii=False) + "\n"


_WRITERS: dict[str, Callable[[Sequence[TimedLine], str], str]] = {
    "lrc": _lrc,
    "elrc": _elrc,
    "vtt": _vtt,
    "srt": _srt,
    "json": _json,
}


def _timed(lines: Sequence[TimedLine]) -> Iterator[tuple[float, float, TimedLine]]:
    """Yield start, end and line of those that have times."""
    for line in lines:
        if line.start is not None and line.end is not None:
            yield line.start, line.end, line


def _unstamped(text: str) -> str:
    """Return a text in which a reader of LRC finds no stamp or tag: with round brackets."""
    return re.sub(r"<(?=\s*\d+:)", "(", text).translate(str.maketrans("[]", "()"))


def _short(seconds: float) -> str:
    """mm:ss.xx; minutes may have three digits."""
    minutes, hundredths = divmod(round(100 * seconds), 6000)
    return f"{minutes:02}:{hundredths // 100:02}.{hundredths % 100:02}"


def _long(seconds: float, point: str = ".") -> str:
    """hh:mm:ss.xxx."""
    minutes, thousandths = divmod(round(1000 * seconds), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{thousandths // 1000:02}{point}{thousandths % 1000:03}"
