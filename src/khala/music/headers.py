"""Section headers of lyrics: the names that models know and the ways people write them."""

import difflib
import re
from dataclasses import dataclass

SECTION_TAGS = ("intro", "verse", "pre-chorus", "chorus", "post-chorus", "bridge", "inst", "solo", "outro")
"""Section names that models know, as written between brackets."""

_ALIASES = {
    "prechorus": "pre-chorus",
    "refrain": "chorus",
    "hook": "chorus",
    "drop": "chorus",
    "postchorus": "post-chorus",
    "middle 8": "bridge",
    "middle eight": "bridge",
    "instrumental": "inst",
    "interlude": "inst",
    "break": "inst",
    "opening": "intro",
    "ending": "outro",
    "end": "outro",
    "coda": "outro",
    "前奏": "intro",
    "主歌": "verse",
    "副歌": "chorus",
    "桥段": "bridge",
    "间奏": "inst",
    "尾奏": "outro",
}
_PLAYED = re.compile(r"[a-z]+(?: [a-z]+)? (solo|break|interlude)")  # "sax solo", "instrumental break"
_PLAIN = ("intro", "verse", "pre chorus", "chorus", "post chorus", "bridge", "outro", "refrain", "interlude")
_ALWAYS = re.compile(r"\d|\b(?:intro|verse|chorus|outro)\b", re.IGNORECASE)

_ORDER = r"(?:\d(?:st|nd|rd|th)|first|second|third|fourth|last|final|double|big|repeat|another|new|short|long)"
_COUNT = r"(?:\d+|[ivx]+|[a-d]|one|two|three|four|five|short|medium|long|reprise|repeats?|again)"
_TIMES = re.compile(r"[(*]?\s*(?<!\w)(?:x ?(\d{1,2})|(\d{1,2}) ?x)(?!\w)\s*\)?")
_HINT = re.compile(r"\s*[:|(,;/].*| +- .*| -.*|- .*", re.DOTALL)


@dataclass(frozen=True)
class Header:
    """A section header: `name` is one of SECTION_TAGS or an unknown name in lower case; `times` is the repeat count."""

    name: str
    times: int = 1

    @property
    def known(self) -> bool:
        """Whether models know the name."""
        return self.name in SECTION_TAGS


def read_header(tag: str) -> Header:
    """Parse the text inside a bracketed tag.

    "Verse 1" is a verse; "Hook: all voices", "Chorus - final, a cappella" and "Final Chorus" are choruses; "Chorus
    (x2)" is a chorus sung twice.
    """
    times = 1
    if marked := _TIMES.search(tag):
        times = int(marked[1] or marked[2])
        tag = tag[: marked.start()] + tag[marked.end() :]
    name = re.sub(r"[\s_-]+", " ", _HINT.sub("", tag, count=1)).strip(" .").casefold()
    return Header(_known(name) or name, min(max(times, 1), 8))


def without_times(tag: str) -> str:
    """Return the text of a tag without its repeat count."""
    return " ".join(_TIMES.sub(" ", tag).split())


def section_name(tag: str) -> str:
    """Return the section name of the text inside a bracketed tag, as `read_header` parses it."""
    return read_header(tag).name


def nearest_tag(name: str) -> str | None:
    """Return the known tag that `name` misspells, or None."""
    near = difflib.get_close_matches(name.replace(" ", "-"), SECTION_TAGS, n=1, cutoff=0.75)
    return near[0] if near else None


def bare_header(line: str, after_blank: bool) -> tuple[str, str] | None:
    """Parse a header without square brackets ("Verse 1", "CHORUS:", "(Final Chorus)").

    Return the header and the words to sing after its colon, or None if the line is no header. Names that also occur as
    lyrics ("Bridge", "Hook") need a colon, a number or round brackets, unless a blank line or nothing precedes them.
    """
    round_brackets = re.fullmatch(r"\((.*)\)\s*[:.]?", line)
    text = (round_brackets[1] if round_brackets else line).strip()
    head, colon, rest = text.partition(":")
    short = rest.strip() if not _performer(rest) else ""
    if len(head) > 30 or not _exact(head):
        return None
    clear = bool(round_brackets or colon or _ALWAYS.search(head)) or after_blank
    return (head.strip() if short else text.rstrip(" :."), short) if clear else None


def _exact(head: str) -> bool:
    """Whether the text is only a section name, with an optional number and repeat count."""
    name = re.sub(r"[\s_-]+", " ", _TIMES.sub("", head)).strip(" .").casefold()
    name = re.sub(rf"^(?:{_ORDER} )+", "", name)
    name = re.sub(rf" ?{_COUNT}$" if name not in _PLAIN else "$", "", name)
    return name in (*_PLAIN, "prechorus", "postchorus", "hook", "instrumental", "solo") or bool(
        re.fullmatch(r"(?:guitar|piano|sax|drum|instrumental) (?:solo|break|interlude)", name)
    )


def _performer(text: str) -> bool:
    """Whether the text after a header's colon names performers rather than words to sing."""
    words = text.split()
    return len(words) <= 3 and all(word[:1].isupper() or word in "&+," or word == "and" for word in words)


def _known(name: str) -> str | None:
    """Return the known tag that a lower-case name stands for, or None."""
    for spelling in (name, re.sub(rf"^(?:{_ORDER} )+", "", name)):
        for text in (spelling, re.sub(rf"[ #]*(?:\d+|(?<= ){_COUNT})$", "", spelling)):
            tag = _ALIASES.get(text, text).replace(" ", "-")
            if tag in SECTION_TAGS:
                return tag
            if played := _PLAYED.fullmatch(text):
                return "solo" if played[1] == "solo" else "inst"
    return next((_ALIASES.get(tag, tag).replace(" ", "-") for tag in _PLAIN if name.startswith(f"{tag} ")), None)
