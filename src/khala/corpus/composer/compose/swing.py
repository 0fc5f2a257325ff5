"""Swing: a periodic bend of time that delays the second half of every stretch."""

from dataclasses import replace

from khala.corpus.composer.score import InstrumentPart, Note, SungLine, SungSyllable


class Swing:
    """A bend of times in beats: the middle of every `grid` beats moves to the share `late` of them."""

    def __init__(self, late: float, grid: float) -> None:
        self.late, self.grid = late, grid

    def bend(self, beat: float) -> float:
        """Return the beat on which a written beat falls."""
        stretch, place = divmod(beat, self.grid)
        share = place / self.grid
        late = 2 * self.late * share if share < 0.5 else 1 - 2 * (1 - self.late) * (1 - share)
        return (stretch + late) * self.grid

    def part(self, part: InstrumentPart) -> InstrumentPart:
        """Return a part with its notes bent."""
        notes = []
        for note in part.notes:
            start = self.bend(note.start)
            notes.append(Note(start, self.bend(note.start + note.length) - start, note.pitch, note.velocity))
        return replace(part, notes=tuple(notes))

    def line(self, line: SungLine) -> SungLine:
        """Return a sung line with its syllables bent."""
        syllables = []
        for sung in line.syllables:
            start = self.bend(sung.start)
            length = self.bend(sung.start + sung.length) - start
            syllables.append(SungSyllable(sung.word, sung.index, start, length, sung.pitch))
        return replace(line, syllables=tuple(syllables))
