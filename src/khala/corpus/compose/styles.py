"""The styles: what a pop song, a rock song, a ballad ... is made of. Everything here is data.

Tempi are frames a bar (`frames_per_bar`), chosen so that a beat is a whole number of codec frames.
"""

from dataclasses import dataclass, field

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
"""Every instrument of the corpus, with its General MIDI program; the words are those of the tags."""


@dataclass(frozen=True)
class Layer:
    """What plays in a section: names of drum groove, bass, comping and pad patterns (empty: silent), energy, fill at its end."""

    groove: str = ""
    bass: str = ""
    comp: str = ""
    pad: str = ""
    fill: str = ""
    energy: float = 0.5


@dataclass(frozen=True)
class Style:
    """A style. `arrangements` (and `waltzes`, in 3/4) each map section names to layers; one is drawn a song.

    `progressions` maps mode -> section -> choices of four numerals; a section without its own takes those of the verse.
    """

    name: str
    tags: tuple[str, ...]
    tempi: tuple[int, ...]
    major: float
    keys: tuple[int, ...]
    kit: int
    bass: str
    comps: tuple[str, ...]
    leads: tuple[str, ...]
    progressions: dict[str, dict[str, tuple[str, ...]]]
    arrangements: tuple[dict[str, Layer], ...]
    waltz_tempi: tuple[int, ...] = ()
    waltzes: tuple[dict[str, Layer], ...] = ()
    pad: str = ""
    swing: float = 0.5
    swing_grid: float = 0.5
    moods: dict[str, tuple[str, ...]] = field(default_factory=dict)


_POP = {
    "major": {
        "verse": ("I V vi IV", "I vi IV V", "vi IV I V"),
        "chorus": ("IV V I vi", "I V vi IV", "IV I V vi"),
        "bridge": ("vi IV ii V", "IV iii ii V"),
    },
    "minor": {
        "verse": ("i VI III VII", "i iv VI V"),
        "chorus": ("VI VII i i", "VI III VII i"),
        "bridge": ("iv VII III VI", "iv i VI V"),
    },
}

POP = Style(
    name="pop",
    tags=("pop", "pop song"),
    tempi=(40, 44, 48, 52),
    major=0.75,
    keys=(0, 2, 5, 7, 9),
    kit=0,
    bass="bass",
    comps=("piano", "electric piano"),
    leads=("synth lead", "flute"),
    pad="synth pad",
    progressions=_POP,
    arrangements=(
        {
            "intro": Layer("", "", "quarters", "", "", 0.3),
            "verse": Layer("pop verse", "pulse", "quarters", "", "snare", 0.6),
            "chorus": Layer("pop chorus", "eighths", "quarters", "whole", "toms", 0.9),
            "bridge": Layer("", "whole", "broken", "whole", "snare", 0.4),
            "inst": Layer("pop verse", "pulse", "quarters", "", "snare", 0.6),
            "outro": Layer("pop verse", "pulse", "quarters", "", "", 0.5),
        },
    ),
    moods={"major": ("happy", "bright", "uplifting"), "minor": ("wistful", "moody")},
)

ROCK = Style(
    name="rock",
    tags=("rock", "rock song", "guitar rock"),
    tempi=(32, 36, 40),
    major=0.5,
    keys=(2, 4, 7, 9),
    kit=0,
    bass="bass",
    comps=("distorted guitar",),
    leads=("electric guitar", "distorted guitar"),
    progressions={
        "major": {
            "verse": ("I IV I V", "I bVII IV I", "I V IV IV"),
            "chorus": ("I V vi IV", "IV V I I"),
            "bridge": ("vi IV V V", "bVII IV I V"),
        },
        "minor": {
            "verse": ("i VII VI VII", "i i VI VII"),
            "chorus": ("i VI III VII", "VI VII i i"),
            "bridge": ("iv VI VII VII", "VI VI VII V"),
        },
    },
    arrangements=(
        {
            "intro": Layer("rock verse", "eighths", "power", "", "toms", 0.7),
            "verse": Layer("rock verse", "eighths", "power chug", "", "snare", 0.7),
            "chorus": Layer("rock chorus", "eighths", "power", "", "toms", 1.0),
            "bridge": Layer("toms", "whole", "power long", "", "snare", 0.6),
            "inst": Layer("rock chorus", "eighths", "power", "", "toms", 0.9),
            "outro": Layer("rock chorus", "eighths", "power", "", "", 0.9),
        },
    ),
    moods={"major": ("energetic", "triumphant"), "minor": ("angry", "driving", "dark")},
)

BALLAD = Style(
    name="ballad",
    tags=("ballad", "piano ballad", "slow ballad"),
    tempi=(64, 68, 72, 76),
    waltz_tempi=(48, 54),
    major=0.6,
    keys=(0, 3, 5, 7, 10),
    kit=0,
    bass="bass",
    comps=("piano",),
    leads=("strings", "flute"),
    pad="strings",
    progressions=_POP,
    arrangements=(
        {
            "intro": Layer("", "", "broken", "", "", 0.2),
            "verse": Layer("side stick", "whole", "broken", "", "light", 0.4),
            "chorus": Layer("ballad chorus", "slow", "broken", "whole", "toms", 0.8),
            "bridge": Layer("", "", "broken", "whole", "", 0.3),
            "inst": Layer("side stick", "whole", "broken", "whole", "light", 0.5),
            "outro": Layer("", "whole", "broken", "whole", "", 0.3),
        },
    ),
    waltzes=(
        {
            "intro": Layer("", "", "waltz ripple", "", "", 0.2),
            "verse": Layer("", "waltz", "waltz ripple", "", "", 0.4),
            "chorus": Layer("waltz", "waltz", "waltz ripple", "waltz whole", "", 0.7),
            "bridge": Layer("", "", "waltz ripple", "waltz whole", "", 0.3),
            "inst": Layer("", "waltz", "waltz ripple", "waltz whole", "", 0.5),
            "outro": Layer("", "waltz", "waltz ripple", "waltz whole", "", 0.3),
        },
    ),
    moods={"major": ("tender", "romantic", "warm"), "minor": ("sad", "melancholic")},
)

STYLES = {style.name: style for style in (POP, ROCK, BALLAD)}
