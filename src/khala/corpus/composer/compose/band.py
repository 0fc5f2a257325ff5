"""Parts of the band: drums, bass, comping and pad of every section, the lead, and the last chord."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from khala.corpus.composer.compose.bass import BASSES, LOWEST_ROOT, bass_pitches
from khala.corpus.composer.compose.comping import COMPS, comp_pitches
from khala.corpus.composer.compose.drums import drums, hit
from khala.corpus.composer.compose.grooves import FILLS
from khala.corpus.composer.compose.harmony import above, chord_at, tones, voicing
from khala.corpus.composer.compose.melody import Motif
from khala.corpus.composer.compose.patterns import play_pattern
from khala.corpus.composer.compose.plan import SongPlan
from khala.corpus.composer.compose.styles.base import KITS, LEAD_LOW, LEAD_LOW_ELSE, PROGRAMS, VARIANTS, Layer
from khala.corpus.composer.compose.tune import HEIGHTS, SUNG_SECTIONS, Motifs, phrases
from khala.corpus.composer.score import FONTS, Chord, FormSection, InstrumentPart, Note

COMP_LOW, PAD_LOW = 52, 57
"""Lowest notes of chords: below the tune, above the bass."""
PANS = {"comp": -0.3, "pad": 0.3, "lead": 0.15}
REVERBS = {"drums": 0.15, "bass": 0.05}
REPLY_SHARE = 0.4
"""Share of songs in which the lead answers the singer."""
MAIN_FONT_SHARE = 0.6
"""Share of parts played by the song's main sound font; the others draw any."""
RING_SHARE = 0.9
"""Share of the last bar for which the last chord is held."""


def band(plan: SongPlan, motifs: Motifs) -> tuple[InstrumentPart, ...]:
    """Return all parts that play a note."""
    played: dict[str, list[Note]] = {"drums": [], "bass": [], "comp": [], "pad": []}
    for section in plan.sections:
        layer = plan.arrangement.layer(section.name)
        if section is plan.sections[-1]:
            _ring_out(played, plan, section, layer)
            section = replace(section, bars=section.bars - 1, chords=section.chords[:-1])
        if section.bars:
            _accompany(played, plan, section, layer)
    played["lead"] = _lead(plan, motifs)
    return tuple(
        InstrumentPart(
            name=name,
            program=_program(plan, name),
            notes=tuple(sorted(notes, key=lambda note: (note.start, note.pitch))),
            pan=PANS.get(name, 0.0),
            reverb=REVERBS.get(name, 0.3),
            drums=name == "drums",
            font=_font(plan, name),
        )
        for name, notes in played.items()
        if notes
    )


def _font(plan: SongPlan, part: str) -> str:
    """Draw the sound font of a part: the song's main one, or any."""
    rng = plan.rng(f"{part} font")
    return (plan.rng("font") if rng.random() < MAIN_FONT_SHARE else rng).choice(list(FONTS))


def _program(plan: SongPlan, part: str) -> int:
    """Draw one of the programs or kits of the part's instrument."""
    rng = plan.rng(f"{part} program")
    if part == "drums":
        return rng.choice(KITS.get(plan.style.kit, (plan.style.kit,)))
    instrument = plan.lead if part == "lead" else getattr(plan.arrangement, part)
    return rng.choice((PROGRAMS[instrument], VARIANTS.get(instrument, PROGRAMS[instrument])))


def _accompany(played: dict[str, list[Note]], plan: SongPlan, section: FormSection, layer: Layer) -> None:
    """Add one section of drums, bass, comping and pad."""
    strength = round(52 + 48 * section.energy)

    def part(pattern: str, pitches: Callable[[str, Chord, Chord], Sequence[int]], gate: float) -> list[Note]:
        def velocity(beat: float) -> int:
            return strength + (8 if beat == 0 else 0)

        return play_pattern(pattern, section, plan.beats_per_bar, pitches, velocity, gate)

    crash = bool(layer.groove) and section.name in ("chorus", "inst", "solo")
    fill = plan.rng(f"{section.name} fill").choice(FILLS[layer.fill]) if layer.fill else {}
    played["drums"] += drums(section, plan.beats_per_bar, layer.groove, fill, crash)
    if layer.bass:
        played["bass"] += part(BASSES[layer.bass], bass_pitches, 0.92)
    if layer.comp:
        played["comp"] += part(COMPS[layer.comp], _chords(COMP_LOW), 0.95)
    if layer.pad:
        played["pad"] += part(COMPS[layer.pad], _chords(PAD_LOW), 1.0)


def _chords(low: int) -> Callable[[str, Chord, Chord], Sequence[int]]:
    return lambda mark, chord, following: comp_pitches(mark, chord, low)


def _lead(plan: SongPlan, motifs: Motifs) -> list[Note]:
    """Return the tune on an instrument: all of it where nobody sings, else that of the chorus in intro and interlude,
    and solos.

    In some songs it also answers the singer at the end of every second line of a verse.
    """
    low = LEAD_LOW.get(plan.lead, LEAD_LOW_ELSE)
    replies = plan.rng("replies").random() < REPLY_SHARE
    notes: list[Note] = []
    for section in plan.sections:
        if section.name in SUNG_SECTIONS and plan.voice:
            if replies and section.name == "verse":
                notes += _replies(plan, motifs["verse"], section, low)
        elif section.name != "outro":
            name = section.name if section.name in motifs else "chorus"
            for phrase in phrases(plan, motifs[name], section, low, HEIGHTS[name]):
                timed = zip(phrase.onsets, phrase.lengths, phrase.pitches, strict=True)
                notes += [Note(start, 0.95 * length, pitch, 100) for start, length, pitch in timed]
    return notes


def _replies(plan: SongPlan, motifs: tuple[Motif, Motif], section: FormSection, low: int) -> list[Note]:
    """Return three or four eighths down the chord at the end of every second line, where the singer leaves room."""
    notes = []
    for number in range(1, section.bars // plan.line_bars, 2):
        end = float(section.start_bar * plan.beats_per_bar + (number + 1) * plan.line_beats)
        free = plan.line_beats - motifs[1].onsets[-1] - 1
        count = min(int(2 * free), 4)
        if count >= 3:
            pitches = [above(low + 5, tone) for tone in tones(chord_at(section.chords, end - 0.5))]
            line = sorted((*pitches, pitches[0] + 12), reverse=True)[:count]
            notes += [Note(end - 0.5 * (count - k), 0.45, pitch, 84) for k, pitch in enumerate(line)]
    return notes


def _ring_out(played: dict[str, list[Note]], plan: SongPlan, section: FormSection, layer: Layer) -> None:
    """Add the last bar: all parts of the outro strike the tonic and let it ring."""
    last = section.chords[-1]
    length = RING_SHARE * last.length
    strength = round(62 + 30 * section.energy)
    chord = "p" if layer.comp.startswith("power") else "x"
    played["comp"] += [Note(last.start, length, pitch, strength) for pitch in comp_pitches(chord, last, COMP_LOW)]
    if layer.bass:
        played["bass"].append(Note(last.start, length, above(LOWEST_ROOT, last.root), strength))
    if layer.pad:
        played["pad"] += [Note(last.start, length, pitch, strength) for pitch in voicing(last, PAD_LOW)]
    if layer.groove:
        played["drums"] += [hit(piece, last.start, "x", section.energy) for piece in ("kick", "crash")]
