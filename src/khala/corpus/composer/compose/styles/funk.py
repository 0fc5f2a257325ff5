"""Funk: syncopated bass and kick, scratched chords, ghost notes on the snare."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="funk",
    tags=STYLE_TAGS["funk"],
    nouns=("funk track", "funk song"),
    tempi=STYLE_TEMPI["funk"],
    major=0.4,
    keys=(2, 4, 5, 7, 9),
    kit=STANDARD_KIT,
    pushed=0.6,
    mix=Mix("booth"),
    moods={"major": ("groovy", "playful", "energetic"), "minor": ("groovy", "cool", "driving")},
    progressions={
        "major": {
            "verse": ("I7 I7 IV7 I7", "I7 IV7 I7 IV7"),
            "chorus": ("IV7 IV7 I7 V7", "ii7 V7 I7 I7"),
            "bridge": ("IV7 IV7 V7 V7", "ii7 ii7 IV7 V7"),
            "end": ("IV7 V7 I7",),
        },
        "minor": {
            "verse": ("i7 i7 iv7 i7", "i7 IV7 i7 IV7"),
            "chorus": ("iv7 VII i7 i7", "VI VII i7 i7"),
            "bridge": ("iv7 iv7 v7 v7", "VImaj7 VImaj7 VII VII"),
            "end": ("iv7 v7 i7",),
        },
    },
    arrangements=(
        Arrangement(
            comp="muted guitar",
            bass="slap bass",
            leads=("brass", "saxophone"),
            pad="organ",
            layers={
                "intro": Layer(0.6, groove="funk", bass="slap", comp="scratch"),
                "verse": Layer(0.7, groove="funk", bass="slap", comp="scratch", fill="snare"),
                "chorus": Layer(1.0, groove="funk full", bass="funk", comp="scratch", pad="soul stabs", fill="snare"),
                "bridge": Layer(0.6, groove="funk", bass="halves", comp="chank", fill="snare"),
                "inst": Layer(0.9, groove="funk full", bass="funk", comp="scratch", pad="soul stabs", fill="snare"),
                "outro": Layer(0.7, groove="funk", bass="slap", comp="scratch"),
            },
        ),
        Arrangement(
            comp="clavinet",
            bass="slap bass",
            leads=("saxophone", "trumpet"),
            pad="strings",
            layers={
                "intro": Layer(0.6, groove="funk", comp="scratch", fill="snare"),
                "verse": Layer(0.7, groove="funk", bass="funk", comp="scratch", fill="snare"),
                "chorus": Layer(1.0, groove="funk full", bass="slap", comp="scratch", pad="whole", fill="toms"),
                "bridge": Layer(0.6, groove="hats", bass="halves", comp="scratch", pad="whole", fill="snare"),
                "inst": Layer(0.9, groove="funk full", bass="slap", comp="scratch", pad="whole", fill="snare"),
                "outro": Layer(0.7, groove="funk", bass="funk", comp="scratch"),
            },
        ),
    ),
)
