"""Pop: steady backbeat, four-chord loops, a bright chorus."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Progressions, Style
from khala.corpus.composer.score import Mix

PROGRESSIONS: Progressions = {
    "major": {
        "verse": ("I V vi IV", "I vi IV V", "vi IV I V"),
        "chorus": ("IV V I vi", "I V vi IV", "IV I V vi"),
        "bridge": ("vi IV ii V", "IV iii ii V"),
        "end": ("IV V I",),
    },
    "minor": {
        "verse": ("i VI III VII", "i iv VI VII"),
        "chorus": ("VI VII i i", "VI III VII i"),
        "bridge": ("iv VII III VI", "iv i VI VII"),
        "end": ("VI VII i",),
    },
}
STYLE = Style(
    name="pop",
    tags=STYLE_TAGS["pop"],
    nouns=("pop song", "pop tune"),
    tempi=STYLE_TEMPI["pop"],
    major=0.75,
    keys=(0, 2, 5, 7, 9),
    kit=STANDARD_KIT,
    mix=Mix(echo=0.3),
    moods={"major": ("happy", "bright", "uplifting"), "minor": ("wistful", "longing")},
    progressions=PROGRESSIONS,
    arrangements=(
        Arrangement(
            comp="piano",
            bass="bass",
            leads=("synth lead", "flute"),
            pad="synth pad",
            layers={
                "intro": Layer(0.5, groove="side stick", bass="whole", comp="quarters"),
                "verse": Layer(0.6, groove="pop verse", bass="pulse", comp="quarters", fill="snare"),
                "chorus": Layer(0.9, groove="pop chorus", bass="eighths", comp="quarters", pad="whole", fill="toms"),
                "bridge": Layer(0.5, groove="kick clap", bass="whole", comp="broken", pad="whole", fill="snare"),
                "inst": Layer(0.7, groove="pop verse", bass="pulse", comp="quarters", pad="whole", fill="snare"),
                "outro": Layer(0.6, groove="pop verse", bass="pulse", comp="quarters", pad="whole"),
            },
        ),
        Arrangement(
            comp="acoustic guitar",
            bass="bass",
            leads=("electric guitar", "synth lead"),
            pad="strings",
            layers={
                "intro": Layer(0.5, groove="side stick", comp="strum"),
                "verse": Layer(0.6, groove="side stick", bass="halves", comp="strum", fill="light"),
                "chorus": Layer(0.9, groove="pop chorus", bass="pulse", comp="strum", pad="whole", fill="snare"),
                "bridge": Layer(0.5, groove="hats", bass="whole", comp="strum", pad="whole", fill="snare"),
                "inst": Layer(0.7, groove="pop verse", bass="pulse", comp="strum", fill="snare"),
                "outro": Layer(0.6, groove="pop verse", bass="pulse", comp="strum"),
            },
        ),
    ),
)
