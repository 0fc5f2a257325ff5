"""Electronic: four on the floor, synthesizers alone, pumping off-beats."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import ELECTRONIC_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="electronic",
    tags=STYLE_TAGS["electronic"],
    nouns=("electronic track", "dance track"),
    tempi=STYLE_TEMPI["electronic"],
    major=0.4,
    keys=(0, 5, 7, 9),
    kit=ELECTRONIC_KIT,
    loose=0.0,
    mix=Mix("hall", echo=0.35, pump=0.6),
    moods={"major": ("euphoric", "energetic"), "minor": ("hypnotic", "dark", "energetic")},
    progressions={
        "major": {
            "verse": ("I vi IV V", "vi IV I V"),
            "chorus": ("IV V vi I", "vi IV I V"),
            "bridge": ("IV IV vi V", "ii IV vi V"),
            "end": ("IV V I",),
        },
        "minor": {
            "verse": ("i VI III VII", "i i VI VII"),
            "chorus": ("VI VII i III", "i VI III VII"),
            "bridge": ("iv iv VI VII", "VI VI iv VII"),
            "end": ("VI VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="synth lead",
            bass="synth bass",
            leads=("square lead", "electric piano"),
            pad="synth pad",
            layers={
                "intro": Layer(0.5, groove="four light", pad="whole", fill="build"),
                "verse": Layer(0.6, groove="four light", bass="off", pad="whole", fill="build"),
                "chorus": Layer(1.0, groove="four full", bass="octaves", comp="stabs", pad="off", fill="claps"),
                "bridge": Layer(0.4, groove="hats", comp="arpeggio", pad="whole", fill="build"),
                "inst": Layer(0.9, groove="four full", bass="octaves", comp="arpeggio", pad="off", fill="claps"),
                "outro": Layer(0.6, groove="four", bass="off", pad="off"),
            },
        ),
        Arrangement(
            comp="synth lead",
            bass="synth bass",
            leads=("electric piano", "flute"),
            pad="synth pad",
            layers={
                "intro": Layer(0.5, groove="four light", comp="arpeggio", fill="build"),
                "verse": Layer(0.6, groove="four", bass="eighths", comp="arpeggio", fill="build"),
                "chorus": Layer(1.0, groove="four full", bass="off", comp="off", pad="off", fill="claps"),
                "bridge": Layer(0.4, groove="hats", bass="whole", pad="whole", fill="build"),
                "inst": Layer(0.9, groove="four full", bass="eighths", comp="arpeggio", pad="off", fill="claps"),
                "outro": Layer(0.6, groove="four", bass="eighths", comp="arpeggio"),
            },
        ),
    ),
)
