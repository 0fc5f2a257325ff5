"""Styles as data: instruments, arrangements, harmony, tempi and mix."""

from dataclasses import dataclass, field, replace

from khala.corpus.composer.score import Mix

PROGRAMS = {
    "piano": 0,
    "electric piano": 4,
    "clavinet": 7,
    "vibraphone": 11,
    "organ": 17,
    "accordion": 21,
    "harmonica": 22,
    "nylon guitar": 24,
    "acoustic guitar": 25,
    "clean guitar": 26,
    "electric guitar": 27,
    "muted guitar": 28,
    "overdriven guitar": 29,
    "distorted guitar": 30,
    "double bass": 32,
    "bass": 33,
    "slap bass": 36,
    "synth bass": 38,
    "violin": 40,
    "cello": 42,
    "strings": 48,
    "synth strings": 50,
    "trumpet": 56,
    "french horn": 60,
    "brass": 61,
    "saxophone": 65,
    "clarinet": 71,
    "flute": 73,
    "square lead": 80,
    "synth lead": 81,
    "synth pad": 89,
    "banjo": 105,
}
"""Instrument, as tags name it -> General MIDI program."""
VARIANTS = {"piano": 1, "electric piano": 5, "organ": 16, "bass": 34, "synth bass": 39, "strings": 49, "saxophone": 66}
"""Instrument -> a second program that some songs use."""
INSTRUMENTS = {program: name for names in (PROGRAMS, VARIANTS) for name, program in names.items()}
"""Program -> instrument."""

LEAD_LOW = {
    **dict.fromkeys(("electric guitar", "clean guitar", "overdriven guitar", "nylon guitar", "banjo"), 60),
    **dict.fromkeys(("clarinet", "trumpet", "synth lead", "square lead"), 62),
    "saxophone": 58,
    "french horn": 53,
    "brass": 58,
    "cello": 50,
    "strings": 64,
}
"""Lowest note of a lead instrument where it is not `LEAD_LOW_ELSE`; leads span nineteen semitones."""
LEAD_LOW_ELSE = 67

STANDARD_KIT, ELECTRONIC_KIT, MACHINE_KIT, JAZZ_KIT, BRUSH_KIT, ORCHESTRA_KIT = 0, 24, 25, 32, 40, 48
"""General MIDI (GS) drum kits; the machine is the TR-808."""
KITS = {STANDARD_KIT: (0, 1, 2, 4, 8, 10, 16), BRUSH_KIT: (40, 41), JAZZ_KIT: (32, 33, 34)}
"""Kit of a style -> similar kits, of which a song draws one."""


@dataclass(frozen=True)
class Layer:
    """The patterns of a section: names of groove, bass, comping and pad pattern, and of the kind of fill at its end.

    An empty name is silence. `energy` is 0..1.
    """

    energy: float
    groove: str = ""
    bass: str = ""
    comp: str = ""
    pad: str = ""
    fill: str = ""


@dataclass(frozen=True)
class Arrangement:
    """An arrangement of a style: its instruments (of `PROGRAMS`, "" for none) and the layer of every section."""

    comp: str
    bass: str
    leads: tuple[str, ...]
    layers: dict[str, Layer]
    pad: str = ""

    def layer(self, section: str) -> Layer:
        """Return the layer of a section: a solo has that of an interlude, a pre-chorus leads from verse to chorus."""
        if section == "pre-chorus":
            verse, chorus = self.layers["verse"], self.layers["chorus"]
            energy = (verse.energy + chorus.energy) / 2
            return replace(verse, energy=energy, pad=chorus.pad, fill=verse.fill or chorus.fill)
        return self.layers["inst" if section == "solo" else section]


Progressions = dict[str, dict[str, tuple[str, ...]]]
"""Mode -> part of the form -> choices of four or eight numerals; "end" leads to the last chord, named: "IV V I"."""


@dataclass(frozen=True)
class Style:
    """A style of music. A song draws one of its arrangements.

    `tempi` are frames a bar, even multiples of the beats of a bar, so that a beat is a whole number of codec frames.
    `major` is the share of songs in a major key. `swing` is the share of every `swing_grid` beats at which their
    second half falls (0.5 is straight). `moods` are words by mode. `pushed` is the share of melodic lines with a
    syncopation. `loose` scales the players' imprecision (0: machines), `late` is the delay of the backbeat in
    milliseconds. `mix` is the usual mix.
    """

    name: str
    tags: tuple[str, ...]
    nouns: tuple[str, ...]
    tempi: tuple[int, ...]
    major: float
    keys: tuple[int, ...]
    kit: int
    moods: dict[str, tuple[str, ...]]
    progressions: Progressions
    arrangements: tuple[Arrangement, ...]
    waltz_tempi: tuple[int, ...] = ()
    waltzes: tuple[Arrangement, ...] = ()
    swing: float = 0.5
    swing_grid: float = 1.0
    pushed: float = 0.2
    loose: float = 1.0
    late: float = 0.0
    mix: Mix = field(default_factory=Mix)
