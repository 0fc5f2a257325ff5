"""Country: a two-beat bass, a train beat or a plain backbeat, guitars that pick and chop."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="country",
    tags=STYLE_TAGS["country"],
    nouns=("country song", "country tune"),
    tempi=STYLE_TEMPI["country"],
    major=0.85,
    keys=(0, 2, 4, 7, 9),
    kit=STANDARD_KIT,
    mix=Mix(tilt=1.0),
    moods={"major": ("cheerful", "warm", "hopeful"), "minor": ("lonesome", "wistful")},
    progressions={
        "major": {
            "verse": ("I I IV I", "I IV I V", "I V IV I"),
            "chorus": ("IV I V I", "I IV V I", "IV V I I"),
            "bridge": ("vi IV I V", "IV I ii V"),
            "end": ("IV V I",),
        },
        "minor": {
            "verse": ("i VII VI VII", "i iv i VII"),
            "chorus": ("VI VII i i", "III VII i i"),
            "bridge": ("iv VI VII VII", "VI III VII VII"),
            "end": ("VI VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="acoustic guitar",
            bass="bass",
            leads=("violin", "banjo", "harmonica"),
            layers={
                "intro": Layer(0.5, groove="train", comp="boom chick"),
                "verse": Layer(0.6, groove="country", bass="two beat", comp="boom chick", fill="light"),
                "chorus": Layer(0.9, groove="country", bass="two beat", comp="boom chick", fill="snare"),
                "bridge": Layer(0.5, groove="country", bass="whole", comp="strum", fill="snare"),
                "inst": Layer(0.8, groove="train full", bass="two beat", comp="boom chick", fill="snare"),
                "outro": Layer(0.6, groove="country", bass="two beat", comp="boom chick"),
            },
        ),
        Arrangement(
            comp="clean guitar",
            bass="bass",
            leads=("harmonica", "violin"),
            pad="strings",
            layers={
                "intro": Layer(0.5, groove="train", bass="two beat", comp="chank"),
                "verse": Layer(0.6, groove="train", bass="two beat", comp="chank", fill="light"),
                "chorus": Layer(
                    0.9, groove="train full", bass="two beat", comp="strum busy", pad="whole", fill="snare"
                ),
                "bridge": Layer(0.5, groove="train", bass="halves", comp="strum", pad="whole", fill="snare"),
                "inst": Layer(0.8, groove="train full", bass="two beat", comp="chank", pad="whole", fill="snare"),
                "outro": Layer(0.6, groove="train", bass="two beat", comp="chank"),
            },
        ),
    ),
)
