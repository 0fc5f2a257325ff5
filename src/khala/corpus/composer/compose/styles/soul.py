"""Soul: a relaxed backbeat, electric piano or organ, horns that answer, a singing bass."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="soul",
    tags=STYLE_TAGS["soul"],
    nouns=("soul song", "soul ballad"),
    tempi=STYLE_TEMPI["soul"],
    major=0.6,
    keys=(0, 3, 5, 8, 10),
    kit=STANDARD_KIT,
    pushed=0.5,
    late=10.0,
    mix=Mix("hall"),
    moods={"major": ("warm", "romantic", "smooth"), "minor": ("sensual", "moody", "heartfelt")},
    progressions={
        "major": {
            "verse": ("Imaj7 vi7 ii7 V7", "Imaj7 iii7 IVmaj7 V7"),
            "chorus": ("IVmaj7 V7 iii7 vi7", "ii7 iii7 IVmaj7 V7"),
            "bridge": ("vi7 iii7 IVmaj7 V7", "ii7 vi7 ii7 V7"),
            "end": ("ii7 V7 Imaj7",),
        },
        "minor": {
            "verse": ("i7 iv7 VII IIImaj7", "i7 VImaj7 iv7 v7"),
            "chorus": ("VImaj7 VII i7 i7", "iv7 v7 i7 VImaj7"),
            "bridge": ("iv7 iv7 v7 v7", "VImaj7 v7 iv7 v7"),
            "end": ("iv7 v7 i7",),
        },
    },
    arrangements=(
        Arrangement(
            comp="electric piano",
            bass="bass",
            leads=("brass", "saxophone"),
            pad="organ",
            layers={
                "intro": Layer(0.5, groove="soul", comp="gospel"),
                "verse": Layer(0.6, groove="soul", bass="soul", comp="gospel", fill="light"),
                "chorus": Layer(0.9, groove="soul full", bass="soul", comp="gospel", pad="whole", fill="snare"),
                "bridge": Layer(0.5, groove="side stick", bass="whole", comp="gospel", pad="whole", fill="snare"),
                "inst": Layer(0.8, groove="soul full", bass="soul", comp="gospel", pad="whole", fill="snare"),
                "outro": Layer(0.6, groove="soul", bass="soul", comp="gospel"),
            },
        ),
        Arrangement(
            comp="organ",
            bass="bass",
            leads=("trumpet", "electric guitar"),
            pad="strings",
            layers={
                "intro": Layer(0.5, groove="soul", bass="soul", comp="halves"),
                "verse": Layer(0.6, groove="soul", bass="soul", comp="halves", fill="light"),
                "chorus": Layer(0.9, groove="soul full", bass="soul", comp="gospel", pad="whole", fill="toms"),
                "bridge": Layer(0.5, groove="side stick", bass="halves", comp="halves", pad="whole", fill="snare"),
                "inst": Layer(0.8, groove="soul full", bass="soul", comp="gospel", pad="whole", fill="snare"),
                "outro": Layer(0.6, groove="soul", bass="soul", comp="halves"),
            },
        ),
    ),
)
