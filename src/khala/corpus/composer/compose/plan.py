"""Plan of a song: style, metre, tempo, key, form and harmony, drawn before any note is written."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from khala.conditioning.form import LINE_SECONDS
from khala.corpus.composer.compose import form
from khala.corpus.composer.compose.harmony import parse_numeral
from khala.corpus.composer.compose.styles.base import Arrangement, Style
from khala.corpus.composer.compose.verses import LyricLine
from khala.corpus.composer.score import ROOMS, FormSection, Mix
from khala.corpus.composer.singers import NATURAL_SEEDS, draw_singers
from khala.corpus.data.audio_format import FRAME_RATE
from khala.corpus.data.split import is_held_out

_HARMONY_OF = {"intro": "verse", "pre-chorus": "bridge", "inst": "chorus", "solo": "chorus"}
SOURCES = ("phrases", "templates", "readings", "unheard", "given")
"""Sources of lyrics; "readings" are a natural voice's recorded lines of templates, "unheard" are templates with words
that occur in held-out songs only, "given" are the caller's."""
Stanza = tuple[str, tuple[LyricLine, ...]]
"""A section's name and its lines."""
PHRASE_SHARE, UNHEARD_SONG_SHARE = 0.35, 0.7
"""Share of flite's songs with lyrics of phrases, and share of the held-out songs with held-out words."""
WALTZ_SHARE = 0.35
"""Share of waltzes in styles that have them."""


@dataclass(frozen=True)
class SongPlan:
    """The plan of a song; voices as in `Score`, `lead` names an instrument, a line of the tune takes `line_bars` bars.

    `words_from` is one of `SOURCES`, "" where nobody sings; `stanzas` are the lyrics if they were given.
    """

    seed: int
    style: Style
    voice: str
    singer: str
    backing: str
    beats_per_bar: int
    frames_per_bar: int
    mode: str
    key: int
    mood: str
    arrangement: Arrangement
    lead: str
    line_bars: int
    mix: Mix
    sections: tuple[FormSection, ...]
    words_from: str
    stanzas: tuple[Stanza, ...]

    @property
    def beat_seconds(self) -> float:
        return self.frames_per_bar / FRAME_RATE / self.beats_per_bar

    @property
    def line_beats(self) -> int:
        return self.line_bars * self.beats_per_bar

    def rng(self, what: str) -> random.Random:
        """Return a random generator for one kind of choice, so that a further choice does not shift all others."""
        return random.Random(f"{self.seed} {what}")


def draw_plan(seed: int, seconds: float, style: Style, voice: str, stanzas: Sequence[Stanza] = ()) -> SongPlan:
    """Draw the plan of a song of about `seconds`, or of one that sings `stanzas`."""
    rng = random.Random(f"{seed} plan")
    waltz = bool(style.waltzes) and rng.random() < WALTZ_SHARE
    beats = 3 if waltz else 4
    frames = rng.choice(style.waltz_tempi if waltz else style.tempi)
    mode = "major" if rng.random() < style.major else "minor"
    key = rng.choice(style.keys)
    arrangement = rng.choice(style.waltzes if waltz else style.arrangements)
    line_bars = 1 if frames / FRAME_RATE >= LINE_SECONDS else 2
    if stanzas:
        sung = ((name, len(lines) * line_bars) for name, lines in stanzas)
        parts: form.Parts = (("intro", 2), *sung, ("outro", 2))
    else:
        parts = form.draw_form(seconds * FRAME_RATE / frames, line_bars, rng)
    natural = seed in NATURAL_SEEDS
    singer, backing = draw_singers(random.Random(f"{seed} singers"), voice, natural) if voice else ("", "")
    return SongPlan(
        seed=seed,
        style=style,
        voice=voice,
        singer=singer,
        backing=backing,
        beats_per_bar=beats,
        frames_per_bar=frames,
        mode=mode,
        key=key,
        mood=rng.choice(style.moods[mode]),
        arrangement=arrangement,
        lead=rng.choice(arrangement.leads),
        line_bars=line_bars,
        mix=_mix(random.Random(f"{seed} mix"), style.mix),
        sections=_sections(rng, parts, style, arrangement, beats, line_bars, key, mode),
        words_from="given" if stanzas else _words_from(seed, natural) if voice else "",
        stanzas=tuple(stanzas),
    )


def _words_from(seed: int, natural: bool) -> str:
    rng = random.Random(f"{seed} words")
    if is_held_out(f"song-{seed}") and rng.random() < UNHEARD_SONG_SHARE:
        return "unheard"
    if natural:
        return "readings"
    return "phrases" if rng.random() < PHRASE_SHARE else "templates"


def _mix(rng: random.Random, usual: Mix) -> Mix:
    """Draw a mix: the style's `usual` one, in some songs in another room, with a random tilt."""
    room = usual.room if rng.random() < 0.75 else rng.choice(ROOMS)
    return replace(usual, room=room, tilt=usual.tilt + rng.uniform(-1.5, 1.5))


def _sections(
    rng: random.Random,
    parts: form.Parts,
    style: Style,
    arrangement: Arrangement,
    beats: int,
    line_bars: int,
    key: int,
    mode: str,
) -> tuple[FormSection, ...]:
    """Return the form with its chords; the outro leads home and its last bar is the tonic.

    A chord takes a bar, or half of one where four chords would not fit a section.
    """
    bar_chords = 2 if any(name in ("verse", "chorus") and bars < 4 for name, bars in parts) else 1
    choices = style.progressions[mode]
    drawn = {name: rng.choice(choices[name]).split() for name in ("verse", "chorus", "bridge", "end")}
    *approach, home = drawn["end"]
    sections: list[FormSection] = []
    bar = 0
    for name, bars in parts:
        if name == "outro":
            count = (bars - 1) * bar_chords
            numerals = [*([home] * count + approach)[len(approach) :], home]
        else:
            loop = drawn[_HARMONY_OF.get(name, name)]
            numerals = [loop[n % len(loop)] for n in range(bars * bar_chords)]
        start, end, length = bar * beats, (bar + bars) * beats, beats / bar_chords
        chords = [parse_numeral(numeral, key, mode, start + n * length, length) for n, numeral in enumerate(numerals)]
        if name == "outro":
            chords[-1] = parse_numeral(home, key, mode, end - beats, beats)
        sections.append(FormSection(name, bar, bars, arrangement.layer(name).energy, tuple(chords)))
        bar += bars
    return tuple(sections)
