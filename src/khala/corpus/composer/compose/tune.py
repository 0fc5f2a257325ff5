"""Tune of a song: motifs of its kinds of sections, laid over the chords wherever they are sung or played."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from khala.corpus.composer.compose.harmony import parse_numeral, scale, tones
from khala.corpus.composer.compose.melody import Motif, lay, motif
from khala.corpus.composer.compose.meter import BREATH_BEATS, MAX_NOTE_BEATS, METERS, MIN_ONSET_SECONDS, rhythms
from khala.corpus.composer.compose.plan import SongPlan
from khala.corpus.composer.score import FormSection

TUNE_SEMITONES = 17
"""Range of a tune, sung or played."""
SUNG_SECTIONS = ("verse", "pre-chorus", "chorus", "bridge")
"""Sections of a sung song that have words."""
HEIGHTS = {"verse": 0.38, "pre-chorus": 0.48, "chorus": 0.62, "bridge": 0.5, "solo": 0.6}
"""Section -> height of its tune within the range, 0..1."""
SECTION_CONTOURS = {
    "verse": (("arch", "rise", "wave"), ("fall", "level", "arch")),
    "chorus": (("rise", "dip", "arch"), ("fall", "arch", "wave")),
    "bridge": (("level", "rise"), ("fall", "dip")),
    "solo": (("arch", "wave", "dip"), ("fall", "wave")),
    "pre-chorus": (("level", "rise"), ("rise", "level")),
}
"""Section -> contours of its odd and of its even lines."""
PAIRS = ((7, 7), (8, 8), (6, 6), (5, 5), (8, 6), (7, 5))
"""Syllables of the odd and of the even lines."""
MIN_SYLLABLES_PER_SECOND = 1.7
"""Lowest density of a tune over whole lines, where a rhythm allows it."""


@dataclass(frozen=True)
class Phrase:
    """A line of the tune in its place: `onsets`, `lengths` and its `end` in beats of the song, MIDI `pitches`."""

    onsets: tuple[float, ...]
    lengths: tuple[float, ...]
    pitches: tuple[int, ...]
    end: float


Motifs = dict[str, tuple[Motif, Motif]]
"""Section name -> motifs of its odd and its even lines."""


def draw_motifs(plan: SongPlan) -> Motifs:
    """Draw the motifs of every kind of section that has a tune."""
    rng = plan.rng("tune")
    able = {syllables: rhythms(syllables, plan.line_beats, plan.beat_seconds) for syllables in METERS}
    pairs = [pair for pair in PAIRS if able[pair[0]] and able[pair[1]]]
    enough = 2 * MIN_SYLLABLES_PER_SECOND * plan.line_beats * plan.beat_seconds
    pairs = [pair for pair in pairs if sum(pair) >= enough] or [max(pairs, key=sum)]
    found: Motifs = {}
    for name, (odd, even) in SECTION_CONTOURS.items():
        pair = max(pairs, key=sum) if name == "solo" else rng.choice(pairs)
        first = rng.choice(able[pair[0]])
        second = first if pair[0] == pair[1] else rng.choice(able[pair[1]])
        first, second = (_pushed(plan, rng, onsets) for onsets in (first, second))
        found[name] = (
            motif(rng, METERS[pair[0]], first, rng.choice(odd)),
            motif(rng, METERS[pair[1]], second, rng.choice(even)),
        )
    return found


def _pushed(plan: SongPlan, rng: random.Random, onsets: tuple[float, ...]) -> tuple[float, ...]:
    """Return a rhythm, in some songs with one note, on a beat inside the line, half a beat early."""
    places = [
        place
        for place in range(1, len(onsets) - 1)
        if onsets[place] % 1 == 0 and onsets[place] - onsets[place - 1] >= 1
    ]
    if rng.random() >= plan.style.pushed or not places or 0.5 * plan.beat_seconds < MIN_ONSET_SECONDS:
        return onsets
    early = rng.choice(places)
    return (*onsets[:early], onsets[early] - 0.5, *onsets[early + 1 :])


def phrases(plan: SongPlan, motifs: Sequence[Motif], section: FormSection, low: int, height: float) -> list[Phrase]:
    """Return a section's lines of the tune, from pitch `low` up, on its motifs in turn."""
    home = frozenset(tones(parse_numeral("I" if plan.mode == "major" else "i", plan.key, plan.mode, 0, 1)))
    found = []
    for number in range(section.bars // plan.line_bars):
        start = float(section.start_bar * plan.beats_per_bar + number * plan.line_beats)
        motif = motifs[number % len(motifs)]
        last = home if number % 2 else frozenset[int]()
        pitches = lay(motif, start, section.chords, scale(plan.key, plan.mode), low, low + TUNE_SEMITONES, height, last)
        stops = (
            *motif.onsets[1:],
            min(plan.line_beats - BREATH_BEATS * plan.line_bars, motif.onsets[-1] + MAX_NOTE_BEATS),
        )
        lengths = tuple(stop - onset for onset, stop in zip(motif.onsets, stops, strict=True))
        found.append(Phrase(tuple(start + onset for onset in motif.onsets), lengths, pitches, start + plan.line_beats))
    return found
