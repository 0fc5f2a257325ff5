"""Singing: the words of a song on its tune, one syllable a note."""

from khala.corpus.compose import lyrics
from khala.corpus.compose.plan import Plan
from khala.corpus.compose.tune import HEIGHTS, Motifs, Phrase, phrases
from khala.corpus.compose.words import stresses
from khala.corpus.score import SungLine, Syllable

VOICES = {"female": 57, "male": 48}
"""Lowest note of a voice: A3, C3."""


def sing(plan: Plan, motifs: Motifs) -> tuple[tuple[SungLine, ...], str]:
    """The sung lines, and the lyrics with a tag for every section."""
    syllables: dict[str, tuple[int, ...]] = {}
    for section in plan.sections:
        if section.name in motifs:
            lines = section.bars // plan.line_bars
            syllables[section.name] = tuple(len(motifs[section.name][n % 2].onsets) for n in range(lines))
    names = [section.name for section in plan.sections]
    stanzas = iter(lyrics.write(plan.lots("lyrics"), [(name, syllables[name]) for name in names if name in syllables]))
    sung: list[SungLine] = []
    text: list[str] = []
    for index, section in enumerate(plan.sections):
        text.append(f"[{section.name}]")
        if section.name in motifs:
            tune = phrases(plan, motifs[section.name], section, VOICES[plan.voice], HEIGHTS[section.name])
            for words, phrase in zip(next(stanzas), tune, strict=True):
                line = SungLine(index, lyrics.printed(words), words, _syllables(words, phrase))
                sung.append(line)
                text.append(line.text)
        text.append("")
    return tuple(sung), "\n".join(text).strip()


def _syllables(words: tuple[str, ...], phrase: Phrase) -> tuple[Syllable, ...]:
    places = [(word, index) for word, text in enumerate(words) for index in range(len(stresses(text)))]
    notes = zip(places, phrase.onsets, phrase.lengths, phrase.pitches, strict=True)
    return tuple(Syllable(word, index, start, length, pitch) for (word, index), start, length, pitch in notes)
