"""What a composed song is: the hand-over between composing (`composer.compose`) and rendering (`composer.render`).

Times are in beats from the start of the song. A bar is a whole, even number of codec frames (2048 samples), so that the
tempo is locked to the codec's frame grid and a repeated bar gives repeated codes.
"""

from dataclasses import dataclass
from pathlib import Path

from khala.corpus.data.audio_format import FRAME_RATE

FONTS = {
    "fluid": Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    "musescore": Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),
}
"""Fluid R3 and MuseScore General (MIT licence, parts in the public domain), where Debian's fluid-soundfont-gm and
musescore-general-soundfont-small install them."""
ROOMS = ("booth", "room", "hall")


@dataclass(frozen=True)
class Note:
    """One note of an instrument: `start` and `length` in beats, MIDI `pitch`, `velocity` 1..127."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """One instrument: General MIDI `program` 0..127 (of drums, the kit), `gain` dB, `pan` -1..1, `reverb` send 0..1.

    `font` names the sound font that plays it, a key of `FONTS`.
    """

    name: str  # "drums", "bass", "comp", "lead", "pad", ...
    program: int
    notes: tuple[Note, ...]
    gain: float = 0.0
    pan: float = 0.0
    reverb: float = 0.2
    drums: bool = False
    font: str = "fluid"


@dataclass(frozen=True)
class SungSyllable:
    """One sung note: syllable number `index` (0-based) of word number `word` of its line, on MIDI `pitch`.

    Notes in a row with the same word and index are one syllable on several pitches.
    """

    word: int
    index: int
    start: float
    length: float
    pitch: int


@dataclass(frozen=True)
class SungLine:
    """One line of the lyrics, as sung. `words` are lower-case dictionary words; the syllables lie in time order.

    `harmony` are the pitches of a backing voice that sings the same words (empty: nobody does). An `answer` is sung by
    the backing voice alone, after the line before it.
    """

    section: int  # index into Score.sections
    text: str  # as printed in the lyrics
    words: tuple[str, ...]
    syllables: tuple[SungSyllable, ...]
    harmony: tuple[int, ...] = ()
    answer: bool = False


@dataclass(frozen=True)
class Chord:
    """A chord from `start` for `length` beats: `root` 0..11 (C = 0), `quality` such as "maj", "min", "7", "maj7"."""

    start: float
    length: float
    root: int
    quality: str


@dataclass(frozen=True)
class FormSection:
    """A part of the form: `name` is a section tag without brackets ("verse"), `energy` 0..1."""

    name: str
    start_bar: int
    bars: int
    energy: float
    chords: tuple[Chord, ...]


@dataclass(frozen=True)
class Mix:
    """How a song is mixed: in which of the `ROOMS`, with how much `echo` (0..1) of the voice by dotted eighths, how far
    bass and chords `pump` (0..1) under every beat, `worn` like an old record or not, with what `tilt` of treble in dB.
    """

    room: str = "room"
    echo: float = 0.0
    pump: float = 0.0
    worn: bool = False
    tilt: float = 0.0


@dataclass(frozen=True)
class Score:
    """A whole song. `voice` is "female", "male" or "" for an instrumental; `key` 0..11, `mode` "major" or "minor".

    `singer` and `backing` are names of `SINGERS`, "" for nobody. `words_from` says what the lyrics are made of:
    "phrases", "templates", "readings" (lines of templates that a singer has in many songs), or "unheard" for templates
    with words that no training song sings.
    """

    seed: int
    style: str
    key: int
    mode: str
    frames_per_bar: int
    beats_per_bar: int
    voice: str
    singer: str
    backing: str
    sections: tuple[FormSection, ...]
    parts: tuple[Part, ...]
    lines: tuple[SungLine, ...]
    mix: Mix
    tags: tuple[str, ...]
    description: str
    lyrics: str
    words_from: str = ""

    @property
    def bars(self) -> int:
        return sum(section.bars for section in self.sections)

    @property
    def beat_seconds(self) -> float:
        return self.frames_per_bar / FRAME_RATE / self.beats_per_bar

    @property
    def bpm(self) -> float:
        return 60.0 / self.beat_seconds

    @property
    def frames(self) -> int:
        """Length of the song in codec frames; the last bar is the ring-out."""
        return self.bars * self.frames_per_bar

    @property
    def seconds(self) -> float:
        return self.frames / FRAME_RATE
