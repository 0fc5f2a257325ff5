"""Disco: four on the floor under open hats, a bass in octaves, strings, chopped guitar."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="disco",
    tags=STYLE_TAGS["disco"],
    nouns=("disco song", "disco track"),
    tempi=STYLE_TEMPI["disco"],
    major=0.5,
    keys=(0, 2, 5, 7, 9),
    kit=STANDARD_KIT,
    pushed=0.3,
    loose=0.7,
    mix=Mix(pump=0.2),
    moods={"major": ("joyful", "groovy", "euphoric"), "minor": ("groovy", "glamorous", "driving")},
    progressions={
        "major": {
            "verse": ("I vi ii V", "Imaj7 IVmaj7 Imaj7 V"),
            "chorus": ("IV V iii vi", "ii V I vi"),
            "bridge": ("vi iii IV V", "ii iii IV V"),
            "end": ("IV V I",),
        },
        "minor": {
            "verse": ("i VII VI VII", "i iv VII III"),
            "chorus": ("iv VII III VI", "VI VII i i"),
            "bridge": ("VI VI VII VII", "iv i VI VII"),
            "end": ("VI VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="clean guitar",
            bass="bass",
            leads=("strings", "saxophone"),
            pad="synth strings",
            layers={
                "intro": Layer(0.6, groove="disco", comp="scratch", pad="whole", fill="snare"),
                "verse": Layer(0.7, groove="disco", bass="octaves", comp="scratch", fill="snare"),
                "chorus": Layer(1.0, groove="disco full", bass="octaves", comp="scratch", pad="whole", fill="snare"),
                "bridge": Layer(0.6, groove="four light", bass="halves", comp="chank", pad="whole", fill="build"),
                "inst": Layer(0.9, groove="disco full", bass="octaves", comp="scratch", pad="whole", fill="toms"),
                "outro": Layer(0.7, groove="disco", bass="octaves", comp="scratch", pad="whole"),
            },
        ),
        Arrangement(
            comp="electric piano",
            bass="bass",
            leads=("brass", "flute"),
            pad="strings",
            layers={
                "intro": Layer(0.6, groove="four light", bass="octaves", pad="whole", fill="build"),
                "verse": Layer(0.7, groove="disco", bass="octaves", comp="stabs", pad="whole", fill="snare"),
                "chorus": Layer(1.0, groove="disco full", bass="octaves", comp="stabs", pad="whole", fill="toms"),
                "bridge": Layer(0.6, groove="hats", bass="whole", comp="stabs", pad="whole", fill="build"),
                "inst": Layer(0.9, groove="disco full", bass="octaves", comp="stabs", pad="whole", fill="snare"),
                "outro": Layer(0.7, groove="disco", bass="octaves", comp="stabs", pad="whole"),
            },
        ),
    ),
)
