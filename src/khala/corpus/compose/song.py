"""Composing a song: every choice drawn from the seed, part by part."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from khala.corpus.compose import bass, comping, form, lyrics, melody, prompt
from khala.corpus.compose.drums import drums, hit
from khala.corpus.compose.harmony import above, chord, scale, tones, voicing
from khala.corpus.compose.meter import BREATH, METERS, rhythms
from khala.corpus.compose.patterns import play
from khala.corpus.compose.styles import PROGRAMS, STYLES, Layer, Style
from khala.corpus.compose.words import stresses
from khala.corpus.score import FRAME_RATE, Chord, Note, Part, Score, Section, SungLine, Syllable

RANGES = {"female": (57, 74), "male": (48, 65), "": (67, 86)}
"""Lowest and highest note of a voice (MIDI); "" is the instrument that leads where nobody sings."""
SLOW_BAR = 2.9
"""Seconds from which a bar holds a whole line."""


def compose(seed: int, seconds: float | None = None, style: str | None = None, vocal: str | None = None) -> Score:
    """Composes the song of a seed. What is given is kept; what is None is drawn.

    `seconds` is met within half a section; `style` is a key of `STYLES`; `vocal` is "female", "male" or "" (instrumental).
    Raises ValueError for an unknown style or voice.
    """
    draw = random.Random(f"{seed} song")
    drawn_seconds = draw.uniform(20, 40) if draw.random() < 0.7 else draw.uniform(40, 65)
    drawn_style = draw.choice(sorted(STYLES))
    drawn_vocal = draw.choices(("female", "male", ""), (3, 3, 2))[0]
    seconds = drawn_seconds if seconds is None else seconds
    vocal = drawn_vocal if vocal is None else vocal
    if (style := drawn_style if style is None else style) not in STYLES:
        raise ValueError(f"unknown style {style!r}; the styles are {', '.join(sorted(STYLES))}")
    if vocal not in RANGES:
        raise ValueError(f"unknown voice {vocal!r}; voices are 'female', 'male' and '' for an instrumental")
    return _Composer(seed, seconds, STYLES[style], vocal).score()


@dataclass(frozen=True)
class _Tune:
    """Melody of a kind of section: the meters of its lines (syllables) and the motif of each."""

    meters: tuple[int, ...]
    motifs: tuple[melody.Motif, ...]


class _Composer:
    """The choices of one song; every kind of choice has its own stream of lots, so that one does not shift another."""

    def __init__(self, seed: int, seconds: float, style: Style, voice: str) -> None:
        self.seed, self.style, self.voice = seed, style, voice
        draw = self._lots("frame")
        waltz = bool(style.waltzes) and draw.random() < 0.35
        self.beats = 3 if waltz else 4
        self.frames_per_bar = draw.choice(style.waltz_tempi if waltz else style.tempi)
        self.bar_seconds = self.frames_per_bar / FRAME_RATE
        self.arrangement = draw.choice(style.waltzes if waltz else style.arrangements)
        self.mode = "major" if draw.random() < style.major else "minor"
        self.key = draw.choice(style.keys)
        self.mood = draw.choice(style.moods[self.mode])
        self.comp = draw.choice(style.comps)
        self.lead = draw.choice([lead for lead in style.leads if lead != self.comp])
        self.line_bars = 1 if self.bar_seconds >= SLOW_BAR else 2
        self.plan = form.plan(seconds / self.bar_seconds, self.line_bars, self._lots("form"))
        self.sections = self._sections()
        self.tunes = self._tunes()

    def _lots(self, what: str) -> random.Random:
        return random.Random(f"{self.seed} {what}")

    def _sections(self) -> tuple[Section, ...]:
        """The form with chords: one chord a bar, two where a bar holds a line; the last bar is the tonic."""
        lots = self._lots("harmony")
        choices = self.style.progressions[self.mode]
        progressions = {name: lots.choice(choices[name]).split() for name in ("verse", "chorus", "bridge")}
        for name, like in (("intro", "verse"), ("inst", "chorus"), ("outro", "chorus")):
            progressions[name] = progressions[like]
        length = self.beats / (2 if self.line_bars == 1 else 1)
        sections: list[Section] = []
        bar = 0
        for index, (name, bars) in enumerate(self.plan):
            start, end = bar * self.beats, (bar + bars) * self.beats
            numerals = progressions[name]
            count = round((end - start) / length)
            if name == "intro":
                numerals = [numerals[0]] if count == 1 else numerals
            chosen = [numerals[n % len(numerals)] for n in range(count)]
            chords = [
                chord(numeral, self.key, self.mode, start + n * length, length) for n, numeral in enumerate(chosen)
            ]
            if index == len(self.plan) - 1:
                tonic = "I" if self.mode == "major" else "i"
                kept = [c for c in chords if c.start < end - self.beats]
                chords = [*kept, chord(tonic, self.key, self.mode, end - self.beats, self.beats)]
            sections.append(Section(name, bar, bars, self.arrangement[name].energy, tuple(chords)))
            bar += bars
        return tuple(sections)

    def _tunes(self) -> dict[str, _Tune]:
        """A tune for verse, chorus and bridge: two motifs each, in turn."""
        lots = self._lots("melody")
        beat = self.bar_seconds / self.beats
        line_beats = self.beats * self.line_bars
        able = [n for n in METERS if rhythms(n, line_beats, beat)]
        tunes = {}
        for name in ("verse", "chorus", "bridge"):
            pair = [pair for pair in ((7, 7), (8, 8), (6, 6), (5, 5), (8, 6), (7, 5)) if set(pair) <= set(able)]
            meters = lots.choice(pair)
            bars = max((bars for part, bars in self.plan if part == name), default=0)
            count = bars // self.line_bars
            motifs = []
            for syllables, contours in zip(meters, (("arch", "rise", "wave"), ("fall", "arch", "level")), strict=True):
                onsets = lots.choice(rhythms(syllables, line_beats, beat))
                strong = tuple(mark == "1" for mark in METERS[syllables])
                motifs.append(melody.motif(lots, onsets, strong, lots.choice(contours)))
            if meters[0] == meters[1]:
                motifs[1] = replace(motifs[1], onsets=motifs[0].onsets)
            tunes[name] = _Tune(tuple(meters[n % 2] for n in range(count)), tuple(motifs[n % 2] for n in range(count)))
        return tunes

    def _tune_pitches(self, section: Section, low: int, high: int) -> list[tuple[float, tuple[int, ...]]]:
        """Start and pitches of every line of a section's tune, in a range."""
        tune = self.tunes[section.name]
        inside = scale(self.key, self.mode)
        pitches = tuple(pitch for pitch in range(low, high + 1) if pitch % 12 in inside)
        centre = round(len(pitches) * {"verse": 0.4, "chorus": 0.6, "bridge": 0.5}[section.name])
        tonic_triad = frozenset(tones(chord("I" if self.mode == "major" else "i", self.key, self.mode, 0, 1)))
        laid = []
        for number, motif in enumerate(tune.motifs[: section.bars // self.line_bars]):
            start = float((section.start_bar + number * self.line_bars) * self.beats)
            last = tonic_triad if number % 2 else frozenset[int]()
            laid.append((start, melody.lay(motif, start, section.chords, pitches, centre, last)))
        return laid

    def _lengths(self, motif: melody.Motif) -> list[float]:
        """Beats of every note of a line: up to the next, the last one held up to the breath, three beats at most."""
        end = self.beats * self.line_bars - BREATH
        nexts = (*motif.onsets[1:], min(end, motif.onsets[-1] + 3))
        return [after - onset for onset, after in zip(motif.onsets, nexts, strict=True)]

    def _sing(self) -> tuple[tuple[SungLine, ...], str]:
        """The sung lines and the lyrics as text."""
        names = [section.name for section in self.sections]
        words = lyrics.write(
            self._lots("lyrics"),
            self.tunes["verse"].meters,
            self.tunes["chorus"].meters,
            self.tunes["bridge"].meters,
            names.count("verse"),
        )
        verses = iter(words.verses)
        sung: list[SungLine] = []
        text: list[str] = []
        for index, section in enumerate(self.sections):
            text.append(f"[{section.name}]")
            if section.name not in self.tunes:
                text.append("")
                continue
            stanza = next(verses) if section.name == "verse" else getattr(words, section.name)
            tune = self.tunes[section.name]
            for line, motif, (start, pitches) in zip(
                stanza, tune.motifs, self._tune_pitches(section, *RANGES[self.voice]), strict=True
            ):
                notes = iter(zip(motif.onsets, self._lengths(motif), pitches, strict=True))
                syllables = []
                for word, spelled in enumerate(line.words):
                    for syllable in range(len(stresses(spelled))):
                        onset, length, pitch = next(notes)
                        syllables.append(Syllable(word, syllable, start + onset, length, pitch))
                sung.append(SungLine(index, line.text, line.words, tuple(syllables)))
                text.append(line.text)
            text.append("")
        return tuple(sung), "\n".join(text).strip()

    def _lead(self) -> list[Note]:
        """The tune where nobody sings it: in an instrumental all of it, else the chorus line in intro and solo."""
        low, high = RANGES[""]
        notes: list[Note] = []
        for section in self.sections:
            if section.name in self.tunes and self.voice:
                continue
            if section.name in ("intro", "outro"):
                continue
            tune = self.tunes["chorus" if section.name == "inst" else section.name]
            like = section if section.name != "inst" else replace(section, name="chorus")
            for motif, (start, pitches) in zip(tune.motifs, self._tune_pitches(like, low, high), strict=False):
                for onset, length, pitch in zip(motif.onsets, self._lengths(motif), pitches, strict=True):
                    notes.append(Note(start + onset, length * 0.95, pitch, 100))
        return notes

    def _band(self) -> list[Part]:
        """Drums, bass, comping and pad, section by section, and the last chord."""
        played: dict[str, list[Note]] = {"drums": [], "bass": [], "comp": [], "pad": []}
        previous: Section | None = None
        for section in self.sections:
            layer = self.arrangement[section.name]
            if section is self.sections[-1]:
                self._ring_out(played, section, layer)
                section = replace(section, bars=section.bars - 1, chords=section.chords[:-1])
            if section.bars:
                crash = bool(layer.groove) and section.name in ("chorus", "outro") and previous is not None
                played["drums"] += drums(section, self.beats, layer.groove, layer.fill, crash)
                self._play(played["bass"], bass.BASSES, layer.bass, section, bass.pitches, layer.energy, 0.95)
                self._play(played["comp"], comping.COMPS, layer.comp, section, _comp(55), layer.energy, 0.95)
                self._play(played["pad"], comping.COMPS, layer.pad, section, _comp(60), layer.energy, 1.0)
            previous = section
        programs = {"drums": self.style.kit, "bass": PROGRAMS[self.style.bass], "comp": PROGRAMS[self.comp]}
        programs["pad"] = PROGRAMS[self.style.pad] if self.style.pad else 0
        gains = {"drums": 0.0, "bass": 0.0, "comp": -4.0, "pad": -9.0}
        pans = {"drums": 0.0, "bass": 0.0, "comp": -0.3, "pad": 0.3}
        return [
            Part(
                name,
                programs[name],
                tuple(notes),
                gains[name],
                pans[name],
                0.15 if name == "bass" else 0.3,
                name == "drums",
            )
            for name, notes in played.items()
            if notes
        ]

    def _play(
        self,
        notes: list[Note],
        patterns: dict[str, str],
        name: str,
        section: Section,
        pitches: Callable[[str, Chord, Chord], Sequence[int]],
        energy: float,
        gate: float,
    ) -> None:
        if name:
            strength = round(70 + 30 * energy)
            notes += play(
                patterns[name], section, self.beats, pitches, lambda beat: strength + (6 if beat == 0 else 0), gate
            )

    def _ring_out(self, played: dict[str, list[Note]], section: Section, layer: Layer) -> None:
        """The last bar: everybody who plays in the outro strikes the tonic and lets it ring."""
        last = section.chords[-1]
        length = self.beats * 0.75
        if layer.bass:
            played["bass"].append(Note(last.start, length, above(bass.LOW, last.root), 90))
        power = "p" if layer.comp.startswith("power") else "x"
        played["comp"] += [Note(last.start, length, pitch, 85) for pitch in comping.pitches(power, last, 55)]
        if layer.pad:
            played["pad"] += [Note(last.start, length, pitch, 75) for pitch in voicing(last, 60)]
        if layer.groove:
            played["drums"] += [hit("kick", last.start, 100), hit("crash", last.start, 96)]

    def score(self) -> Score:
        parts = self._band()
        lines, text = self._sing() if self.voice else ((), "")
        lead = self._lead()
        if lead:
            parts.append(Part("lead", PROGRAMS[self.lead], tuple(lead), -1.0 if not self.voice else -3.0, 0.15, 0.35))
        names = {program: name for name, program in PROGRAMS.items()}
        heard = tuple(dict.fromkeys(names[part.program] for part in parts if not part.drums))
        bpm = self.beats * 60 / self.bar_seconds
        facts = prompt.Facts(
            self._lots("words").choice(self.style.tags), self.mood, bpm, heard, self.voice, self.key, self.mode
        )
        return Score(
            seed=self.seed,
            style=self.style.name,
            key=self.key,
            mode=self.mode,
            frames_per_bar=self.frames_per_bar,
            beats_per_bar=self.beats,
            voice=self.voice,
            sections=self.sections,
            parts=tuple(parts),
            lines=lines,
            tags=prompt.tags(self._lots("tags"), facts),
            description=prompt.description(self._lots("description"), facts),
            lyrics=text,
        )


def _comp(low: int) -> Callable[[str, Chord, Chord], Sequence[int]]:
    return lambda mark, chord, following: comping.pitches(mark, chord, low)
