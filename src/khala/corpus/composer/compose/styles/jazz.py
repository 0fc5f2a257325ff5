"""Jazz: swung eighths, a walking bass, ride cymbal, seventh chords."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import JAZZ_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="jazz",
    tags=STYLE_TAGS["jazz"],
    nouns=("jazz tune", "swing tune"),
    tempi=STYLE_TEMPI["jazz"],
    major=0.7,
    keys=(0, 3, 5, 7, 10),
    kit=JAZZ_KIT,
    swing=2 / 3,
    pushed=0.5,
    mix=Mix(tilt=-1.0),
    moods={"major": ("playful", "smooth", "cheerful"), "minor": ("smoky", "cool")},
    progressions={
        "major": {
            "verse": ("Imaj7 vi7 ii7 V7", "Imaj7 IVmaj7 ii7 V7"),
            "chorus": ("ii7 V7 Imaj7 vi7", "IVmaj7 V7 Imaj7 vi7"),
            "bridge": ("vi7 ii7 V7 Imaj7", "IVmaj7 iii7 ii7 V7"),
            "end": ("ii7 V7 Imaj7",),
        },
        "minor": {
            "verse": ("i7 iv7 iimin7b5 V7", "i7 VImaj7 iimin7b5 V7"),
            "chorus": ("iv7 VII7 IIImaj7 VImaj7", "iv7 i7 VImaj7 V7"),
            "bridge": ("VImaj7 IIImaj7 iv7 V7", "iv7 VII7 i7 V7"),
            "end": ("iimin7b5 V7 i7",),
        },
    },
    arrangements=(
        Arrangement(
            comp="piano",
            bass="double bass",
            leads=("saxophone", "trumpet", "vibraphone"),
            layers={
                "intro": Layer(0.5, groove="swing", bass="walk", comp="charleston"),
                "verse": Layer(0.6, groove="swing", bass="walk", comp="charleston"),
                "chorus": Layer(0.8, groove="swing full", bass="walk", comp="jazz", fill="swing"),
                "bridge": Layer(0.5, groove="swing light", bass="halves", comp="halves"),
                "inst": Layer(0.8, groove="swing full", bass="walk", comp="jazz", fill="swing"),
                "outro": Layer(0.6, groove="swing", bass="walk", comp="charleston"),
            },
        ),
        Arrangement(
            comp="electric guitar",
            bass="double bass",
            leads=("saxophone", "clarinet"),
            layers={
                "intro": Layer(0.4, groove="swing light", bass="walk", comp="quarters"),
                "verse": Layer(0.6, groove="swing", bass="walk", comp="quarters"),
                "chorus": Layer(0.8, groove="swing full", bass="walk", comp="quarters", fill="swing"),
                "bridge": Layer(0.5, groove="swing light", bass="halves", comp="charleston"),
                "inst": Layer(0.8, groove="swing full", bass="walk", comp="quarters", fill="swing"),
                "outro": Layer(0.6, groove="swing", bass="walk", comp="quarters"),
            },
        ),
    ),
)
