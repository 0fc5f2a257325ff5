"""Plan the form of a song from its request: tempo, bars of each part, the place of each line.

Plans keep to what Khala's corpus does, for its models know nothing else: a bar is a whole number of codec frames (which
is within 1.6 % of any tempo), a line of lyrics takes two bars, or one where bars are long, and there is an intro before
the words and an outro after them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from random import Random

from khala.conditioning.outline import Outline, Part, place_lines
from khala.conditioning.phone_sequence import MIN_FRAMES_PER_PHONE
from khala.conditioning.request_terms import parse_beats, parse_bpm, parse_key, parse_styles, parse_tempo_range
from khala.conditioning.singable import count_phones
from khala.conditioning.singers import draw_singer
from khala.conditioning.styles import STYLE_TEMPI, WALTZ_TEMPI
from khala.conditioning.voices import parse_singer
from khala.music.reading import Section, sections
from khala.music.request import SongRequest

TEMPI = {4: range(32, 73, 4), 3: range(36, 55, 6)}
"""Beats of a bar -> its lengths in the corpus, in frames. A tempo given as a number may lie between: conditions count
twelfths of a beat, and a model has seen them all."""
LINE_SECONDS = 2.55
"""A line takes two bars, or one where a bar is at least this long."""
INTROS, OUTROS = (1, 2, 4), (1, 2, 3)
"""Bars of an intro and of an outro; the last one of the outro is for the ring-out."""
SHAPES = (("verse",), ("verse", "chorus"), ("verse", "chorus", "inst", "chorus"))
"""Parts of a short instrumental between intro and outro; longer ones repeat verse and chorus before a bridge."""
CLOSE = 0.05
"""Tempi whose song misses the requested length by no more than this share are equally good."""
BRIEF = 6
"""Songs of fewer bars may drop intro and outro for words."""
LONGEST = 1.15
"""Words that would make the song longer than this share of the requested length are left out."""

LONG, BREATH, HASTE = 26, 2.5, MIN_FRAMES_PER_PHONE
"""A line of more than LONG phones gets time for BREATH frames a phone, as 95 of 100 of the corpus's lines have; where
time is short, every line gets HASTE frames a phone."""

Shares = tuple[int, ...]
"""The time that each line takes, as a multiple of the usual time."""
Form = list[tuple[str, int, Shares]]
"""Parts: name, bars, lines of lyrics."""


def plan_form(
    request: SongRequest, rate: float, lyrics: Sequence[Section] | None = None, goes_on: Outline | None = None
) -> Outline:
    """The outline of a request at `rate` codec frames a second. `lyrics` replaces the sections of its lyrics where a
    model does not sing all of them. The request's seed draws what is left open.

    What `goes_on` from another song, whose outline that is, keeps its bars, key, style and voice, and has no intro."""
    words = request.tags or (request.prompt,)
    random = Random(f"{request.seed} outline")
    style = next(iter(parse_styles(words)), "")
    beats = parse_beats(words) or 4
    sung = _sections(request, lyrics)
    frames = request.duration * rate
    plans = [
        (bar, _form(sung, frames / bar, bar, 1 if bar / rate >= LINE_SECONDS else 2, opens=goes_on is None))
        for bar in ([goes_on.bar] if goes_on and goes_on.bar else _bars(words, style, beats, rate))
    ]
    off = [abs(_length(form) * bar / frames - 1) for bar, form in plans]
    bar, form = random.choice([plan for plan, away in zip(plans, off, strict=True) if away <= max(min(off), CLOSE)])
    parts: list[Part] = []
    for name, bars, _ in form:
        begin = parts[-1].end if parts else 0
        parts.append(Part(begin, begin + bars * bar, name))
    lines = place_lines(parts, [shares for *_, shares in form])
    if goes_on:
        return replace(goes_on, frames=parts[-1].end, bar=bar, parts=tuple(parts), lines=lines, chords=())
    tonic, mode = parse_key(words)
    voice = parse_singer(words) or random.choice(("female", "male"))
    voice = voice if any(section.lines for section in sung) else "none"
    return Outline(
        frames=parts[-1].end,
        bar=bar,
        beats=beats,
        parts=tuple(parts),
        lines=lines,
        key=-1 if tonic is None else tonic + 12 * (mode == "minor"),
        style=style,
        voice=voice,
        singer=draw_singer(voice, request.seed),
    )


def wanted_seconds(request: SongRequest, rate: float, lyrics: Sequence[Section] | None = None) -> float | None:
    """The length of a song in which the words of a request are sung without hurry, in seconds; None without words."""
    sung = _sections(request, lyrics)
    if not any(section.lines for section in sung):
        return None
    words = request.tags or (request.prompt,)
    lengths = sorted(_bars(words, next(iter(parse_styles(words)), ""), parse_beats(words) or 4, rate))
    bar = lengths[len(lengths) // 2]
    line_bars = 1 if bar / rate >= LINE_SECONDS else 2
    form = min(_forms(sung, 0, line_bars, BREATH, bar), key=_length)
    return round(bar / rate * (_length(form) + 2), 1)


def _sections(request: SongRequest, lyrics: Sequence[Section] | None) -> list[Section]:
    if request.instrumental:
        return []
    return sections(request.lyrics) if lyrics is None else list(lyrics)


def playable_tempi(request: SongRequest, rate: float) -> tuple[float, float]:
    """The slowest and the fastest BPM of an outline with as many beats in a bar as the request asks for."""
    beats = parse_beats(request.tags or (request.prompt,)) or 4
    return 60 * rate * beats / TEMPI[beats][-1], 60 * rate * beats / TEMPI[beats][0]


def _bars(words: tuple[str, ...], style: str, beats: int, rate: float) -> list[int]:
    """The lengths that a bar may have, in frames: that of a tempo given as a number; those in the range of a tempo
    word, rather those usual in the style, or the shortest where all are slower; or those usual in the style."""
    every = list(TEMPI[beats])
    usual = list((STYLE_TEMPI if beats == 4 else WALTZ_TEMPI).get(style, every))

    def bpm(bar: int) -> float:
        return 60 * rate * beats / bar

    if said := parse_bpm(words):
        return [min(range(every[0], every[-1] + 1), key=lambda bar: abs(bpm(bar) / said - 1))]
    if limits := parse_tempo_range(words):
        inside = [bar for bar in every if limits[0] <= bpm(bar) < limits[1]] or every[:1]
        return [bar for bar in inside if bar in usual] or inside
    return usual


def _form(sung: list[Section], bars: float, bar: int, line_bars: int, opens: bool) -> Form:
    """The form nearest to `bars`, with `line_bars` for a line if the words then fit, and more for a long one; or else
    with as many of the words, from the first on, as fit."""
    tries = ((line_bars, BREATH), *((length, HASTE) for length in range(line_bars, 0, -1)))
    while _timed_lines(sung) > max(LONGEST * bars, 1):  # a bar for each would be too long
        sung = _without_last_line(sung)
    while True:
        for length, breath in tries:
            form = _nearest(_forms(sung, bars, length, breath, bar, opens), bars)
            if _length(form) <= LONGEST * bars:
                return form
        last = sum(len(section.lines) for section in sung) <= 1
        if bars < BRIEF or last:
            form = _nearest(_forms(sung, bars, 1, HASTE, bar, opens, brief=True), bars)
            if last or _length(form) <= LONGEST * bars:
                return form
        sung = _without_last_line(sung)


def _nearest(forms: Iterator[Form], bars: float) -> Form:
    return min(forms, key=lambda form: abs(_length(form) - bars))


def _forms(
    sung: list[Section],
    bars: float,
    line_bars: int,
    breath: float,
    bar: int,
    opens: bool = True,
    brief: bool = False,
) -> Iterator[Form]:
    """Every intro and outro, every length of the parts without words and, without any words, every shape. A line has
    `line_bars` of `bar` frames, more if its phones need them. A `brief` song may do without intro and outro, and
    what does not open a song has no intro."""
    most = int(bars / (4 * line_bars)) + 1
    if any(section.lines for section in sung):
        middle = [section for section in sung if section.lines or section.name not in ("intro", "outro")]
        shapes = [_with_breaks(middle, count) for count in range(most)]
    else:
        rounds = (("verse", "chorus") * n + end for n in range(2, most + 1) for end in ((), ("bridge", "chorus")))
        shapes = [[Section(name, ()) for name in shape] for shape in (*SHAPES, *rounds)]
    timed = [[(part, _shares(part, line_bars * bar, breath)) for part in shape] for shape in shapes]
    taken = [[(part.name or "verse", _taken(part, shares) * line_bars, shares) for part, shares in it] for it in timed]
    empties = (1, 2) if brief else (2 * line_bars, 4 * line_bars)
    intros, outros = ((0, 1), (0, 1)) if brief else (INTROS, OUTROS)
    for shape, empty, intro, outro in product(taken, empties, intros if opens else (0,), outros):
        parts = [(name, bars or empty, shares) for name, bars, shares in shape]
        yield [part for part in (("intro", intro, ()), *parts, ("outro", outro, ())) if part[1]]


def _without_last_line(sung: list[Section]) -> list[Section]:
    """The sections without their last line, and without those behind it that have none."""
    last = max(i for i, section in enumerate(sung) if section.lines)
    rest = Section(sung[last].name, sung[last].lines[:-1])
    return [*sung[:last], *([rest] if rest.lines else [])]


def _with_breaks(middle: list[Section], count: int) -> list[Section]:
    """The parts with `count` interludes between them, at even distances, for words that are soon sung."""
    places = [len(middle) * (n + 1) // (count + 1) for n in range(count)]
    parts: list[Section] = []
    for i in range(len(middle) + 1):
        parts += [Section("inst", ())] * places.count(i) + middle[i : i + 1]
    return parts


def _shares(section: Section, place: int, breath: float) -> Shares:
    """The places of `place` frames that each line takes, for each phone to have `breath` frames; one for lines no
    longer than the corpus's where there is time to breathe."""
    phones = map(count_phones, section.lines)
    return tuple(max(math.ceil(breath * n / place), 1) if n > LONG or breath == HASTE else 1 for n in phones)


def _taken(section: Section, shares: Shares) -> int:
    """The time that the lines take; those in brackets take none, for they answer the line before."""
    return sum(share for line, share in zip(section.lines, shares, strict=True) if not line.startswith("("))


def _timed_lines(sung: list[Section]) -> int:
    return sum(_taken(section, (1,) * len(section.lines)) for section in sung)


def _length(form: Form) -> int:
    return sum(bars for _, bars, _ in form)
