"""The band: drums, bass, comping and pad of every section, the lead, and the last chord."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from khala.corpus.compose import bass, comping
from khala.corpus.compose.drums import drums, hit
from khala.corpus.compose.harmony import above, voicing
from khala.corpus.compose.patterns import play
from khala.corpus.compose.plan import Plan
from khala.corpus.compose.styles.base import LEAD_LOW, LEAD_LOW_ELSE, PROGRAMS, Layer
from khala.corpus.compose.tune import HEIGHTS, Motifs, phrases
from khala.corpus.score import Chord, Note, Part, Section

COMP_LOW, PAD_LOW = 52, 57
"""Lowest notes of chords: under the tune, clear of the bass."""
PANS = {"comp": -0.3, "pad": 0.3, "lead": 0.15}
REVERBS = {"drums": 0.15, "bass": 0.05}
RING = 0.9
"""Share of the last bar through which the last chord is held."""


def band(plan: Plan, motifs: Motifs) -> tuple[Part, ...]:
    """All parts that play a note."""
    played: dict[str, list[Note]] = {"drums": [], "bass": [], "comp": [], "pad": []}
    for section in plan.sections:
        layer = plan.arrangement.layers[section.name]
        if section is plan.sections[-1]:
            _ring_out(played, plan, section, layer)
            section = replace(section, bars=section.bars - 1, chords=section.chords[:-1])
        if section.bars:
            _accompany(played, plan, section, layer)
    played["lead"] = _lead(plan, motifs)
    programs = {
        "drums": plan.style.kit,
        "bass": PROGRAMS[plan.arrangement.bass],
        "comp": PROGRAMS[plan.arrangement.comp],
        "pad": PROGRAMS[plan.arrangement.pad] if plan.arrangement.pad else 0,
        "lead": PROGRAMS[plan.lead],
    }
    return tuple(
        Part(
            name=name,
            program=programs[name],
            notes=tuple(sorted(notes, key=lambda note: (note.start, note.pitch))),
            pan=PANS.get(name, 0.0),
            reverb=REVERBS.get(name, 0.3),
            drums=name == "drums",
        )
        for name, notes in played.items()
        if notes
    )


def _accompany(played: dict[str, list[Note]], plan: Plan, section: Section, layer: Layer) -> None:
    """One section of drums, bass, comping and pad."""
    strength = round(66 + 34 * section.energy)

    def part(pattern: str, pitches: Callable[[str, Chord, Chord], Sequence[int]], gate: float) -> list[Note]:
        def velocity(beat: float) -> int:
            return strength + (8 if beat == 0 else 0)

        return play(pattern, section, plan.beats_per_bar, pitches, velocity, gate)

    crash = bool(layer.groove) and section.name in ("chorus", "inst")
    played["drums"] += drums(section, plan.beats_per_bar, layer.groove, layer.fill, crash)
    if layer.bass:
        played["bass"] += part(bass.BASSES[layer.bass], bass.pitches, 0.92)
    if layer.comp:
        played["comp"] += part(comping.COMPS[layer.comp], _chords(COMP_LOW), 0.95)
    if layer.pad:
        played["pad"] += part(comping.COMPS[layer.pad], _chords(PAD_LOW), 1.0)


def _chords(low: int) -> Callable[[str, Chord, Chord], Sequence[int]]:
    return lambda mark, chord, following: comping.pitches(mark, chord, low)


def _lead(plan: Plan, motifs: Motifs) -> list[Note]:
    """The tune on an instrument: all of it where nobody sings, else the chorus' in intro and solo."""
    low = LEAD_LOW.get(plan.lead, LEAD_LOW_ELSE)
    notes: list[Note] = []
    for section in plan.sections:
        if (section.name in motifs and plan.voice) or section.name == "outro":
            continue
        name = section.name if section.name in motifs else "chorus"
        for phrase in phrases(plan, motifs[name], section, low, HEIGHTS[name]):
            timed = zip(phrase.onsets, phrase.lengths, phrase.pitches, strict=True)
            notes += [Note(start, 0.95 * length, pitch, 100) for start, length, pitch in timed]
    return notes


def _ring_out(played: dict[str, list[Note]], plan: Plan, section: Section, layer: Layer) -> None:
    """The last bar: all who play in the outro strike the tonic and let it ring."""
    last = section.chords[-1]
    length = RING * last.length
    strength = round(62 + 30 * section.energy)
    chord = "p" if layer.comp.startswith("power") else "x"
    played["comp"] += [Note(last.start, length, pitch, strength) for pitch in comping.pitches(chord, last, COMP_LOW)]
    if layer.bass:
        played["bass"].append(Note(last.start, length, above(bass.LOW, last.root), strength))
    if layer.pad:
        played["pad"] += [Note(last.start, length, pitch, strength) for pitch in voicing(last, PAD_LOW)]
    if layer.groove:
        played["drums"] += [hit(piece, last.start, "x", section.energy) for piece in ("kick", "crash")]
