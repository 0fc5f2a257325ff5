"""A request becomes an outline: how fast, how many bars of what, which line when, for models that are shown one.

It keeps to what Khala's corpus does, for its models know nothing else: a bar is a whole number of codec frames (which
is within 1.6 % of any tempo), a line of lyrics lasts two bars, or one where bars are long, and a song of words alone
has an intro before them and an outro after them.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from random import Random

from khala.music.lyrics import Section, sections
from khala.music.outline import Outline, Part, spread
from khala.music.phones import LETTERS, phonetic
from khala.music.request import SongRequest
from khala.music.styles import STYLE_TEMPI, WALTZ_TEMPI
from khala.music.wishes import stated_bpm, stated_key, stated_limits, stated_singer, stated_styles

TEMPI = {4: range(32, 73, 4), 3: range(36, 55, 6)}
"""Beats of a bar -> how many frames it has in the corpus. A tempo by number may lie between: where in a bar a frame is,
is told in twelfths of a beat, and these a model has seen all."""
LINE_SECONDS = 2.55
"""A line takes two bars, or one where a bar lasts at least this long."""
INTROS, OUTROS = (1, 2, 4), (1, 2, 3)
"""Bars that they may have; the last of the outro is for the ring-out."""
SHAPES = (("verse",), ("verse", "chorus"), ("verse", "chorus", "inst", "chorus"))
"""What a short instrumental may have between intro and outro; longer ones repeat verse and chorus before a bridge."""
CLOSE = 0.05
"""Tempi by which the song would be as long as asked, within this share, are all as good."""
LONGEST = 1.15
"""Words that would make the song longer than this, as a share of what was asked, are left out."""

LONG, BREATH = 26, 2.5
"""A line of more phones than the corpus has in one gets so much more time that a phone has so many frames, as 95 of 100
of the corpus's lines have."""

Shares = tuple[int, ...]
"""How much time each line of lyrics takes, as a multiple of what is usual."""
Form = list[tuple[str, int, Shares]]
"""Parts: name, bars, lines of lyrics."""


def arrange(request: SongRequest, rate: float) -> Outline:
    """The outline of a request at `rate` codec frames a second. What is left open is drawn by the request's seed."""
    words = request.tags or (request.prompt,)
    random = Random(f"{request.seed} outline")
    style = next(iter(stated_styles(words)), "")
    beats = 3 if "waltz" in " ".join(words).lower() else 4
    sung = [] if request.instrumental else sections(request.lyrics)
    frames = request.duration * rate
    plans = [
        (bar, _form(sung, frames / bar, bar, 1 if bar / rate >= LINE_SECONDS else 2))
        for bar in _bars(words, style, beats, rate)
    ]
    off = [abs(_length(form) * bar / frames - 1) for bar, form in plans]
    bar, form = random.choice([plan for plan, away in zip(plans, off, strict=True) if away <= max(min(off), CLOSE)])
    parts: list[Part] = []
    for name, bars, _ in form:
        begin = parts[-1].end if parts else 0
        parts.append(Part(begin, begin + bars * bar, name))
    tonic, mode = stated_key(words)
    singer = stated_singer(words) or random.choice(("female", "male"))
    return Outline(
        frames=parts[-1].end,
        bar=bar,
        beats=beats,
        parts=tuple(parts),
        lines=spread(parts, [shares for *_, shares in form]),
        key=-1 if tonic is None else tonic + 12 * (mode == "minor"),
        style=style,
        voice=singer if any(section.lines for section in sung) else "none",
    )


def _bars(words: tuple[str, ...], style: str, beats: int, rate: float) -> list[int]:
    """How many frames a bar may have: as many as a tempo by number wants; what lies in the range of a tempo by word, as
    far as it is usual in the style; or what is usual."""
    every = list(TEMPI[beats])
    usual = list((STYLE_TEMPI if beats == 4 else WALTZ_TEMPI).get(style, every))

    def bpm(bar: int) -> float:
        return 60 * rate * beats / bar

    if said := stated_bpm(words):
        return [min(range(every[0], every[-1] + 1), key=lambda bar: abs(bpm(bar) / said - 1))]
    if limits := stated_limits(words):
        inside = [bar for bar in every if limits[0] <= bpm(bar) < limits[1]]
        return [bar for bar in inside if bar in usual] or inside or usual
    return usual


def _form(sung: list[Section], bars: float, bar: int, line_bars: int) -> Form:
    """The form nearest to so many bars, with `line_bars` for a line if the words then fit, and more for a long one."""
    for length, patient in (line_bars, True), *((length, False) for length in range(line_bars, 0, -1)):
        place = length * bar if patient else math.inf
        form = min(_forms(sung, bars, length, place), key=lambda form: abs(_length(form) - bars))
        if _length(form) <= LONGEST * bars:
            return form
    while _length(form) > LONGEST * bars and len(form) > 3:
        del form[-2]
    return form


def _forms(sung: list[Section], bars: float, line_bars: int, place: float) -> Iterator[Form]:
    """Every intro and outro, every length of the parts without words and, without any words, every shape. A line has
    `line_bars`, more if it is too long for a `place` of so many frames."""
    most = int(bars / (4 * line_bars)) + 1
    if any(section.lines for section in sung):
        middle = [section for section in sung if section.lines or section.name not in ("intro", "outro")]
        shapes = [_with_breaks(middle, count) for count in range(most)]
    else:
        rounds = (("verse", "chorus") * n + end for n in range(2, most + 1) for end in ((), ("bridge", "chorus")))
        shapes = [[Section(name, ()) for name in shape] for shape in (*SHAPES, *rounds)]
    timed = [[(part, _shares(part, place)) for part in shape] for shape in shapes]
    for shape, empty, intro, outro in product(timed, (2 * line_bars, 4 * line_bars), INTROS, OUTROS):
        parts = [(part.name or "verse", _taken(part, shares) * line_bars or empty, shares) for part, shares in shape]
        yield [("intro", intro, ()), *parts, ("outro", outro, ())]


def _with_breaks(middle: list[Section], count: int) -> list[Section]:
    """The parts with so many interludes between them, at even distances, for words that are soon sung."""
    places = [len(middle) * (n + 1) // (count + 1) for n in range(count)]
    parts: list[Section] = []
    for i in range(len(middle) + 1):
        parts += [Section("inst", ())] * places.count(i) + middle[i : i + 1]
    return parts


def _shares(section: Section, place: float) -> Shares:
    phones = map(_phones, section.lines)
    return tuple(max(math.ceil(BREATH * count / place), 1) if count > LONG else 1 for count in phones)


@lru_cache(4096)
def _phones(line: str) -> int:
    return sum(letter in LETTERS for letter in phonetic(line))


def _taken(section: Section, shares: Shares) -> int:
    """What time the lines take, those in brackets none of their own: they answer the line before."""
    return sum(share for line, share in zip(section.lines, shares, strict=True) if not line.startswith("("))


def _length(form: Form) -> int:
    return sum(bars for _, bars, _ in form)
