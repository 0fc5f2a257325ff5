"""Folk: a strummed or picked guitar, double bass, shaker; some in three."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI, WALTZ_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="folk",
    tags=STYLE_TAGS["folk"],
    nouns=("folk song", "acoustic folk song"),
    tempi=STYLE_TEMPI["folk"],
    waltz_tempi=WALTZ_TEMPI["folk"],
    major=0.75,
    keys=(0, 2, 4, 7, 9),
    kit=STANDARD_KIT,
    mix=Mix("booth"),
    moods={"major": ("warm", "cheerful", "peaceful"), "minor": ("wistful", "haunting")},
    progressions={
        "major": {
            "verse": ("I IV I V", "I V vi IV", "I I IV V"),
            "chorus": ("IV I V I", "IV V I I"),
            "bridge": ("vi IV I V", "ii IV I V"),
            "end": ("IV V I",),
        },
        "minor": {
            "verse": ("i VII i VII", "i VI VII i"),
            "chorus": ("III VII i i", "VI VII i i"),
            "bridge": ("iv i VII i", "VI III VII VII"),
            "end": ("VI VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="acoustic guitar",
            bass="double bass",
            leads=("flute", "violin", "harmonica"),
            layers={
                "intro": Layer(0.4, groove="shaker", comp="folk strum"),
                "verse": Layer(0.5, groove="folk", bass="fifths", comp="folk strum"),
                "chorus": Layer(0.8, groove="folk full", bass="fifths", comp="strum busy"),
                "bridge": Layer(0.4, groove="shaker", bass="whole", comp="picked"),
                "inst": Layer(0.7, groove="folk full", bass="fifths", comp="strum busy"),
                "outro": Layer(0.5, groove="folk", bass="fifths", comp="folk strum"),
            },
        ),
        Arrangement(
            comp="acoustic guitar",
            bass="double bass",
            leads=("flute", "clarinet"),
            pad="strings",
            layers={
                "intro": Layer(0.3, groove="shaker", comp="picked"),
                "verse": Layer(0.4, groove="shaker", bass="whole", comp="picked"),
                "chorus": Layer(0.7, groove="folk full", bass="fifths", comp="folk strum", pad="whole"),
                "bridge": Layer(0.4, groove="shaker", bass="whole", comp="picked"),
                "inst": Layer(0.6, groove="folk", bass="fifths", comp="picked", pad="whole"),
                "outro": Layer(0.4, groove="shaker", bass="whole", comp="picked"),
            },
        ),
    ),
    waltzes=(
        Arrangement(
            comp="acoustic guitar",
            bass="double bass",
            leads=("flute", "violin", "harmonica"),
            layers={
                "intro": Layer(0.4, groove="waltz shaker", comp="waltz strum"),
                "verse": Layer(0.5, groove="waltz shaker", bass="waltz", comp="waltz strum"),
                "chorus": Layer(0.8, groove="waltz folk", bass="waltz fifths", comp="waltz strum"),
                "bridge": Layer(0.4, groove="waltz shaker", bass="waltz", comp="waltz ripple"),
                "inst": Layer(0.7, groove="waltz folk", bass="waltz fifths", comp="waltz strum"),
                "outro": Layer(0.5, groove="waltz shaker", bass="waltz", comp="waltz strum"),
            },
        ),
    ),
)
