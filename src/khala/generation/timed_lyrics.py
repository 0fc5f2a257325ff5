"""When each line and word of the lyrics is sung, as they were given, by the phones that the model was led through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from khala.audio.samples import Samples
from khala.generation.plan import TakePlan
from khala.models.lm.result import BackboneResult
from khala.music.spoken import spoken_words
from khala.music.timing import TimedLine, TimedWord, untimed

WHOLE = 0.75
"""A line counts as sung if this share of its phones is."""
Span = tuple[float, float]
"""First frame and the frame after the last, or start and end in seconds."""
LyricsAligner = Callable[[Samples, int, str], list[TimedLine]]
"""Samples [2, n], their rate and lyrics -> every line of the lyrics with its times."""


@dataclass(frozen=True)
class LyricsTiming:
    """The lines of a take's lyrics with their times, and whether the model itself knows these or the recogniser heard
    them."""

    lines: Sequence[TimedLine]
    timed_by: Literal["model", "recogniser"]


def model_timing(plan: TakePlan, result: BackboneResult, frame_rate: float) -> LyricsTiming | None:
    """Every line that the lyrics hold, in order; None for a model that does not know when they are sung."""
    phones = plan.conditioning.phones if plan.conditioning else None
    if phones is None or result.phone_index is None:
        return None
    index, singable = result.phone_index.tolist(), plan.preview.singable
    lines = untimed(plan.preview.lyrics)
    said: list[list[tuple[str, Span | None]]] = [[] for _ in lines]
    spans: list[list[tuple[int, int, float]]] = [[] for _ in lines]
    parts = zip(singable.sources, singable.lyrics.lines, phones.line_spans(index), strict=True)
    for number, (source, row, span) in enumerate(parts):
        words = spoken_words(row.text)
        its = phones.word_spans(number, [letters for _, letters in words], index)
        said[source] += [(word, word_span) for (word, _), word_span in zip(words, its, strict=True)]
        spans[source] += [span] if span else []

    def timed(number: int) -> TimedLine:
        line, its = lines[number], spans[number]
        if not its:
            return replace(line, sung=False)
        share = sum(share for _, _, share in its) / singable.sources.count(number)
        start, end = _seconds((its[0][0], its[-1][1]), frame_rate)
        words = _with_times(line.words, said[number], frame_rate)
        return replace(line, start=start, end=end, sung=share >= WHOLE, words=words)

    return LyricsTiming([timed(number) for number in range(len(lines))], "model")


def _with_times(
    words: Sequence[TimedWord], said: Sequence[tuple[str, Span | None]], frame_rate: float
) -> tuple[TimedWord, ...]:
    """Return the words of a line with the frames of what is said of them as times. A model leaves out words that it
    cannot sing, or parts of them."""
    timed, at = list(words), 0
    for text, span in said:
        place = next((place for place in range(at, len(timed)) if text in timed[place].text), None)
        if place is None:
            continue
        at = place + 1
        if span is not None:
            start, end = _seconds(span, frame_rate)
            timed[place] = replace(timed[place], start=start, end=end)
    return tuple(timed)


def _seconds(span: Span, frame_rate: float) -> Span:
    return round(span[0] / frame_rate, 3), round(span[1] / frame_rate, 3)
