"""Drums: grooves, fills and crashes as step patterns, one line per piece of the kit (General MIDI drum notes)."""

from khala.corpus.compose.patterns import steps
from khala.corpus.score import Note, Section

PIECES = {
    "kick": 36,
    "stick": 37,
    "snare": 38,
    "clap": 39,
    "low": 41,
    "hat": 42,
    "mid": 45,
    "open": 46,
    "high": 48,
    "crash": 49,
    "ride": 51,
    "tambourine": 54,
    "shaker": 70,
}
LEVELS = {"X": 112, "x": 96, "o": 62}
"""Pattern marks: accent, stroke, ghost."""

GROOVES: dict[str, dict[str, str]] = {
    "pop verse": {
        "kick": "X.......x.x.....",
        "snare": "....X.......X...",
        "hat": "x.o.x.o.x.o.x.o.",
    },
    "pop chorus": {
        "kick": "X.....x.X.x.....",
        "snare": "....X.......X...",
        "hat": "x.x.x.x.x.x.x.x.",
        "tambourine": "..o...o...o...o.",
    },
    "rock verse": {
        "kick": "X.......X.x.....",
        "snare": "....X.......X...",
        "hat": "X.x.X.x.X.x.X.x.",
    },
    "rock chorus": {
        "kick": "X..x....X.x.....",
        "snare": "....X.......X...",
        "crash": "x...............|................",
        "open": "X...X...X...X...",
    },
    "side stick": {
        "kick": "X.........x.....",
        "stick": "....x.......x...",
        "hat": "o...o...o...o...",
    },
    "ballad chorus": {
        "kick": "X.........x.....",
        "snare": "....X.......X...",
        "hat": "x.o.x.o.x.o.x.o.",
    },
    "four": {
        "kick": "X...X...X...X...",
        "clap": "....X.......X...",
        "open": "..x...x...x...x.",
    },
    "four light": {
        "kick": "X...X...X...X...",
        "hat": "..x...x...x...x.",
    },
    "four full": {
        "kick": "X...X...X...X...",
        "clap": "....X.......X...",
        "open": "..x...x...x...x.",
        "hat": "xoooxoooxoooxooo",
    },
    "folk": {
        "kick": "x.......x.......",
        "shaker": "x.o.X.o.x.o.X.o.",
    },
    "folk full": {
        "kick": "x.......x.......",
        "shaker": "x.o.x.o.x.o.x.o.",
        "tambourine": "....X.......X...",
    },
    "folk waltz": {
        "kick": "x...........",
        "shaker": "x...o...o...",
    },
    "waltz": {
        "kick": "X...........",
        "stick": "....o...o...",
        "hat": "x...o...o...",
    },
    "waltz full": {
        "kick": "X...........",
        "snare": "....o...x...",
        "hat": "x.o.x.o.x.o.",
    },
    "swing": {
        "ride": "x...X.x.x...X.x.",
        "hat": "....o.......o...",
        "kick": "o.......o.......",
    },
    "swing full": {
        "ride": "x...X.x.x...X.x.",
        "hat": "....x.......x...",
        "kick": "x...o...x...o...",
        "stick": "............x...",
    },
    "hip hop": {
        "kick": "X......x..x.....",
        "snare": "....X.......X...",
        "hat": "x.x.x.x.x.x.x.x.",
    },
    "hip hop full": {
        "kick": "X..x...x..x.....",
        "snare": "....X.......X...",
        "hat": "x.xox.x.x.xox.x.",
        "open": "..............x.",
    },
    "hip hop light": {
        "kick": "X...............",
        "stick": "....x.......x...",
        "hat": "x...x...x...x...",
    },
    "toms": {
        "low": "X.....x.X.......",
        "mid": "............x.x.",
    },
    "toms full": {
        "kick": "X.......X.......",
        "low": "X..x..x.X..x..x.",
        "mid": "............x.x.",
        "crash": "X...............|................|................|................",
    },
    "hats": {
        "hat": "x...x...x...x...",
    },
}

FILLS: dict[str, dict[str, str]] = {
    "snare": {"snare": "x.x.xxXX", "kick": "X......."},
    "toms": {"high": "x.x.....", "mid": "....x...", "low": "......X.", "kick": "X......."},
    "build": {"snare": "x.x.x.x.", "kick": "X...X..."},
    "claps": {"clap": "x.x.xxxx", "kick": "X...X..."},
    "light": {"stick": "....x.x.", "kick": "x......."},
}
"""The last two beats of a section."""


def drums(section: Section, beats_per_bar: int, groove: str, fill: str, crash: bool) -> list[Note]:
    """A section's drums: the groove, a crash on its first beat, a fill on the last two beats (empty names: none)."""
    notes: list[Note] = []
    start, end = section.start_bar * beats_per_bar, (section.start_bar + section.bars) * beats_per_bar
    fill_from = end - 2 if fill else end
    for piece, pattern in GROOVES.get(groove, {}).items():
        for mark, beat, _ in steps(pattern, section, beats_per_bar):
            if mark != "." and beat < fill_from:
                notes.append(hit(piece, beat, LEVELS[mark]))
    for piece, marks in FILLS[fill].items() if fill else ():
        notes += [hit(piece, fill_from + n / 4, LEVELS[m]) for n, m in enumerate(marks) if m != "."]
    if crash and not any(note.start == start and note.pitch == PIECES["crash"] for note in notes):
        notes.append(hit("crash", start, LEVELS["x"]))
    return notes


def hit(piece: str, beat: float, velocity: int) -> Note:
    """One stroke."""
    return Note(beat, 0.25, PIECES[piece], velocity)
