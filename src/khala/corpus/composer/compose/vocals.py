"""Vocals: the lyrics of a song on its tune, a second voice in its choruses, answers in the rests."""

from dataclasses import dataclass, replace

from khala.corpus.composer.compose import lyrics, setting
from khala.corpus.composer.compose.harmony import chord_at, scale, tones
from khala.corpus.composer.compose.melody import Motif
from khala.corpus.composer.compose.meter import MIN_ONSET_SECONDS
from khala.corpus.composer.compose.plan import SongPlan
from khala.corpus.composer.compose.readings import CoupletPoet
from khala.corpus.composer.compose.tune import HEIGHTS, SUNG_SECTIONS, TUNE_SEMITONES, Motifs, Phrase, phrases
from khala.corpus.composer.compose.verses import Length, LyricLine, Poet
from khala.corpus.composer.compose.words import stresses
from khala.corpus.composer.score import Chord, FormSection, SungLine, SungSyllable
from khala.corpus.composer.singers import SINGERS

HARMONY_SHARE, ANSWER_SHARE, ORNAMENT_SHARE = 0.6, 0.6, 0.5
"""Shares of sung songs with a second voice in the chorus, with answers there (where they fit), and with steps into last
notes."""
TALK = (0.75, 1.0, 1.0, 1.25, 1.5)
"""Syllables of a free line per note of its motif; some songs have few words, some many."""
THIRDS = (3, 4, 5)
"""Semitones from the tune to the second voice."""


@dataclass(frozen=True)
class _Manner:
    """The manner of singing a song: `harmony` is +1 or -1 for a voice above or below in the chorus, 0 for none."""

    harmony: int
    answers: bool
    ornaments: bool


def write_vocals(plan: SongPlan, motifs: Motifs) -> tuple[tuple[SungLine, ...], str]:
    """Write the sung lines, and the lyrics with a tag for every section."""
    stanzas = iter(_stanzas(plan, motifs))
    manner = _manner(plan)
    sung: list[SungLine] = []
    text: list[str] = []
    for index, section in enumerate(plan.sections):
        text.append(f"[{section.name}]")
        if section.name in SUNG_SECTIONS:
            lines = next(stanzas)
            fitting = _fitting(plan, motifs[section.name], lines)
            tune = phrases(plan, fitting, section, SINGERS[plan.singer].low, HEIGHTS[section.name])
            for line, phrase in zip(lines, tune, strict=True):
                sung += _line(plan, manner, index, section, line, phrase)
            text += [line.text for line in sung if line.section == index]
        text.append("")
    return tuple(sung), "\n".join(text).strip()


def _stanzas(plan: SongPlan, motifs: Motifs) -> list[tuple[LyricLine, ...]]:
    """Write the words of every sung section, unless they are given."""
    if plan.stanzas:
        return [lines for _, lines in plan.stanzas]
    counts: list[tuple[str, tuple[int, ...]]] = []
    for section in plan.sections:
        if section.name in SUNG_SECTIONS:
            lines = section.bars // plan.line_bars
            counts.append((section.name, tuple(len(motifs[section.name][n % 2].onsets) for n in range(lines))))
    rng = plan.rng("lyrics")
    if plan.words_from == "phrases":
        stanzas = lyrics.write(rng, counts)
        return [tuple(LyricLine(words, lyrics.printed(words)) for words in stanza) for stanza in stanzas]
    most = setting.most_syllables(plan.line_beats, plan.line_bars, plan.beat_seconds)
    talk = rng.choice(TALK)
    lengths = [
        (name, tuple(_length(round(talk * count), most) for count in line_counts)) for name, line_counts in counts
    ]
    if plan.words_from == "readings":
        return CoupletPoet(rng, plan.singer).write(lengths)
    return Poet(rng, unheard=plan.words_from == "unheard").write(lengths)


def _length(syllables: int, most: int) -> Length:
    return Length(min(max(syllables - 1, 2), most), min(syllables + 2, most))


def _fitting(plan: SongPlan, motifs: tuple[Motif, Motif], lines: tuple[LyricLine, ...]) -> list[Motif]:
    """Return the motif of every line: its section's own for a line of phrases, else fitted to the words."""
    turns = [motifs[number % 2] for number in range(len(lines))]
    if plan.words_from == "phrases":
        return turns
    return [
        setting.fit(motif, line.words, plan.line_beats, plan.line_bars, plan.beats_per_bar, plan.beat_seconds)
        for motif, line in zip(turns, lines, strict=True)
    ]


def _manner(plan: SongPlan) -> _Manner:
    rng = plan.rng("manner")
    harmony = rng.choice((1, -1)) if rng.random() < HARMONY_SHARE else 0
    return _Manner(harmony, answers=rng.random() < ANSWER_SHARE, ornaments=rng.random() < ORNAMENT_SHARE)


def _line(
    plan: SongPlan, manner: _Manner, index: int, section: FormSection, line: LyricLine, phrase: Phrase
) -> list[SungLine]:
    """Return a line as sung, and the answer to it where there is one."""
    words, text = line
    places = [(word, number) for word, text in enumerate(words) for number in range(len(stresses(text)))]
    notes = zip(places, phrase.onsets, phrase.lengths, phrase.pitches, strict=True)
    syllables = [SungSyllable(word, number, start, length, pitch) for (word, number), start, length, pitch in notes]
    if section.name != "chorus":
        return [SungLine(index, text, words, _ornamented(plan, manner, section, syllables))]
    answer = _answer(plan, section, words, syllables, phrase.end) if manner.answers else ()
    if answer:
        said = words[-1 - answer[-1].word :]
        room = answer[0].start - 0.1 - syllables[-1].start
        syllables[-1] = replace(syllables[-1], length=min(syllables[-1].length, room))
    harmony = _harmony(plan, section, syllables, manner.harmony) if manner.harmony else ()
    sung = SungLine(index, text, words, tuple(syllables), harmony)
    return [sung, SungLine(index, lyrics.printed(said, answer=True), said, answer, answer=True)] if answer else [sung]


def _ornamented(
    plan: SongPlan, manner: _Manner, section: FormSection, syllables: list[SungSyllable]
) -> tuple[SungSyllable, ...]:
    """Return the syllables, the last one approached by the step above it if it is long enough and still on the chord
    half a beat later."""
    last = syllables[-1]
    if not manner.ornaments or last.length < 1.5 or 0.5 * plan.beat_seconds < MIN_ONSET_SECONDS:
        return tuple(syllables)
    inside = scale(plan.key, plan.mode)
    if last.pitch % 12 not in tones(chord_at(section.chords, last.start + 0.5)):
        return tuple(syllables)
    step = last.pitch + next(n for n in (2, 1, 3) if (last.pitch + n) % 12 in inside or n == 3)
    if step > SINGERS[plan.singer].low + TUNE_SEMITONES:
        return tuple(syllables)
    first = replace(last, pitch=step, length=0.5)
    return (*syllables[:-1], first, replace(last, start=last.start + 0.5, length=last.length - 0.5))


def _harmony(plan: SongPlan, section: FormSection, syllables: list[SungSyllable], side: int) -> tuple[int, ...]:
    """Return a second voice in thirds (or a fourth where the chord requires it), below where it would get too high."""
    highest = SINGERS[plan.backing].low + TUNE_SEMITONES + 2
    if max(syllable.pitch for syllable in syllables) + THIRDS[-1] > highest:
        side = -1
    inside = scale(plan.key, plan.mode)
    found = []
    for syllable in syllables:
        chord = frozenset(tones(chord_at(section.chords, syllable.start)))
        choices = [syllable.pitch + side * step for step in THIRDS]
        held = [pitch for pitch in choices if pitch % 12 in chord and syllable.pitch % 12 in chord]
        found.append((held or [pitch for pitch in choices if pitch % 12 in inside])[0])
    return tuple(found)


def _answer(
    plan: SongPlan, section: FormSection, words: tuple[str, ...], syllables: list[SungSyllable], end: float
) -> tuple[SungSyllable, ...]:
    """Return the last two to four syllables of a line again, in eighths up to a beat before `end`; () if none fit."""
    inside = scale(plan.key, plan.mode)
    for count in (3, 2, 4):
        first = len(syllables) - count
        start = end - 1 - 0.5 * (count - 1)
        if first < 1 or syllables[first].index or 0.5 * plan.beat_seconds < MIN_ONSET_SECONDS:
            continue  # inside a word, or too fast
        if start - syllables[-1].start < 1 or syllables[first].word == 0:
            continue
        answer = []
        for number, syllable in enumerate(syllables[first:]):
            last = number == count - 1
            begin = start + 0.5 * number
            stays = not last and syllable.pitch % 12 in inside
            pitch = syllable.pitch if stays else _nearest(syllable.pitch, chord_at(section.chords, begin))
            word = syllable.word - syllables[first].word
            answer.append(SungSyllable(word, syllable.index, begin, 0.75 if last else 0.5, pitch))
        return tuple(answer)
    return ()


def _nearest(pitch: int, chord: Chord) -> int:
    """Return the tone of a chord nearest to a pitch."""
    held = tones(chord)
    return next(p for away in range(7) for p in (pitch - away, pitch + away) if p % 12 in held)
