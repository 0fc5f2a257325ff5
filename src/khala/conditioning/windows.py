"""Windows of a song, for a backbone that was trained on parts of songs: each lies behind a prompt with its own words.

Training draws windows of long songs by these rules (`corpus.data.excerpts`), and a long song in the making goes from
one window to the next (`song_windows`): the backbone reads the new prompt and the latest frames, and writes on. So time
is linear in the length of a song, and memory does not depend on it. Times are in codec frames.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from khala.music.request import MIN_SECONDS, SongRequest

VOCAL_TAGS = ("vocal", "voice", "singer", "sung", "choir", "duet", "harmon", "response")
"""Words of tags that promise singing."""
INSTRUMENTAL = "instrumental"
"""The tag of a window without words whose song has no other tags than those that promise singing."""
LEAD_IN_FRAMES = 12
"""Most frames of a window before its first line, where it begins with that."""
KEPT_SHARE, MOST_KEPT_SHARE = 0.5, 0.75
"""Frames that a window takes over from the one before, as a share of its size, and at most where it begins with a
line."""

Span = tuple[int, int]


class SongWindow(NamedTuple):
    """Frames `first` to `stop` of a song, of which those from `start` on are written; the lines of its lyrics."""

    first: int
    start: int
    stop: int
    lines: range


def window_begin(sung: Sequence[Span], wanted: int, lead_in: int) -> int:
    """Return where a window begins that is to begin at frame `wanted`: no line of those `sung` is cut, and one that
    would be is the first, `lead_in` frames later if no other line is sung there."""
    cut = [begin for begin, end in sung if begin <= wanted < end]
    if not cut:
        return wanted
    return max(cut[0] - lead_in, max((end for _, end in sung if end <= cut[0]), default=0))


def window_end(sung: Sequence[Span], wanted: int) -> int:
    """Return where a window ends that is to end at frame `wanted`: before a line that would be cut."""
    return min([begin for begin, end in sung if begin < wanted < end], default=wanted)


def lines_within(sung: Sequence[Span], first: int, stop: int) -> range:
    """Return the numbers of the lines that are sung from frame `first` to `stop`."""
    inside = [number for number, (begin, end) in enumerate(sung) if first <= begin and end <= stop]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def song_windows(sung: Sequence[Span], frames: int, size: int, kept: float = KEPT_SHARE) -> list[SongWindow]:
    """Divide a song of up to `frames` frames, whose lines are `sung` in these, into windows of at most `size`."""
    found: list[SongWindow] = []
    first = start = 0
    while True:
        stop = frames
        if first + size < frames:
            stop = window_end(sung, first + size)
            stop = stop if stop > start else first + size  # a line as long as that is cut
        found.append(SongWindow(first, start, stop, lines_within(sung, first, stop)))
        if stop == frames:
            return found
        start = stop
        wanted = max(start - round(kept * size), 0)
        first = max(window_begin(sung, wanted, LEAD_IN_FRAMES // 2), start - round(MOST_KEPT_SHARE * size), 0)


def window_lyrics(lines: Sequence[tuple[str, str]]) -> str:
    """Return the lyrics of a window from the section and the text of each line."""
    before = ["", *(section for section, _ in lines)]
    return "\n".join(
        text if section in ("", last) else f"[{section}]\n{text}"
        for (section, text), last in zip(lines, before, strict=False)
    )


def window_request(request: SongRequest, lines: Sequence[tuple[str, str]], seconds: float) -> SongRequest:
    """Return the request for a window of so many seconds of a song, with the words of these `lines`; where a song with
    words has none it asks for an instrumental."""
    changed = replace(request, duration=max(seconds, MIN_SECONDS))
    if not request.lyrics:
        return changed
    if lines:
        return replace(changed, lyrics=window_lyrics(lines))
    tags = tuple(tag for tag in request.tags if not is_vocal(tag))
    return replace(changed, lyrics="", instrumental=True, tags=tags or (() if request.prompt else (INSTRUMENTAL,)))


def is_vocal(tag: str) -> bool:
    """Return whether a tag promises singing."""
    return any(word in tag.lower() for word in VOCAL_TAGS)
