"""Singers: speakers of flite and Kokoro, each with a range, a vocal tract, a tone and a vibrato."""

from dataclasses import dataclass
from random import Random

from khala.conditioning.singers import LEADS


@dataclass(frozen=True)
class Singer:
    """A singer.

    `speaker` is a voice of flite, or of Kokoro as "kokoro/..."; `low` the lowest MIDI note of the range. `tract` scales
    all formants (above 1: a shorter vocal tract). `bright` tilts the spectrum in dB an octave around 1.5 kHz, `breath`
    0..1 mixes noise into the tone.
    Vibrato: `rate` Hz, `depth` semitones, from `delay` seconds into a note. `glide` is how fast the pitch moves to the
    next note, in radians a second of a damped spring.
    """

    speaker: str
    sex: str  # "female" or "male"
    low: int
    tract: float = 1.0
    bright: float = 0.0
    breath: float = 0.0
    rate: float = 5.5
    depth: float = 0.28
    delay: float = 0.2
    glide: float = 70.0

    @property
    def natural(self) -> bool:
        """Whether the speaker reads whole lines."""
        return self.speaker.startswith("kokoro/")


SINGERS = {
    "ada": Singer("slt", "female", 57),
    "mia": Singer("slt", "female", 59, tract=1.1, bright=0.8, rate=6.0, depth=0.2, delay=0.25, glide=90.0),
    "ruth": Singer("slt", "female", 53, tract=0.92, bright=-0.6, breath=0.1, rate=5.0, depth=0.35, glide=55.0),
    "eve": Singer("awb", "female", 56, tract=1.17, breath=0.06, rate=5.3, depth=0.25, delay=0.3),
    "ben": Singer("rms", "male", 48),
    "max": Singer("rms", "male", 43, tract=0.9, bright=-0.5, rate=4.8, depth=0.35, delay=0.25, glide=55.0),
    "sam": Singer("awb", "male", 48, rate=5.8, depth=0.22, glide=80.0),
    "joe": Singer("kal16", "male", 46, tract=1.04, bright=-0.4, breath=0.08, rate=5.2, depth=0.3),
    "nora": Singer("kokoro/af_heart", "female", 57),
    "bella": Singer("kokoro/af_bella", "female", 55, rate=5.2, depth=0.32, delay=0.25, glide=60.0),
    "sara": Singer("kokoro/af_sarah", "female", 58, bright=0.4, rate=5.9, depth=0.22, delay=0.25, glide=85.0),
    "emma": Singer("kokoro/bf_emma", "female", 56, rate=5.4, depth=0.25, delay=0.3),
    "mike": Singer("kokoro/am_michael", "male", 46),
    "finn": Singer("kokoro/am_fenrir", "male", 48, rate=5.8, depth=0.22, glide=80.0),
    "paul": Singer("kokoro/am_puck", "male", 47, bright=0.3, rate=5.2, depth=0.3, delay=0.25),
    "george": Singer("kokoro/bm_george", "male", 44, rate=4.9, depth=0.32, glide=55.0),
}
"""Name -> singer."""
SEXES = ("female", "male")
NATURAL_SEEDS = range(500_000, 1_000_000)
"""Seeds of the songs that natural voices sing; flite's voices sing all others."""


def singers(sex: str, natural: bool = False) -> tuple[str, ...]:
    """Return the names of the singers of a sex, of flite's voices or of the natural ones."""
    return tuple(name for name, singer in SINGERS.items() if singer.sex == sex and singer.natural == natural)


def draw_singers(rng: Random, sex: str, natural: bool) -> tuple[str, str]:
    """Draw who of flite's or of the natural singers sings a song, and who sings its second voice.

    A natural voice sings its own second voice: another one would have to read all lines, too.
    """
    names = singers(sex, natural)
    lead = rng.choice([name for name in names if natural or name in LEADS])
    return lead, lead if natural else rng.choice([name for name in names if name != lead])
