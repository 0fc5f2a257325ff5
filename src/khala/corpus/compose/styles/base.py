"""What a style is: everything that tells a pop song from a waltz, as data."""

from dataclasses import dataclass

PROGRAMS = {
    "piano": 0,
    "electric piano": 4,
    "acoustic guitar": 25,
    "electric guitar": 27,
    "distorted guitar": 30,
    "double bass": 32,
    "bass": 33,
    "synth bass": 38,
    "strings": 48,
    "french horn": 60,
    "saxophone": 65,
    "flute": 73,
    "synth lead": 81,
    "synth pad": 89,
}
"""Every instrument of the corpus, as the tags name it, with its General MIDI program."""

LEAD_LOW = {"saxophone": 58, "french horn": 53, "electric guitar": 60, "strings": 64, "synth lead": 62}
"""Lowest note of a lead instrument where it is not `LEAD_LOW_ELSE`; leads span nineteen semitones."""
LEAD_LOW_ELSE = 67

STANDARD_KIT, ELECTRONIC_KIT, MACHINE_KIT, JAZZ_KIT, BRUSH_KIT, ORCHESTRA_KIT = 0, 24, 25, 32, 40, 48
"""General MIDI (GS) drum kits; the machine is the TR-808."""


@dataclass(frozen=True)
class Layer:
    """What plays in a section: names of drum groove, bass, comping and pad pattern and of the fill at its end.

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
    """One way to play a style: who plays (names of `PROGRAMS`, "" for nobody) and what in which section."""

    comp: str
    bass: str
    leads: tuple[str, ...]
    layers: dict[str, Layer]
    pad: str = ""


Progressions = dict[str, dict[str, tuple[str, ...]]]
"""Mode -> part of the form -> choices of four numerals; "end" leads to the last chord and names it: "IV V I"."""


@dataclass(frozen=True)
class Style:
    """A style: its words, how it moves and what it is played on. One arrangement is drawn a song.

    `tempi` are frames a bar, even multiples of the beats of a bar, so that a beat is a whole number of codec frames.
    `major` is the share of songs in a major key. `swing` is where the second half of every `swing_grid` beats falls
    (0.5 is straight). `moods` are words by mode.
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
