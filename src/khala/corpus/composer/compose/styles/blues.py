"""Blues: shuffled eighths, dominant chords, a walking or boogie bass."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="blues",
    tags=STYLE_TAGS["blues"],
    nouns=("blues", "blues song"),
    tempi=STYLE_TEMPI["blues"],
    major=0.7,
    keys=(4, 7, 9, 2, 0),
    kit=STANDARD_KIT,
    swing=2 / 3,
    late=6.0,
    mix=Mix(tilt=-0.5),
    moods={"major": ("gritty", "laid back", "raw"), "minor": ("lonesome", "smoky", "sad")},
    progressions={
        "major": {
            "verse": ("I7 IV7 I7 V7", "I7 V7 IV7 IV7 I7 V7 I7 V7", "I7 I7 IV7 IV7 I7 V7 I7 I7"),
            "chorus": ("IV7 IV7 I7 I7 V7 IV7 I7 V7", "IV7 I7 V7 I7"),
            "bridge": ("IV7 IV7 I7 I7", "vi7 ii7 V7 V7"),
            "end": ("V7 IV7 I7",),
        },
        "minor": {
            "verse": ("i7 iv7 i7 V7", "i7 i7 iv7 i7"),
            "chorus": ("iv7 i7 VI7 V7", "iv7 iv7 i7 i7"),
            "bridge": ("VI7 VI7 V7 V7", "iv7 i7 iv7 V7"),
            "end": ("iv7 V7 i7",),
        },
    },
    arrangements=(
        Arrangement(
            comp="overdriven guitar",
            bass="bass",
            leads=("harmonica", "electric guitar"),
            pad="organ",
            layers={
                "intro": Layer(0.6, groove="shuffle", bass="boogie", comp="shuffle chops"),
                "verse": Layer(0.7, groove="shuffle", bass="boogie", comp="shuffle chops", fill="snare"),
                "chorus": Layer(
                    0.9, groove="shuffle full", bass="boogie", comp="shuffle chops", pad="whole", fill="toms"
                ),
                "bridge": Layer(0.6, groove="shuffle", bass="quarters", comp="halves", pad="whole", fill="snare"),
                "inst": Layer(
                    0.9, groove="shuffle full", bass="boogie", comp="shuffle chops", pad="whole", fill="snare"
                ),
                "outro": Layer(0.7, groove="shuffle", bass="boogie", comp="shuffle chops"),
            },
        ),
        Arrangement(
            comp="piano",
            bass="double bass",
            leads=("electric guitar", "saxophone"),
            layers={
                "intro": Layer(0.5, groove="shuffle", bass="walk", comp="charleston"),
                "verse": Layer(0.6, groove="shuffle", bass="walk", comp="boogie", fill="light"),
                "chorus": Layer(0.9, groove="shuffle full", bass="walk", comp="boogie", fill="snare"),
                "bridge": Layer(0.5, groove="shuffle", bass="halves", comp="charleston", fill="snare"),
                "inst": Layer(0.8, groove="shuffle full", bass="walk", comp="boogie", fill="snare"),
                "outro": Layer(0.6, groove="shuffle", bass="walk", comp="boogie"),
            },
        ),
    ),
)
