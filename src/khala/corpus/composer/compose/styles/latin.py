"""Latin: clave and congas, a bass ahead of the beat, piano montuno, trumpets."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="latin",
    tags=STYLE_TAGS["latin"],
    nouns=("latin song", "salsa tune"),
    tempi=STYLE_TEMPI["latin"],
    major=0.45,
    keys=(0, 2, 5, 7, 9),
    kit=STANDARD_KIT,
    pushed=0.6,
    mix=Mix(tilt=0.5),
    moods={"major": ("festive", "joyful", "sunny"), "minor": ("passionate", "fiery", "festive")},
    progressions={
        "major": {
            "verse": ("I IV V IV", "I ii V I"),
            "chorus": ("IV V I I", "ii V I vi"),
            "bridge": ("vi ii V V", "IV iii ii V"),
            "end": ("IV V I",),
        },
        "minor": {
            "verse": ("i iv V7 i", "i VII VI V7"),
            "chorus": ("iv i V7 i", "VI VII i i"),
            "bridge": ("iv iv i V7", "VI VI V7 V7"),
            "end": ("iv V7 i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="piano",
            bass="double bass",
            leads=("trumpet", "flute"),
            pad="brass",
            layers={
                "intro": Layer(0.6, groove="latin", comp="montuno"),
                "verse": Layer(0.7, groove="latin", bass="tumbao", comp="montuno", fill="congas"),
                "chorus": Layer(
                    1.0, groove="latin full", bass="tumbao", comp="montuno", pad="soul stabs", fill="congas"
                ),
                "bridge": Layer(0.6, groove="latin", bass="halves", comp="halves", fill="congas"),
                "inst": Layer(0.9, groove="latin full", bass="tumbao", comp="montuno", pad="soul stabs", fill="congas"),
                "outro": Layer(0.7, groove="latin", bass="tumbao", comp="montuno"),
            },
        ),
        Arrangement(
            comp="nylon guitar",
            bass="double bass",
            leads=("trumpet", "accordion"),
            pad="strings",
            layers={
                "intro": Layer(0.5, groove="latin", comp="bossa"),
                "verse": Layer(0.6, groove="latin", bass="tumbao", comp="bossa", fill="congas"),
                "chorus": Layer(
                    0.9, groove="latin full", bass="tumbao", comp="sixteenth strum", pad="whole", fill="congas"
                ),
                "bridge": Layer(0.6, groove="latin", bass="halves", comp="bossa", pad="whole", fill="congas"),
                "inst": Layer(
                    0.8, groove="latin full", bass="tumbao", comp="sixteenth strum", pad="whole", fill="congas"
                ),
                "outro": Layer(0.6, groove="latin", bass="tumbao", comp="bossa"),
            },
        ),
    ),
)
