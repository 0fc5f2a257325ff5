"""Parse lyrics as people paste them into sections and sung lines.

They come from lyrics websites, chat programs, karaoke files, chord sheets and other song models: besides "[verse]"
there are bare headers, Markdown, HTML, time stamps, chords, stage directions and repeat marks. Models, measurements and
the studio all use `read_lyrics`, which reports what it left out.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from khala.music import marks
from khala.music.headers import SECTION_TAGS, bare_header, nearest_tag, read_header, without_times
from khala.music.lrc import is_lrc, parse_lrc
from khala.music.lyrics import clean_lyrics
from khala.music.remarks import Remark

MAX_REPEATED_CHARACTERS = 10_000
"""Length of lyrics beyond which nothing is repeated."""
CHORUSES = ("chorus", "pre-chorus", "post-chorus")
"""Sections that are repeated with the same words."""

_CUE_TAG = re.compile(r"</?[bciuv][^<>]*>|<[\d:.]+>")  # of subtitles: "<i>", "<00:01:02.500><c>word</c>"


@dataclass(frozen=True)
class Row:
    """A parsed line: a header of the section `header`, words to sing, or a blank line. `number` is its line number in
    the input, from 1, or None if unknown."""

    text: str
    number: int | None = None
    header: str | None = None

    @property
    def sung(self) -> bool:
        """Whether the row holds words to sing."""
        return self.header is None and bool(self.text)


@dataclass(frozen=True)
class Section:
    """A section of the lyrics. `name` is one of SECTION_TAGS, an unknown tag in lower case, or "" before the first tag;
    `label` is the header as written in line `number`; `rows` are its sung rows and `lines` their texts."""

    name: str
    lines: tuple[str, ...]
    label: str = field(default="", compare=False)
    number: int | None = field(default=None, compare=False)
    rows: tuple[Row, ...] = field(default=(), compare=False)

    @property
    def known(self) -> bool:
        """Whether models know this name; lines before the first tag count as known."""
        return not self.name or self.name in SECTION_TAGS


@dataclass(frozen=True)
class Lyrics:
    """Parsed lyrics, and remarks on what was left out or guessed."""

    rows: tuple[Row, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def text(self) -> str:
        """The lyrics with headers in brackets and nothing else that is not sung; parsing it again changes nothing."""
        return "\n".join(row.text if row.header is None else f"[{row.text}]" for row in self.rows).strip()

    @property
    def lines(self) -> list[Row]:
        """The sung rows."""
        return [row for row in self.rows if row.sung]

    @property
    def sections(self) -> list[Section]:
        """The lyrics, section by section."""
        parts: list[tuple[Row, list[Row]]] = []
        for row in self.rows:
            if row.header is not None:
                parts.append((row, []))
            elif row.sung:
                if not parts:
                    parts.append((Row("", header=""), []))
                parts[-1][1].append(row)
        return [
            Section(head.header or "", tuple(row.text for row in rows), head.text, head.number, tuple(rows))
            for head, rows in parts
        ]


def sections(lyrics: str) -> list[Section]:
    """Return the sections of lyrics, as `read_lyrics` parses them."""
    return read_lyrics(lyrics).sections


@lru_cache(256)
def read_lyrics(text: str) -> Lyrics:
    """Parse lyrics into sections and sung lines; any text is accepted."""
    return _Reader(text).lyrics()


class _Reader:
    """Parser that takes a text line by line."""

    def __init__(self, text: str) -> None:
        self._rows: list[Row] = []
        self._times = 1  # repeat count of the current section
        self._noted: dict[str, list[tuple[str, int | None]]] = {}
        given = list(self._given(unicodedata.normalize("NFC", text)))
        for i, (line, number) in enumerate(given):
            after_blank = i == 0 or not given[i - 1][0]
            before_words = i + 1 < len(given) and given[i + 1][0][:1] not in ("", "[", "{")
            self._line(line, number, after_blank, before_words)
        self._end_section()

    def lyrics(self) -> Lyrics:
        rows = self._with_choruses()
        while rows and not rows[-1].text and rows[-1].header is None:
            rows.pop()
        return Lyrics(tuple(rows), tuple(_remark(kind, found) for kind, found in self._noted.items()))

    def _note(self, kind: str, text: str, number: int | None) -> None:
        self._noted.setdefault(kind, []).append((text.strip(), number))

    def _given(self, text: str) -> Iterator[tuple[str, int | None]]:
        """Yield the cleaned lines of a text with their line numbers; a line of the input may hold several."""
        if is_lrc(text):
            self._note("stamps-dropped", "", None)
            yield from ((clean_lyrics(line.text), None) for line in parse_lrc(text).lines)
            return
        lines = re.split(r"\r\n|\r|\n", text)
        timed = {i for i, line in enumerate(lines) if re.match(r"\s*[\d:.,]+ --> [\d:.,]+", line)}  # SubRip, WebVTT
        for i, line in enumerate(lines):
            cue_number = i + 1 in timed and line.strip().isdecimal()
            if i in timed or cue_number or (i == 0 and line.startswith("WEBVTT")):
                self._note("stamps-dropped", line, i + 1)
                continue
            for piece in marks.split_breaks(_CUE_TAG.sub("", line) if timed else line):
                cleaned = clean_lyrics(piece)
                bare = marks.without_page_text(cleaned)
                if bare != cleaned:
                    self._note("page-text-dropped", cleaned, i + 1)
                if bare or not cleaned:
                    yield bare, i + 1

    def _line(self, line: str, number: int | None, after_blank: bool, before_words: bool) -> None:
        """Parse one line."""
        text = marks.without_markdown(line)
        found = list(marks.TAG.finditer(text))
        headers = [self._header_of(tag) for tag in found]
        if not text:
            self._rows.append(Row("", number))
        elif marks.is_heading(line) and not any(headers) and not bare_header(text, True):
            self._note("page-text-dropped", text, number)
        elif len(found) == 1 and not any(headers) and found[0][0] == text.strip(" ;:.,"):
            self._lone_tag(found[0], number, after_blank and before_words)
        else:
            whole = sum(header is not None for header in headers) > 1  # all of the lyrics on one line
            words, at = "", 0
            for tag, header in zip(found, headers, strict=True):
                words, at = words + text[at : tag.start()], tag.end()
                if header is not None:
                    self._words(words, number, after_blank, whole)
                    self._header(header, number)
                    words = ""
                else:
                    words += self._inline(tag, number)
            words += text[at:]
            words = " ".join(words.split()) if found else words
            self._words(words, number, after_blank or marks.is_heading(line), whole)

    def _header_of(self, tag: re.Match[str]) -> str | None:
        """Return the text of a bracket that is a known header, or None."""
        inside = tag[1] if tag[1] is not None else marks.directive_header(tag[2])
        return inside if inside and read_header(inside).known and not marks.is_chord(inside) else None

    def _inline(self, tag: re.Match[str], number: int | None) -> str:
        """Return what remains of a bracket that is not a header."""
        if marks.split_repeat(tag[0])[1] > 1:
            return tag[0]
        chord = tag[1] is not None and marks.is_chord(tag[1])
        self._note("chords-dropped" if chord else "cue-dropped", tag[0], number)
        return "" if chord else " "

    def _lone_tag(self, tag: re.Match[str], number: int | None, begins: bool) -> None:
        """Parse a bracket that is alone on its line and not a known header: a misspelt header, an unknown section name
        where a section may begin, or a stage direction."""
        inside = tag[1] or ""
        name = read_header(inside).name
        near = nearest_tag(name)
        named = (
            bool(name)
            and begins
            and len(inside.split()) <= 3
            and "," not in inside
            and not marks.DIRECTION.search(inside)
        )
        if marks.split_repeat(tag[0])[1] > 1:
            self._words(tag[0], number, False)
        elif not marks.is_chord(inside) and (near or named):
            self._note("unknown-section", inside, number)
            self._header(inside, number, near or name)
        else:
            self._inline(tag, number)

    def _header(self, label: str, number: int | None, name: str = "") -> None:
        self._end_section()
        header = read_header(label)
        self._times = header.times
        label = without_times(label) if header.times > 1 else label.strip()
        self._rows.append(Row(label, number, name or header.name))

    def _words(self, text: str, number: int | None, after_blank: bool, whole: bool = False) -> None:
        """Add words to sing, if there are any. If one line holds the `whole` lyrics, each sentence becomes a line."""
        if whole:
            for sentence in re.split(r"(?<=[.!?;])\s+", text):
                self._words(sentence.strip(" ;"), number, False)
            return
        text = text.translate(dict.fromkeys(map(ord, "[]{}"), " ")).strip()
        if header := bare_header(text, after_blank):
            self._note("header-guessed", text, number)
            self._header(header[0], number)
            text = header[1]
        if text and marks.is_chord_line(text):
            self._note("chords-dropped", text, number)
            return
        text, directions = marks.without_directions(marks.without_speaker(text))
        for direction in directions:
            self._note("cue-dropped", direction, number)
        text, times = marks.split_repeat(text)
        sung = any(char.isalnum() for char in text)
        if sung:
            self._rows.append(Row(text, number))
        if times > 1:
            self._note("repeated", f"{text} x{times}", number)
            self._again(self._rows[-1:] if sung else self._section(), times - 1)

    def _section(self) -> list[Row]:
        """Return the sung rows of the current section."""
        start = max((i for i, row in enumerate(self._rows) if row.header is not None), default=-1)
        return [row for row in self._rows[start + 1 :] if row.sung]

    def _end_section(self) -> None:
        """Repeat the current section as often as its header says."""
        self._again(self._section(), self._times - 1)
        self._times = 1

    def _again(self, rows: Sequence[Row], times: int) -> None:
        size = sum(len(row.text) + 1 for row in self._rows)
        more = sum(len(row.text) + 1 for row in rows)
        blanks = []
        while self._rows and not self._rows[-1].text:
            blanks.append(self._rows.pop())
        for _ in range(min(times, (MAX_REPEATED_CHARACTERS - size) // max(more, 1))):
            self._rows += rows
        self._rows += blanks

    def _with_choruses(self) -> list[Row]:
        """Return the rows, with the words of the last chorus in choruses that have none."""
        rows: list[Row] = []
        words: dict[str, list[Row]] = {}
        size = sum(len(row.text) + 1 for row in self._rows)
        starts = [i for i, row in enumerate(self._rows) if row.header is not None]
        ends = [*starts[1:], len(self._rows)]
        rows += self._rows[: starts[0]] if starts else self._rows
        for start, end in zip(starts, ends if starts else [], strict=True):
            name, its = self._rows[start].header or "", [row for row in self._rows[start:end] if row.sung]
            rows.append(self._rows[start])
            if name in CHORUSES and not its and name in words:
                size += sum(len(row.text) + 1 for row in words[name])
                if size <= MAX_REPEATED_CHARACTERS:
                    self._note("chorus-repeated", self._rows[start].text, self._rows[start].number)
                    rows += words[name]
            rows += self._rows[start + 1 : end]
            if its:
                words[name] = its
        return rows


_TEXTS = {
    "stamps-dropped": "Time stamps were left out of the lyrics.",
    "page-text-dropped": "{first} looks like text of a web page and was left out.",
    "chords-dropped": "Chords such as {first} are not sung and were left out.",
    "cue-dropped": "Stage directions such as {first} are not sung and were left out.",
    "header-guessed": "{first} was read as a section header; put it in [brackets] to make this explicit.",
    "unknown-section": "[{tag}] is not a section name that models know.",
    "repeated": "{first} is a repeat mark: the words are repeated, the mark is not sung.",
    "chorus-repeated": "[{first}] has no words of its own, so the words of the chorus before it are repeated.",
}


def _remark(kind: str, found: list[tuple[str, int | None]]) -> Remark:
    """Return one remark for all findings of a kind."""
    first, number = found[0]
    short = first if len(first) <= 40 else f"{first[:37]}..."
    if kind == "unknown-section":
        meant = nearest_tag(read_header(first).name)
        text = f"[{short}] was read as [{meant}]." if meant else _TEXTS[kind].format(tag=short)
        return Remark(kind, text, number, {"tag": first, "meant": meant, "count": len(found)})
    shown = f'"{short}"' if kind in ("page-text-dropped", "header-guessed", "repeated") else short
    return Remark(kind, _TEXTS[kind].format(first=shown), number, {"first": first, "count": len(found)})
