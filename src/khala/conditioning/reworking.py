"""The outline of a song that another is made of: it goes on in the same bars, or some of its lines are others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from khala.conditioning.form import plan_form
from khala.conditioning.outline import Outline, Part, place_lines
from khala.conditioning.phone_sequence import EARLY_FRAMES, LATE_FRAMES, MIN_FRAMES_PER_PHONE
from khala.conditioning.singable import count_phones
from khala.music.errors import InvalidRequest
from khala.music.reading import Section
from khala.music.request import SongRequest

Span = tuple[int, int]
"""First frame, and the frame after the last."""


@dataclass(frozen=True)
class Change:
    """Lines `old` (first, and the one after the last) of a song become lines `new`, in the frames of `region`."""

    old: tuple[int, int]
    new: tuple[int, int]
    region: Span


def nearest_bar(outline: Outline | None, frame: int, frames: int) -> int:
    """The bar line of a song of so many frames that is nearest to a frame; the frame itself without bars."""
    if outline is None or not outline.bar:
        return min(frame, frames)
    first, bar = outline.first_bar % outline.bar, outline.bar
    return min(max(round((frame - first) / bar), 0), (frames - first) // bar) * bar + first


def extended(outline: Outline, start: int, request: SongRequest, rate: float, sections: Sequence[Section]) -> Outline:
    """The outline of a song that goes on from frame `start` with other `sections` of lyrics, to the request's length at
    `rate` frames a second."""
    rest = replace(request, duration=request.duration - start / rate)
    more = plan_form(rest, rate, sections, goes_on=outline)
    parts = [replace(part, end=min(part.end, start)) for part in outline.parts if part.begin < start]
    if parts:
        parts[-1] = replace(parts[-1], end=start)
    parts += [_later(part, start) for part in more.parts]
    return replace(
        outline,
        frames=start + more.frames,
        parts=tuple(parts),
        lines=(
            *((begin, min(end, start)) for begin, end in outline.lines if begin < start),
            *((start + begin, start + end) for begin, end in more.lines),
        ),
        chords=tuple((begin, min(end, start), chord) for begin, end, chord in outline.chords if begin < start),
    )


def without_first_lines(sections: Sequence[Section], count: int) -> list[Section]:
    """The sections behind the first `count` lines."""
    left: list[Section] = []
    for section in sections:
        dropped = min(count, len(section.lines))
        count -= dropped
        if dropped < len(section.lines) or not (dropped or count):
            left.append(Section(section.name, section.lines[dropped:]))
    return left


def changes(
    before: Sequence[str], after: Sequence[str], places: Sequence[Span], frames: int, chosen: tuple[int, int] | None
) -> list[Change]:
    """The lines that differ between a song's lines and new ones, whose `places` in its `frames` are known. Lines
    `chosen` (first, and the one after the last) change whether they differ or not, and no others may.

    Raises InvalidRequest where others differ, or if lines are added where there is no time between two.
    """
    matcher = SequenceMatcher(None, list(map(_plain, before)), list(map(_plain, after)), autojunk=False)
    groups = [(i1, i2, j1, j2) for kind, i1, i2, j1, j2 in matcher.get_opcodes() if kind != "equal"]
    if chosen is not None:
        first, last = chosen
        for i1, i2, j1, _ in groups:
            if i1 < first or i2 > last:
                what = after[j1] if j1 < len(after) else before[min(i1, len(before) - 1)]
                raise InvalidRequest(f"the line {what[:40]!r} differs, too, and lies outside of what is to be edited")
        behind = len(before) - last
        groups = [(first, last, first, len(after) - behind)]
    return [Change((i1, i2), (j1, j2), _region(i1, i2, places, frames)) for i1, i2, j1, j2 in groups]


def _region(first: int, last: int, places: Sequence[Span], frames: int) -> Span:
    known = [place for place in places[first:last] if place[0] >= 0]
    if known:
        return known[0][0], known[-1][1]
    if first < last:
        raise InvalidRequest("it is not known when the lines that differ are sung; say where with a range")
    before = max((end for begin, end in places[:first] if begin >= 0), default=0)
    after = min((begin for begin, _ in places[first:] if begin >= 0), default=frames)
    return before, max(after, before)


def relined(outline: Outline, lines: Sequence[str], found: Sequence[Change], rate: float) -> Outline:
    """The outline with new `lines` where they change: as many as before in their places, others divided evenly. Raises
    InvalidRequest for a line that is too long for its place."""
    places = list(outline.lines)
    for change in reversed(found):
        (first, last), (begin, end) = change.old, change.new
        count = end - begin
        if count == last - first:
            continue
        region = Part(*change.region, "")
        if count and region.end - region.begin < outline.bar // 2:
            raise InvalidRequest(f"there is no time for more lines before {_where(change, lines)}; extend the song")
        places[first:last] = place_lines([region], [[1] * count]) if count else []
    for change in found:
        for number in range(*change.new):
            begin, end = places[number] if number < len(places) else (0, 0)
            if (end - begin + LATE_FRAMES) < MIN_FRAMES_PER_PHONE * count_phones(lines[number]):
                raise InvalidRequest(
                    f"the line {lines[number][:40]!r} is too long for the {(end - begin) / rate:.1f} s that it has; "
                    "shorten it, or divide the words among more of the song"
                )
    return replace(outline, lines=tuple(places))


def spans_of(found: Sequence[Change], sung: Sequence[Span], frames: int) -> tuple[Span, ...]:
    """The frames that are written anew for changed lines: from shortly before the first of them, but no earlier than
    the line before has been sung, to shortly behind the last. `sung` are the frames in which the old lines are sung."""
    spans: list[Span] = []
    for change in found:
        first, last = change.old
        before = max((end for begin, end in sung[:first] if begin >= 0), default=0)
        after = min((begin for begin, _ in sung[last:] if begin >= 0), default=frames)
        theirs = [span for span in sung[first:last] if span[0] >= 0]
        begin = min([max(change.region[0] - EARLY_FRAMES, before), *(span[0] for span in theirs)])
        end = max([min(change.region[1] + LATE_FRAMES, after), *(span[1] for span in theirs)])
        if spans and begin <= spans[-1][1]:
            begin = spans.pop()[0]
        spans.append((max(begin, 0), min(end, frames)))
    return tuple(spans)


def pinned_indices(
    index: Sequence[int],
    spans: Sequence[Span],
    found: Sequence[Change],
    starts: Sequence[int],
    new_starts: Sequence[int],
    new_last: int,
) -> list[int]:
    """Where a song is in its new phones in each frame outside of `spans`, -1 inside. `index` is where it was in the old
    ones, `starts` and `new_starts` are each line's first phone, `new_last` is the last index, a rest."""
    pairs = dict(_unchanged(found, len(starts), len(new_starts)))
    rests = [*(start - 1 for start in starts[1:]), max(index, default=0)]
    shifted = {rests[-1]: new_last, 0: 0}
    for old, new in pairs.items():
        for at in range(starts[old], rests[old] + 1):
            shifted[at] = at - starts[old] + new_starts[new]
    pinned = [-1] * len(index)
    edges = [0, *(edge for span in spans for edge in span), len(index)]
    for number in range(0, len(edges), 2):
        for frame in range(edges[number], edges[number + 1]):
            at = index[frame]
            line = next((old for old, start in enumerate(starts) if start - 1 == at), None)
            if number and line in pairs and frame - edges[number] < _first_moves(index, edges[number]):
                pinned[frame] = new_starts[pairs[line]] - 1
            else:
                pinned[frame] = min(shifted.get(at, -1), new_last)
    return pinned


def _first_moves(index: Sequence[int], frame: int) -> int:
    """How many frames from one on the index stays the same."""
    return next((more for more in range(len(index) - frame) if index[frame + more] != index[frame]), len(index) - frame)


def _unchanged(found: Sequence[Change], old: int, new: int) -> Iterator[tuple[int, int]]:
    """The numbers, old and new, of the lines that stay."""
    at, to = 0, 0
    for change in [*found, Change((old, old), (new, new), (0, 0))]:
        yield from zip(range(at, change.old[0]), range(to, change.new[0]), strict=False)
        at, to = change.old[1], change.new[1]


def _later(part: Part, frames: int) -> Part:
    return replace(part, begin=part.begin + frames, end=part.end + frames)


def _plain(line: str) -> str:
    return " ".join(line.casefold().split())


def _where(change: Change, lines: Sequence[str]) -> str:
    behind = change.new[1]
    return repr(lines[behind][:40]) if behind < len(lines) else "the end"
