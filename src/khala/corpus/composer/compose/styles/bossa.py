"""Bossa nova: a nylon guitar in syncopated chords, a rim click, root and fifth in the bass."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import BRUSH_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="bossa nova",
    tags=STYLE_TAGS["bossa nova"],
    nouns=("bossa nova", "bossa nova song"),
    tempi=STYLE_TEMPI["bossa nova"],
    major=0.7,
    keys=(0, 2, 5, 7, 9),
    kit=BRUSH_KIT,
    pushed=0.5,
    mix=Mix("booth", tilt=-1.0),
    moods={"major": ("breezy", "gentle", "sunny"), "minor": ("wistful", "mellow")},
    progressions={
        "major": {
            "verse": ("Imaj7 ii7 V7 Imaj7", "Imaj7 vi7 ii7 V7"),
            "chorus": ("IVmaj7 iii7 ii7 V7", "ii7 V7 Imaj7 vi7"),
            "bridge": ("vi7 ii7 V7 Imaj7", "iii7 vi7 ii7 V7"),
            "end": ("ii7 V7 Imaj7",),
        },
        "minor": {
            "verse": ("i7 iv7 iimin7b5 V7", "i7 VImaj7 iimin7b5 V7"),
            "chorus": ("iv7 VII7 IIImaj7 VImaj7", "VImaj7 iimin7b5 V7 i7"),
            "bridge": ("iv7 i7 VImaj7 V7", "IIImaj7 VImaj7 iimin7b5 V7"),
            "end": ("iimin7b5 V7 i7",),
        },
    },
    arrangements=(
        Arrangement(
            comp="nylon guitar",
            bass="double bass",
            leads=("flute", "saxophone"),
            layers={
                "intro": Layer(0.4, groove="bossa light", comp="bossa"),
                "verse": Layer(0.5, groove="bossa", bass="bossa", comp="bossa"),
                "chorus": Layer(0.8, groove="bossa full", bass="bossa", comp="bossa", fill="light"),
                "bridge": Layer(0.5, groove="bossa light", bass="bossa", comp="bossa"),
                "inst": Layer(0.7, groove="bossa full", bass="bossa", comp="bossa"),
                "outro": Layer(0.5, groove="bossa", bass="bossa", comp="bossa"),
            },
        ),
        Arrangement(
            comp="nylon guitar",
            bass="double bass",
            leads=("clarinet", "vibraphone"),
            pad="strings",
            layers={
                "intro": Layer(0.4, groove="bossa light", bass="bossa", comp="bossa"),
                "verse": Layer(0.5, groove="bossa light", bass="bossa", comp="bossa"),
                "chorus": Layer(0.8, groove="bossa", bass="bossa", comp="bossa", pad="whole", fill="light"),
                "bridge": Layer(0.5, groove="bossa light", bass="halves", comp="bossa", pad="whole"),
                "inst": Layer(0.7, groove="bossa", bass="bossa", comp="bossa", pad="whole"),
                "outro": Layer(0.5, groove="bossa light", bass="bossa", comp="bossa"),
            },
        ),
    ),
)
