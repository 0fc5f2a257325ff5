"""Parser for lyrics with time stamps: LRC and enhanced LRC, in the notations in common use.

A line is "[01:02.50]words". Several times before the words mean that the line comes back; a time without words ends the
line before it. Words may have times of their own, "<01:03.10>". There is no formal standard:
https://en.wikipedia.org/wiki/LRC_(file_format)
"""

import re
from dataclasses import dataclass

# Three colon-separated fields are hours only if a fraction follows; else they are minutes, seconds and hundredths.
_TIME = r"(?:(\d{1,2}):(?=\d{1,2}:\d{1,2}[.,]))?(\d{1,3}):(\d{1,2}(?:[.:,]\d{1,3})?)"
_STAMP = re.compile(rf"\s*\[\s*{_TIME}\s*\]")
_WORD_STAMP = re.compile(rf"<\s*{_TIME}\s*>|\[\s*{_TIME}\s*\]")
_TAG = re.compile(r"\s*\[\s*([A-Za-z_#]+)\s*:((?:[^\[\]]|\[[^\[\]]*\])*)\]\s*")
_OFFSET = re.compile(r"[+-]?\d{1,6}")
_HEADER = re.compile(r"\[[^\[\]]+\]")
# Words before the colon that make a section header ("[Chorus: all voices]"); any other word makes an ID tag.
_SECTION = re.compile(
    "intro|opening|(pre|post)?chorus|verse|refrain|hook|drop|bridge|inst|instrumental|interlude|break|solo|part|rap|spoken"
    "|outro|end|ending|coda"
)
# Credits before the first line, as in files of NetEase and QQ Music: "作词 : ...", "Composed by: ...".
_CREDIT = re.compile(
    r"""(?:
        [词詞曲]
        | (?:作[词詞曲]|[编編词詞]曲|[制製]作|[监監][制製]|出品|[发發]行|[录錄]音|混音|母[带帶]|和[声聲]|原唱|演唱
            |吉他|[贝貝]斯|鼓手|[键鍵][盘盤]|[钢鋼]琴|弦[乐樂]) [\w/、\ ]{0,8}
        | (?:words|lyrics?|lyricists?|music|compos\w+|writ\w+|arrang\w+|produc\w+|mix\w+|master\w+|record\w+|vocals?)
            (?:\ (?:and|&)\ \w+)? (?:\ (?:by|engineers?|studio))?
    )\s*[:：] | \{"t":""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class LrcLine:
    """A line: its start in seconds, or None without a time stamp, and its text, "" where the line before ends."""

    seconds: float | None
    text: str


@dataclass(frozen=True)
class Lrc:
    """Parsed lyrics: `lines` in the order in which they are sung, and ID tags ("ti", "ar", "offset", ...) by lower-case
    name. Section headers ("[Chorus: all]") are lines too, and are repeated with the lines that come back."""

    lines: tuple[LrcLine, ...]
    tags: dict[str, str]


def is_lrc(text: str) -> bool:
    """Whether any line begins with a time stamp."""
    return any(_STAMP.match(row) for row in text.removeprefix("\ufeff").splitlines())


def parse_lrc(text: str) -> Lrc:
    """Parse lyrics with time stamps; any text is accepted.

    `[offset:]` moves all times earlier by that many milliseconds, but not below 0. Times of words and credits before
    the first line are dropped. A line without a time stays after the line before it, a header before the line after
    it. A text without any time stamp has no ID tags.
    """
    tags: dict[str, str] = {}
    rows: list[tuple[list[float], str]] = []
    timed = is_lrc(text)
    for row in text.removeprefix("\ufeff").splitlines():
        times = []
        while stamp := _STAMP.match(row):
            times.append(_seconds(stamp))
            row = row[stamp.end() :]
        words = " ".join(_WORD_STAMP.sub("", row).split())
        if timed and words and (found := _id_tags(words)):
            tags |= found
        elif times or words:
            rows.append((times, words))
    title = tags.get("ti")
    first = next((at for at, (_, words) in enumerate(rows) if words and not _is_credit(words, title)), len(rows))
    offset = tags.get("offset", "")
    shift = int(offset) / 1000 if _OFFSET.fullmatch(offset) else 0.0
    rows = [([max(time - shift, 0.0) for time in times], words) for times, words in rows[first:]]
    return Lrc(_in_order(rows), tags)


def _seconds(stamp: re.Match[str]) -> float:
    return 3600 * int(stamp[1] or 0) + 60 * int(stamp[2]) + float(re.sub("[:,]", ".", stamp[3]))


def _id_tags(words: str) -> dict[str, str]:
    """Return the ID tags of a line that consists of nothing else, otherwise none."""
    tags = {}
    while tag := _TAG.match(words):
        tags[tag[1].lower()] = tag[2].strip()
        words = words[tag.end() :]
    return {} if words or any(map(_SECTION.fullmatch, tags)) else tags


def _is_credit(words: str, title: str | None) -> bool:
    return bool(_CREDIT.match(words)) or bool(title and words.startswith(f"{title} - "))


def _in_order(rows: list[tuple[list[float], str]]) -> tuple[LrcLine, ...]:
    """Sort rows (times, text) by time, one line for each time; rows without a time stay next to their neighbour."""
    placed: list[tuple[float, int, LrcLine]] = []  # start in seconds, index of the current header, line
    waiting: list[tuple[int, LrcLine]] = []  # headers and untimed lines until the next timed one
    headers: list[str] = [""]
    now = 0.0
    for times, words in rows:
        if is_header := bool(_HEADER.fullmatch(words)):
            headers.append(words)
        header = len(headers) - 1
        if times:
            now = min(times)
            placed += [(now, *held) for held in waiting]
            waiting.clear()
            placed += [(time, header, LrcLine(time, words)) for time in times]
        elif is_header or waiting:
            waiting.append((header, LrcLine(None, words)))
        else:
            placed.append((now, header, LrcLine(None, words)))
    placed.sort(key=lambda place: place[0])
    placed += [(now, *held) for held in waiting]
    lines: list[LrcLine] = []
    before = 0
    for _, header, line in placed:
        if header != before and line.text not in ("", headers[header]):
            lines.append(LrcLine(None, headers[header]))
        before = header if line.text else before
        lines.append(line)
    return tuple(line for line in lines if line.seconds is not None or line.text)
