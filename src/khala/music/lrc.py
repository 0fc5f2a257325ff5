"""Lyrics with times, as players show them: LRC and its enhanced form, in the notations that are in use.

A line is "[01:02.50]what is sung"; several times before it say that it comes back, a time alone that the line before is
over. Words may have times of their own, "<01:03.10>". There is no standard, only habits:
https://en.wikipedia.org/wiki/LRC_(file_format)
"""

import re
from dataclasses import dataclass

# Hours are told from "minutes:seconds:hundredths" by the fraction that follows them.
_TIME = r"(?:(\d{1,2}):(?=\d{1,2}:\d{1,2}[.,]))?(\d{1,3}):(\d{1,2}(?:[.:,]\d{1,3})?)"
_STAMP = re.compile(rf"\s*\[\s*{_TIME}\s*\]")
_WORD_STAMP = re.compile(rf"<\s*{_TIME}\s*>|\[\s*{_TIME}\s*\]")
_TAG = re.compile(r"\s*\[\s*([A-Za-z_#]+)\s*:((?:[^\[\]]|\[[^\[\]]*\])*)\]\s*")
_OFFSET = re.compile(r"[+-]?\d{1,6}")
_HEADER = re.compile(r"\[[^\[\]]+\]")
# What stands before the colon of "[Chorus: all voices]"; any other word there makes an ID tag.
_SECTION = re.compile(
    "intro|opening|(pre|post)?chorus|verse|refrain|hook|drop|bridge|inst|instrumental|interlude|break|solo|part|rap|spoken"
    "|outro|end|ending|coda"
)
# Who wrote and played it, as NetEase's and QQ's files say before the first line: "作词 : ...", "Composed by: ...".
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
    """A line: the seconds at which it begins, None if it has no time; its text, "" where the line before is over."""

    seconds: float | None
    text: str


@dataclass(frozen=True)
class Lrc:
    """The `lines` in the order in which they are sung, section headers ("[Chorus: all]") among them; a line that comes
    back brings its header again. `tags` are the ID tags ("ti", "ar", "offset", ...), keys in lower case."""

    lines: tuple[LrcLine, ...]
    tags: dict[str, str]


def is_lrc(text: str) -> bool:
    """Whether any line begins with a time."""
    return any(_STAMP.match(row) for row in text.removeprefix("\ufeff").splitlines())


def parse_lrc(text: str) -> Lrc:
    """Lyrics with times, taken apart; whatever the text, none of it is refused.

    Times lie `[offset:]` milliseconds earlier, none before 0. Word times and the credits before the first line are
    dropped. A line without a time stays behind the one before it, a header before the one after it. In a text without
    any time nothing is an ID tag.
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
    """The ID tags that a line consists of; none if it holds anything else."""
    tags = {}
    while tag := _TAG.match(words):
        tags[tag[1].lower()] = tag[2].strip()
        words = words[tag.end() :]
    return {} if words or any(map(_SECTION.fullmatch, tags)) else tags


def _is_credit(words: str, title: str | None) -> bool:
    return bool(_CREDIT.match(words)) or bool(title and words.startswith(f"{title} - "))


def _in_order(rows: list[tuple[list[float], str]]) -> tuple[LrcLine, ...]:
    """Rows (times, text) by time, a line for every time; what has none keeps its neighbour."""
    placed: list[tuple[float, int, LrcLine]] = []  # place in time, number of the header that holds, line
    waiting: list[tuple[int, LrcLine]] = []  # for the next time: headers, and what stands between them and it
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
