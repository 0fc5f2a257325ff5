"""A request becomes an outline: how fast, how many bars of what, which line when, for models that are shown one.

It keeps to what Khala's corpus does, for its models know nothing else: a bar is a whole number of codec frames (which
is within 1.6 % of any tempo), a line of lyrics lasts two bars, or one where bars are long, and a song of words alone
has an intro before them and an outro after them.
"""

from collections.abc import Iterator
from itertools import product
from random import Random

from khala.music.lyrics import Section, sections
from khala.music.outline import Outline, Part, spread
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

Form = list[tuple[str, int, int]]
"""Parts: name, bars, lines of lyrics."""


def arrange(request: SongRequest, rate: float) -> Outline:
    """The outline of a request at `rate` codec frames a second. What is left open is drawn by the request's seed."""
    words = request.tags or (request.prompt,)
    random = Random(f"{request.seed} outline")
    style = next(iter(stated_styles(words)), "")
    beats = 3 if "waltz" in " ".join(words).lower() else 4
    sung = [] if request.instrumental else sections(request.lyrics)
    frames = request.duration * rate
    plans = [(bar, _form(sung, frames / bar, bar / rate)) for bar in _bars(words, style, beats, rate)]
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
        lines=spread(parts, [lines for *_, lines in form]),
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


def _form(sung: list[Section], bars: float, bar_seconds: float) -> Form:
    """The form nearest to so many bars, with lines as long as usual if the words then fit."""
    line_bars = 1 if bar_seconds >= LINE_SECONDS else 2
    for length in range(line_bars, 0, -1):
        form = min(_forms(sung, bars, length), key=lambda form: abs(_length(form) - bars))
        if _length(form) <= LONGEST * bars:
            return form
    while _length(form) > LONGEST * bars and len(form) > 3:
        del form[-2]
    return form


def _forms(sung: list[Section], bars: float, line_bars: int) -> Iterator[Form]:
    """Every intro and outro, every length of the parts without words and, without any words, every shape."""
    most = int(bars / (4 * line_bars)) + 1
    if any(section.lines for section in sung):
        middle = [section for section in sung if section.lines or section.name not in ("intro", "outro")]
        shapes = [_with_breaks(middle, count) for count in range(most)]
    else:
        rounds = (("verse", "chorus") * n + end for n in range(2, most + 1) for end in ((), ("bridge", "chorus")))
        shapes = [[Section(name, ()) for name in shape] for shape in (*SHAPES, *rounds)]
    for shape, empty, intro, outro in product(shapes, (2 * line_bars, 4 * line_bars), INTROS, OUTROS):
        parts = [(part.name or "verse", _calls(part) * line_bars or empty, len(part.lines)) for part in shape]
        yield [("intro", intro, 0), *parts, ("outro", outro, 0)]


def _with_breaks(middle: list[Section], count: int) -> list[Section]:
    """The parts with so many interludes between them, at even distances, for words that are soon sung."""
    places = [len(middle) * (n + 1) // (count + 1) for n in range(count)]
    parts: list[Section] = []
    for i in range(len(middle) + 1):
        parts += [Section("inst", ())] * places.count(i) + middle[i : i + 1]
    return parts


def _calls(section: Section) -> int:
    """Lines that take time of their own: not those in brackets, which answer the line before."""
    return sum(not line.startswith("(") for line in section.lines)


def _length(form: Form) -> int:
    return sum(bars for _, bars, _ in form)
