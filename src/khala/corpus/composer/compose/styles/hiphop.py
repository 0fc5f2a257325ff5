"""Hip hop: a drum machine, a deep synthesizer bass, dark two-chord turns."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import MACHINE_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="hip hop",
    tags=STYLE_TAGS["hip hop"],
    nouns=("hip hop track", "hip hop song"),
    tempi=STYLE_TEMPI["hip hop"],
    major=0.15,
    keys=(0, 2, 5, 7, 9),
    kit=MACHINE_KIT,
    loose=0.5,
    late=12.0,
    pushed=0.5,
    mix=Mix("booth", echo=0.25),
    moods={"major": ("laid back", "bright"), "minor": ("dark", "moody", "cool")},
    progressions={
        "major": {
            "verse": ("I I vi vi", "I IV I IV"),
            "chorus": ("IV V vi vi", "vi IV I V"),
            "bridge": ("IV IV V V", "ii ii V V"),
            "end": ("IV V I",),
        },
        "minor": {
            "verse": ("i i VI VI", "i VI i VII"),
            "chorus": ("i VI VII VII", "VI VII i i"),
            "bridge": ("iv iv VI VII", "VI VI VII VII"),
            "end": ("VI VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="piano",
            bass="synth bass",
            leads=("synth lead", "flute"),
            pad="strings",
            layers={
                "intro": Layer(0.5, groove="hip hop", comp="stabs"),
                "verse": Layer(0.6, groove="hip hop", bass="dub", comp="stabs", fill="claps"),
                "chorus": Layer(0.9, groove="hip hop full", bass="dub", comp="stabs", pad="whole", fill="claps"),
                "bridge": Layer(0.5, groove="hats", bass="slow", comp="broken", pad="whole", fill="claps"),
                "inst": Layer(0.8, groove="hip hop", bass="dub", comp="stabs", pad="whole", fill="claps"),
                "outro": Layer(0.6, groove="hip hop", bass="dub", comp="stabs"),
            },
        ),
        Arrangement(
            comp="electric piano",
            bass="synth bass",
            leads=("flute", "trumpet"),
            pad="synth pad",
            layers={
                "intro": Layer(0.5, groove="hip hop", comp="broken"),
                "verse": Layer(0.6, groove="hip hop", bass="slow", comp="broken", fill="claps"),
                "chorus": Layer(0.9, groove="hip hop full", bass="dub", comp="broken", pad="whole", fill="claps"),
                "bridge": Layer(0.5, groove="hats", bass="slow", comp="whole", fill="claps"),
                "inst": Layer(0.8, groove="hip hop", bass="dub", comp="broken", pad="whole", fill="claps"),
                "outro": Layer(0.6, groove="hip hop", bass="dub", comp="broken"),
            },
        ),
    ),
)
