"""Cinematic: string ostinati, horns, toms, no backbeat."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import ORCHESTRA_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="cinematic",
    tags=STYLE_TAGS["cinematic"],
    nouns=("cinematic piece", "orchestral piece"),
    tempi=STYLE_TEMPI["cinematic"],
    major=0.35,
    keys=(0, 2, 4, 7, 9),
    kit=ORCHESTRA_KIT,
    mix=Mix("hall", tilt=-0.5),
    moods={"major": ("heroic", "majestic", "hopeful"), "minor": ("epic", "dramatic", "mysterious")},
    progressions={
        "major": {
            "verse": ("I I IV IV", "I bVII IV I"),
            "chorus": ("I V vi IV", "IV I V vi"),
            "bridge": ("vi vi IV V", "bVI bVII IV V"),
            "end": ("bVI bVII I",),
        },
        "minor": {
            "verse": ("i i VI VI", "i VII VI VII"),
            "chorus": ("i VI III VII", "VI III VII i"),
            "bridge": ("iv iv VI V", "VI VI iv V"),
            "end": ("VI VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="strings",
            bass="double bass",
            leads=("trumpet", "flute"),
            pad="french horn",
            layers={
                "intro": Layer(0.4, groove="toms light", comp="ostinato"),
                "verse": Layer(0.5, groove="toms light", bass="whole", comp="ostinato", fill="low toms"),
                "chorus": Layer(1.0, groove="toms full", bass="eighths", comp="eighths", pad="whole", fill="low toms"),
                "bridge": Layer(0.4, groove="toms light", bass="whole", comp="whole", fill="low toms"),
                "inst": Layer(0.9, groove="toms full", bass="eighths", comp="ostinato", pad="whole", fill="low toms"),
                "outro": Layer(0.8, groove="toms full", bass="eighths", comp="eighths", pad="whole"),
            },
        ),
        Arrangement(
            comp="piano",
            bass="double bass",
            leads=("french horn", "cello"),
            pad="strings",
            layers={
                "intro": Layer(0.3, comp="ripple"),
                "verse": Layer(0.4, groove="toms light", bass="whole", comp="ripple", fill="low toms"),
                "chorus": Layer(0.9, groove="toms full", bass="quarters", comp="ripple", pad="whole", fill="low toms"),
                "bridge": Layer(0.4, bass="whole", comp="ripple", pad="whole", fill="low toms"),
                "inst": Layer(0.8, groove="toms full", bass="quarters", comp="ripple", pad="whole", fill="low toms"),
                "outro": Layer(0.6, groove="toms light", bass="whole", comp="ripple", pad="whole"),
            },
        ),
    ),
)
