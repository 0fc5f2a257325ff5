"""Ballad: slow, broken piano chords, strings in the chorus; some in three."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI, WALTZ_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.compose.styles.pop import PROGRESSIONS
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="ballad",
    tags=STYLE_TAGS["ballad"],
    nouns=("ballad", "piano ballad"),
    tempi=STYLE_TEMPI["ballad"],
    waltz_tempi=WALTZ_TEMPI["ballad"],
    major=0.6,
    keys=(0, 3, 5, 7, 10),
    kit=STANDARD_KIT,
    mix=Mix("hall"),
    moods={"major": ("tender", "romantic", "gentle"), "minor": ("sad", "melancholic")},
    progressions=PROGRESSIONS,
    arrangements=(
        Arrangement(
            comp="piano",
            bass="bass",
            leads=("violin", "flute", "cello"),
            pad="strings",
            layers={
                "intro": Layer(0.3, comp="ripple"),
                "verse": Layer(0.4, groove="side stick", bass="whole", comp="ripple", fill="light"),
                "chorus": Layer(0.8, groove="ballad chorus", bass="slow", comp="ripple", pad="whole", fill="toms"),
                "bridge": Layer(0.4, groove="hats", bass="whole", comp="ripple", pad="whole"),
                "inst": Layer(0.6, groove="side stick", bass="slow", comp="ripple", pad="whole", fill="light"),
                "outro": Layer(0.4, bass="whole", comp="ripple", pad="whole"),
            },
        ),
    ),
    waltzes=(
        Arrangement(
            comp="piano",
            bass="bass",
            leads=("violin", "flute", "cello"),
            pad="strings",
            layers={
                "intro": Layer(0.3, comp="waltz ripple"),
                "verse": Layer(0.4, groove="waltz light", bass="waltz", comp="waltz ripple"),
                "chorus": Layer(0.8, groove="waltz full", bass="waltz", comp="waltz ripple", pad="waltz whole"),
                "bridge": Layer(0.4, groove="waltz light", bass="waltz", comp="waltz ripple", pad="waltz whole"),
                "inst": Layer(0.6, groove="waltz light", bass="waltz", comp="waltz ripple", pad="waltz whole"),
                "outro": Layer(0.4, bass="waltz", comp="waltz ripple", pad="waltz whole"),
            },
        ),
    ),
)
