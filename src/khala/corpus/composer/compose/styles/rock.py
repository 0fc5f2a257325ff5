"""Rock: loud drums, power chords, eighths in the bass."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="rock",
    tags=STYLE_TAGS["rock"],
    nouns=("rock song", "rock track"),
    tempi=STYLE_TEMPI["rock"],
    major=0.5,
    keys=(2, 4, 7, 9),
    kit=STANDARD_KIT,
    pushed=0.3,
    mix=Mix(tilt=1.0),
    moods={"major": ("energetic", "triumphant", "powerful"), "minor": ("angry", "driving", "dark")},
    progressions={
        "major": {
            "verse": ("I IV I V", "I bVII IV I", "I V IV IV"),
            "chorus": ("I V vi IV", "IV V I I"),
            "bridge": ("vi IV V V", "bVII IV I V"),
            "end": ("bVII IV I",),
        },
        "minor": {
            "verse": ("i VII VI VII", "i i VI VII"),
            "chorus": ("i VI III VII", "VI VII i i"),
            "bridge": ("iv VI VII VII", "VI VI VII VII"),
            "end": ("VI VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="distorted guitar",
            bass="bass",
            leads=("electric guitar",),
            layers={
                "intro": Layer(0.7, groove="rock verse", bass="eighths", comp="power", fill="snare"),
                "verse": Layer(0.7, groove="rock verse", bass="eighths", comp="power chug", fill="snare"),
                "chorus": Layer(1.0, groove="rock chorus", bass="eighths", comp="power", fill="toms"),
                "bridge": Layer(0.6, groove="toms", bass="whole", comp="power long", fill="snare"),
                "inst": Layer(0.9, groove="rock chorus", bass="eighths", comp="power", fill="toms"),
                "outro": Layer(0.9, groove="rock chorus", bass="eighths", comp="power"),
            },
        ),
        Arrangement(
            comp="distorted guitar",
            bass="bass",
            leads=("electric guitar",),
            layers={
                "intro": Layer(0.6, groove="toms", comp="power long", fill="snare"),
                "verse": Layer(0.7, groove="rock verse", bass="pulse", comp="power long", fill="snare"),
                "chorus": Layer(1.0, groove="rock chorus", bass="eighths", comp="power chug", fill="toms"),
                "bridge": Layer(0.6, groove="hats", bass="eighths", comp="power long", fill="snare"),
                "inst": Layer(0.9, groove="rock chorus", bass="eighths", comp="power chug", fill="toms"),
                "outro": Layer(0.9, groove="rock chorus", bass="eighths", comp="power chug"),
            },
        ),
    ),
)
