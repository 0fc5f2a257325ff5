"""Reggae: one drop on three, the guitar on the off-beats, a round bass."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import STANDARD_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="reggae",
    tags=STYLE_TAGS["reggae"],
    nouns=("reggae song", "reggae tune"),
    tempi=STYLE_TEMPI["reggae"],
    major=0.7,
    keys=(0, 2, 5, 7, 9),
    kit=STANDARD_KIT,
    late=6.0,
    pushed=0.4,
    mix=Mix(echo=0.4),
    moods={"major": ("sunny", "relaxed", "happy"), "minor": ("cool", "moody")},
    progressions={
        "major": {
            "verse": ("I I IV V", "I IV I V", "I ii I ii"),
            "chorus": ("I V vi IV", "IV I V I"),
            "bridge": ("vi V IV V", "ii V ii V"),
            "end": ("IV V I",),
        },
        "minor": {
            "verse": ("i iv i iv", "i VII i VII"),
            "chorus": ("VI VII i i", "iv VII i i"),
            "bridge": ("VI VI VII VII", "iv i iv VII"),
            "end": ("iv VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="electric guitar",
            bass="bass",
            leads=("saxophone", "flute"),
            layers={
                "intro": Layer(0.5, groove="one drop", comp="off", fill="light"),
                "verse": Layer(0.6, groove="one drop", bass="roots", comp="off", fill="light"),
                "chorus": Layer(0.8, groove="steppers", bass="roots", comp="off", fill="toms"),
                "bridge": Layer(0.5, groove="one drop", bass="halves", comp="off", fill="light"),
                "inst": Layer(0.7, groove="one drop", bass="roots", comp="off", fill="light"),
                "outro": Layer(0.6, groove="one drop", bass="roots", comp="off"),
            },
        ),
        Arrangement(
            comp="clean guitar",
            bass="bass",
            leads=("trumpet", "electric guitar"),
            pad="organ",
            layers={
                "intro": Layer(0.5, groove="one drop", comp="off", pad="off"),
                "verse": Layer(0.6, groove="one drop", bass="dub", comp="off", fill="light"),
                "chorus": Layer(0.9, groove="steppers", bass="roots", comp="off", pad="off", fill="toms"),
                "bridge": Layer(0.5, groove="one drop", bass="halves", comp="off", fill="light"),
                "inst": Layer(0.7, groove="steppers", bass="dub", comp="off", pad="off", fill="light"),
                "outro": Layer(0.6, groove="one drop", bass="dub", comp="off", pad="off"),
            },
        ),
    ),
)
