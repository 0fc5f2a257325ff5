"""Swing: a periodic bend of time in which the second note of every pair comes late."""

from dataclasses import replace

from khala.corpus.score import Part, SungLine


def bend(beat: float, swing: float, grid: float) -> float:
    """Where a written beat falls: the middle of every `grid` beats moves to the share `swing` of them."""
    pair, place = divmod(beat, grid)
    share = place / grid
    bent = 2 * swing * share if share < 0.5 else swing + 2 * (1 - swing) * (share - 0.5)
    return (pair + bent) * grid


def swing_parts(parts: tuple[Part, ...], swing: float, grid: float) -> tuple[Part, ...]:
    """Parts with bent times."""
    return tuple(
        replace(part, notes=tuple(replace(n, **_bent(n.start, n.length, swing, grid)) for n in part.notes))
        for part in parts
    )


def swing_lines(lines: tuple[SungLine, ...], swing: float, grid: float) -> tuple[SungLine, ...]:
    """Sung lines with bent times."""
    return tuple(
        replace(line, syllables=tuple(replace(s, **_bent(s.start, s.length, swing, grid)) for s in line.syllables))
        for line in lines
    )


def _bent(start: float, length: float, swing: float, grid: float) -> dict[str, float]:
    begin = bend(start, swing, grid)
    return {"start": begin, "length": bend(start + length, swing, grid) - begin}
