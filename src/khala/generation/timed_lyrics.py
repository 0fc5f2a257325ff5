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
    timed = [replace(line, sung=False) for line in untimed(plan.preview.lyrics)]
    shares, taken = [0.0] * len(timed), [0] * len(timed)
    parts = zip(singable.sources, singable.lyrics.lines, phones.line_spans(index), strict=False)
    for number, (source, row, span) in enumerate(parts):
        said = spoken_words(row.text)
        spans = phones.word_spans(number, [letters for _, letters in said], index)
        said_words = [word for word, _ in said]
        words, taken[source] = _with_times(timed[source].words, taken[source], said_words, spans, frame_rate)
        if span is None:
            continue
        first, end, share = span
        shares[source] += share / singable.sources.count(source)
        line = timed[source]
        start = round(first / frame_rate, 3) if line.start is None else line.start
        end_seconds = round(end / frame_rate, 3)
        timed[source] = replace(line, start=start, end=end_seconds, sung=shares[source] >= WHOLE, words=words)
    return LyricsTiming(timed, "model")


def _with_times(
    words: Sequence[TimedWord],
    taken: int,
    said: Sequence[str],
    spans: Sequence[tuple[float, float] | None],
    frame_rate: float,
) -> tuple[tuple[TimedWord, ...], int]:
    """Return the words of a line, those after the first `taken` with the times of what is said of them, and how many
    are taken now. A model leaves out words that it cannot sing, or parts of them."""
    timed, at = list(words), taken
    for text, span in zip(said, spans, strict=True):
        place = next((place for place in range(at, len(timed)) if text in timed[place].text), None)
        if place is None:
            continue
        at = place + 1
        if span is not None:
            start, end = (round(frame / frame_rate, 3) for frame in span)
            timed[place] = replace(timed[place], start=start, end=end)
    return tuple(timed), at
