"""Ground truth of a rendered song, times in seconds."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from khala.corpus.composer.score import Score
from khala.corpus.composer.voice import TimedPhone

_BREATH = 0.3  # seconds; a shorter pause does not end a vocal region


def truth_of(score: Score, phones: Sequence[Sequence[TimedPhone]]) -> dict[str, Any]:
    """Return the ground truth (docs/corpus.md) as plain JSON values; `phones` are those of each line, in seconds."""
    beat = score.beat_seconds
    words = [
        {"word": line.words[number], "line": index, "start": group[0].start, "end": group[-1].end}
        for index, (line, sung) in enumerate(zip(score.lines, phones, strict=True))
        for number, group in ((number, list(group)) for number, group in groupby(sung, key=lambda p: p.number))
    ]
    seconds_per_bar = beat * score.beats_per_bar
    truth = {
        "bpm": score.bpm,
        "beats_per_bar": score.beats_per_bar,
        "frames_per_bar": score.frames_per_bar,
        "key": score.key,
        "mode": score.mode,
        "singer": score.singer,
        "backing": score.backing,
        "words_from": score.words_from,
        "sections": [
            {
                "name": section.name,
                "start": section.start_bar * seconds_per_bar,
                "end": (section.start_bar + section.bars) * seconds_per_bar,
                "energy": section.energy,
            }
            for section in score.sections
        ],
        "chords": [
            {
                "start": chord.start * beat,
                "end": (chord.start + chord.length) * beat,
                "root": chord.root,
                "quality": chord.quality,
            }
            for section in score.sections
            for chord in section.chords
        ],
        "parts": [
            {"name": part.name, "program": part.program, "drums": part.drums, "font": part.font} for part in score.parts
        ],
        "lines": [{"section": line.section, "text": line.text, "answer": line.answer} for line in score.lines],
        "notes": [
            {"start": s.start * beat, "end": (s.start + s.length) * beat, "pitch": s.pitch, "line": index}
            for index, line in enumerate(score.lines)
            for s in line.syllables
        ],
        "harmony": [
            {"start": s.start * beat, "end": (s.start + s.length) * beat, "pitch": pitch, "line": index}
            for index, line in enumerate(score.lines)
            for s, pitch in zip(line.syllables, line.harmony, strict=False)
        ],
        "words": words,
        "phones": [{"phone": p.name, "start": p.start, "end": p.end} for sung in phones for p in sung],
        "vocal": _regions([(word["start"], word["end"]) for word in words]),
    }
    return {key: _rounded(value) for key, value in truth.items()}


def _regions(spans: Sequence[tuple[Any, Any]]) -> list[list[float]]:
    """Return where somebody sings: spans in time order, joined over short pauses."""
    regions: list[list[float]] = []
    for start, end in sorted(spans):
        if regions and start - regions[-1][1] < _BREATH:
            regions[-1][1] = max(regions[-1][1], end)
        else:
            regions.append([start, end])
    return regions


def _rounded(value: Any) -> Any:
    """Round all numbers to tenths of milliseconds, which keeps the files small."""
    match value:
        case float():
            return round(value, 4)
        case dict():
            return {key: _rounded(inner) for key, inner in value.items()}
        case list():
            return [_rounded(inner) for inner in value]
    return value
