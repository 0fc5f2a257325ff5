"""The plan of a take that is made of another song."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from khala.conditioning.harmony import with_chords
from khala.conditioning.outline import Outline
from khala.conditioning.preview import Preview, preview
from khala.conditioning.reworking import (
    Change,
    changes,
    extended,
    nearest_bar,
    pinned_indices,
    relined,
    spans_of,
    without_first_lines,
)
from khala.conditioning.vocabulary import knows
from khala.generation.kept import KeptSong, Span
from khala.generation.plan import TakePlan, plan_seen, seen_take
from khala.generation.planned_rework import PlannedRework
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.music.errors import InvalidRequest
from khala.music.remarks import Remark
from khala.music.request import SongRequest
from khala.music.rework import Rework, split_section
from khala.weights.tokenizer import Tokenizer

MORE_SECONDS = 30.0
"""By so much a song is extended where nothing is said."""
MOVED_SECONDS = 0.1
"""A point in time that moves by more is mentioned."""


@dataclass(frozen=True)
class _Part:
    """What of a song is made anew: `spans`, the last one to the song's end if it `goes_on`; the new song's outline; the
    lines that are `changed`."""

    outline: Outline | None
    spans: tuple[Span, ...]
    goes_on: bool
    changed: tuple[Change, ...] = ()
    remarks: tuple[Remark, ...] = ()


def plan_rework(
    source: KeptSong,
    rework: Rework,
    request: SongRequest,
    number: int,
    config: ModelConfig,
    tokenizer: Tokenizer,
    durations: DurationModel | None = None,
    parent: str | None = None,
) -> TakePlan:
    """The plan of take 1, 2, ... of the `request` for a song that is made of `source`. `parent` is what its record
    calls the source. Raises InvalidRequest for what cannot be done."""
    seen = seen_take(request, number, config)
    levels = config.superres.levels
    if len(source.codes) != levels or (seen.outline is None) != (source.outline is None):
        raise InvalidRequest(f"the song was made by another kind of model than {config.name}; give its audio instead")
    part = _part(source, rework, seen, config)
    seen = replace(seen, outline=part.outline, remarks=(*seen.remarks, *part.remarks))
    plan = plan_seen(request, number, seen, config, tokenizer, durations)
    begin, end = part.spans[-1]
    if not part.goes_on:
        plan = replace(plan, max_frames=end, limited_by="duration", target_frames=0)
    elif begin >= plan.max_frames:
        raise InvalidRequest(f"the song goes on from {begin / config.frame_rate:.1f} s; make it longer than that")
    pinned = _pinned(plan, source, part)
    if plan.conditioning is not None and pinned is not None:
        plan = replace(plan, conditioning=replace(plan.conditioning, pinned=pinned))
    candidates = rework.candidates if rework.kind == "edit" else 1
    made = PlannedRework(rework.kind, source, part.spans, part.goes_on, pinned, candidates, parent)
    return replace(plan, rework=made)


def require_rework(source: KeptSong, rework: Rework, request: SongRequest, config: ModelConfig) -> None:
    """Raise InvalidRequest for what cannot be done, as far as that can be told without the model."""
    seconds = source.frames / config.frame_rate
    if max(rework.start or 0.0, rework.stop or 0.0) > seconds:
        raise InvalidRequest(f"the song ends at {seconds:.1f} s; name a place before that")
    _part(source, rework, seen_take(request.with_seed(), 1, config), config)


def start_frame(source: KeptSong, rework: Rework, rate: float) -> int:
    """The frame from which a song is extended or varied: a bar line, where bars are known. A song that came to its end
    is extended from before its outro."""
    frame = 0
    if rework.start is not None:
        frame = round(rework.start * rate)
    elif rework.kind == "extend":
        parts = source.outline.parts if source.outline and source.ended else ()
        frame = parts[-1].begin if parts and parts[-1].name == "outro" else source.frames
    return nearest_bar(source.outline, frame, source.frames)


def extended_request(
    source: KeptSong,
    request: SongRequest,
    rework: Rework,
    config: ModelConfig,
    lyrics: str | None = None,
    duration: float | None = None,
) -> SongRequest:
    """The request of a song that goes on from another, whose `request` that was: its words up to there, then other
    `lyrics`, or else its own, `duration` seconds in all, or as long as the words want. Raises InvalidRequest."""
    start = start_frame(source, rework, config.frame_rate)
    seconds = start / config.frame_rate
    alone = replace(request, lyrics=lyrics, instrumental=False) if lyrics else None
    if alone is not None:
        words = _words_before(source, request, start, config)
        lyrics = alone.lyrics if alone.lyrics.startswith("[") or not words else f"[verse]\n{alone.lyrics}"
        request = replace(alone, lyrics=f"{words}\n\n{lyrics}".strip())
    if duration is None:
        wanted = preview(alone, config).wanted_seconds if alone is not None else None
        duration = min(seconds + (wanted or MORE_SECONDS), config.max_seconds)
    if duration <= seconds:
        raise InvalidRequest(f"the song goes on from {seconds:.1f} s; its length in all must be greater than that")
    return replace(request, duration=round(duration, 2))


def _words_before(source: KeptSong, request: SongRequest, frame: int, config: ModelConfig) -> str:
    """The lyrics of a song up to the last line that begins before a frame."""
    given = preview(request, config)
    count = min(_lines_before(source, frame), len(given.singable.sources))
    if not count:
        return ""
    rows = [place for place, row in enumerate(given.lyrics.rows) if row.sung]
    return replace(given.lyrics, rows=given.lyrics.rows[: rows[given.singable.sources[count - 1]] + 1]).text


def _lines_before(source: KeptSong, frame: int) -> int:
    """How many lines begin before a frame; one whose time is not known does so if a later one does."""
    return max((number for number, (begin, _) in enumerate(source.places, 1) if 0 <= begin < frame), default=0)


def _part(source: KeptSong, rework: Rework, seen: Preview, config: ModelConfig) -> _Part:
    if rework.kind == "refine":
        return _Part(source.outline, ((0, source.frames),), goes_on=False)
    if rework.kind == "edit":
        return _edit(source, rework, seen, config.frame_rate)
    start = start_frame(source, rework, config.frame_rate)
    outline = source.outline
    if rework.kind == "extend" and outline is not None:
        kept = _lines_before(source, start)
        sections = without_first_lines(seen.singable.lyrics.sections, kept)
        longer = extended(outline, start, seen.request, config.frame_rate, sections)
        if knows(config, "chord"):
            asked = with_chords(longer, seen.lyrics.sections, seen.request.chords).chords
            longer = replace(longer, chords=(*longer.chords, *(chord for chord in asked if chord[0] >= start)))
        outline = longer
    remarks = _remarks(source, rework, start, config.frame_rate)
    return _Part(outline, ((start, source.frames),), goes_on=True, remarks=remarks)


def _remarks(source: KeptSong, rework: Rework, start: int, rate: float) -> tuple[Remark, ...]:
    seconds, remarks = start / rate, list[Remark]()
    if rework.start is None and rework.kind == "extend" and start < source.frames:
        text = f"The song goes on from {seconds:.1f} s, before its outro."
        remarks.append(Remark("goes-on-before-outro", text, None, {"seconds": round(seconds, 1)}))
    if rework.start is not None and abs(seconds - rework.start) > MOVED_SECONDS:
        text = f"The nearest bar begins at {seconds:.1f} s: that is where the song goes on."
        remarks.append(Remark("moved-to-bar", text, None, {"seconds": round(seconds, 1)}))
    cut = next(((a, b) for a, b in source.sung if 0 <= a < start < b), None)
    if cut:
        before, after = (round(edge / rate, 1) for edge in cut)
        text = f"A line is sung from {before:g} to {after:g} s; where no line is sung, seams are heard least."
        remarks.append(Remark("within-line", text, None, {"start": before, "end": after}))
    return tuple(remarks)


def _edit(source: KeptSong, rework: Rework, seen: Preview, rate: float) -> _Part:
    new = [row.text for row in seen.singable.lyrics.lines]
    chosen, region = _chosen(source, rework, seen, rate) if rework.names_place else (None, None)
    found = changes(source.lines, new, source.places, source.frames, chosen)
    if region is not None and found:
        found = [replace(found[0], region=region)]
    if not found:
        raise InvalidRequest("the lyrics are those of the song; change a line, or say which section or range to edit")
    outline = source.outline
    if outline is not None:
        outline = relined(outline, new, found, rate)
    return _Part(outline, spans_of(found, source.sung, source.frames), False, tuple(found))


def _chosen(source: KeptSong, rework: Rework, seen: Preview, rate: float) -> tuple[tuple[int, int], Span]:
    """The lines, first and the one after the last, and the frames that a rework names."""
    if rework.section is not None:
        return _section(source, *split_section(rework.section), seen)
    edges = (rework.start or 0.0, source.frames / rate if rework.stop is None else rework.stop)
    begin, end = (nearest_bar(source.outline, round(edge * rate), source.frames) for edge in edges)
    end = source.frames if rework.stop is None else end
    if end <= begin or edges[0] >= source.frames / rate:
        raise InvalidRequest(f"nothing of the song lies between {edges[0]:g} and {edges[1]:g} s; name a longer range")
    inside = [n for n, (a, b) in enumerate(source.places) if a >= 0 and min(b, end) - max(a, begin) > (b - a) / 2]
    if not inside:
        before = _lines_before(source, begin)
        return (before, before), (begin, end)
    first, last = inside[0], inside[-1] + 1
    return (first, last), (min(begin, source.places[first][0]), max(end, source.places[last - 1][1]))


def _section(source: KeptSong, name: str, number: int, seen: Preview) -> tuple[tuple[int, int], Span]:
    """The lines and the frames of the section of that name and number."""
    if source.outline is not None:
        parts = source.outline.parts
        its = [part for part in parts if part.name == name][number - 1 : number]
        if not its:
            raise _no_section(name, number, [part.name for part in parts])
        begin, end = its[0].begin, its[0].end
        inside = [n for n, (a, b) in enumerate(source.places) if begin <= (a + b) // 2 < end]
        first = inside[0] if inside else _lines_before(source, begin)
        return (first, first + len(inside)), (begin, end)
    bounds, at, names = [], 0, []
    for section in seen.singable.lyrics.sections:
        names.append(section.name)
        bounds.append((at, at + len(section.lines)))
        at += len(section.lines)
    its_bounds = [its for its, its_name in zip(bounds, names, strict=True) if its_name == name][number - 1 : number]
    if not its_bounds:
        raise _no_section(name, number, names)
    first, last = its_bounds[0][0], min(its_bounds[0][1], len(source.lines))
    known = [place for place in source.places[first:last] if place[0] >= 0]
    if not known:
        raise InvalidRequest(f"it is not known when [{name}] is sung; say where with a range")
    return (first, last), (known[0][0], known[-1][1])


def _no_section(name: str, number: int, names: list[str]) -> InvalidRequest:
    counted = [f"{each}:{names[: at + 1].count(each)}".removesuffix(":1") for at, each in enumerate(names) if each]
    wanted = name if number == 1 else f"{name}:{number}"
    return InvalidRequest(f"the song has no section {wanted!r}; it has {', '.join(counted) or 'none'}")


def _pinned(plan: TakePlan, source: KeptSong, part: _Part) -> NDArray[np.int16] | None:
    """Where the new song is in its phones in the frames that stay; None where that is not known."""
    phones = plan.conditioning.phones if plan.conditioning else None
    if phones is None or source.phone_index is None:
        return None
    index, starts = source.phone_index.tolist(), source.starts
    if not part.goes_on:
        last = len(phones.phones) - 1
        found = pinned_indices(index, part.spans, part.changed, starts, phones.starts, last)
        return np.array(found, np.int16)
    start = part.spans[0][0]
    kept = _lines_before(source, start)
    if phones.starts[:kept] != starts[:kept]:
        return None
    return np.array(index[:start], np.int16)
