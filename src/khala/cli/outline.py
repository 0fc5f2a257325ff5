"""The outline of a song in words, as `khala generate --dry-run` prints it."""

from collections.abc import Iterator

from khala.conditioning.outline import Outline
from khala.conditioning.preview import Preview, count_syllables


def outline_text(found: Preview, rate: float) -> Iterator[str]:
    """Yield the outline of a song at `rate` codec frames a second: what is played, each part and each line with the
    time at which it begins and its syllables, and in one line how long all words take. A model without an outline
    leaves parts and times to itself, so there the lines alone are listed."""
    rows = found.singable.lyrics.lines
    width = max((len(row.text) for row in rows), default=0)
    texts = [f"{row.text:<{width}}  {_count(count_syllables(row.text), 'syllable')}" for row in rows]
    if found.outline is None:
        yield from texts
    else:
        yield _summary(found.outline, rate)
        lines = list(zip(found.outline.lines, texts, strict=False))
        for part in found.outline.parts:
            yield f"{_clock(part.begin / rate)}  {part.name}"
            for (begin, end), text in lines:
                if part.begin <= begin < part.end:
                    yield f"{_clock(begin / rate)}    {text} in {(end - begin) / rate:.1f} s"
        yield from (f"not sung  {row.text}" for row in rows[len(lines) :])
    if rows:
        wanted = "" if found.wanted_seconds is None else f", about {found.wanted_seconds:.0f} s of song"
        syllables = sum(count_syllables(row.text) for row in rows)
        yield f"{_count(len(rows), 'line')}, {_count(syllables, 'syllable')}{wanted}"


def _summary(outline: Outline, rate: float) -> str:
    """Length, style, tempo, key and voice in one line."""
    known = outline.to_dict(rate)
    bpm, beats, key = known["bpm"], known["beats"], known["key"]
    voice = {"none": "no vocals", "": "any voice"}.get(outline.voice, f"{outline.voice} voice")
    tempo = f"{bpm:g} BPM, {beats} beats a bar" if bpm else "any tempo"
    return ", ".join([f"{outline.frames / rate:.0f} s", outline.style or "any style", tempo, key or "any key", voice])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
