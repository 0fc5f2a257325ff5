"""Scores: composed songs, as `composer.compose` writes them and `composer.render` renders them.

Times are in beats from the start of the song. A bar is an even number of codec frames (2048 samples), so that the
tempo is locked to the codec's frame grid and a repeated bar gives repeated codes.
"""

from dataclasses import dataclass
from pathlib import Path

from khala.corpus.data.audio_format import FRAME_RATE

FONTS = {
    "fluid": Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    "musescore": Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),
}
"""Sound font -> path, as Debian's fluid-soundfont-gm and musescore-general-soundfont-small install them: Fluid R3 and
MuseScore General (MIT, parts in the public domain)."""
ROOMS = ("booth", "room", "hall")
"""Reverbs of a mix, from dry to long."""


@dataclass(frozen=True)
class Note:
    """A note of an instrument: `start` and `length` in beats, MIDI `pitch`, `velocity` 1..127."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class InstrumentPart:
    """The part of one instrument: General MIDI `program` 0..127 (for drums, the kit), `gain` in dB, `pan` -1..1,
    `reverb` send 0..1, and `font`, a key of `FONTS`."""

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
    """A sung note: syllable `index` of word `word` of its line (both 0-based), on MIDI `pitch`.

    Consecutive notes with the same word and index are one syllable on several pitches.
    """

    word: int
    index: int
    start: float
    length: float
    pitch: int


@dataclass(frozen=True)
class SungLine:
    """A line of lyrics as it is sung. `words` are lower-case words of the lexicon; syllables are in time order.

    `harmony` holds the pitches of a backing voice that sings the same words (empty for none). An `answer` is sung by
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
    """The mix of a song: its `room` (of `ROOMS`), level 0..1 of the voice's `echo` in dotted eighths, depth 0..1 to
    which bass and chords `pump` on every beat, whether it is `worn` like an old record, and `tilt` of the treble in dB.
    """

    room: str = "room"
    echo: float = 0.0
    pump: float = 0.0
    worn: bool = False
    tilt: float = 0.0


@dataclass(frozen=True)
class Score:
    """A composed song. `voice` is "female", "male" or "" for an instrumental; `key` 0..11, `mode` "major" or "minor".

    `singer` and `backing` are names of `SINGERS`, "" for nobody. `words_from` is the source of the
    lyrics: "phrases", "templates", "readings" (a natural voice's recorded lines of templates), or "unheard" (templates
    with words that occur in held-out songs only).
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
    parts: tuple[InstrumentPart, ...]
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
