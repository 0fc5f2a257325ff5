"""Synthwave: a driving sequenced bass, gated drums, pads and arpeggios of the eighties."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import MACHINE_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="synthwave",
    tags=STYLE_TAGS["synthwave"],
    nouns=("synthwave track", "retro synth song"),
    tempi=STYLE_TEMPI["synthwave"],
    major=0.25,
    keys=(0, 2, 4, 5, 9),
    kit=MACHINE_KIT,
    loose=0.2,
    mix=Mix("hall", echo=0.35, pump=0.4),
    moods={"major": ("nostalgic", "dreamy", "hopeful"), "minor": ("nostalgic", "dark", "driving")},
    progressions={
        "major": {
            "verse": ("I V vi IV", "vi IV I V"),
            "chorus": ("IV V vi I", "IV I V vi"),
            "bridge": ("ii IV vi V", "IV iii vi V"),
            "end": ("IV V I",),
        },
        "minor": {
            "verse": ("i VI III VII", "i i VI VII"),
            "chorus": ("VI VII i III", "i VI III VII"),
            "bridge": ("iv VI VII VII", "VI VI iv VII"),
            "end": ("VI VII i",),
        },
    },
    arrangements=(
        Arrangement(
            comp="synth lead",
            bass="synth bass",
            leads=("square lead", "electric guitar"),
            pad="synth pad",
            layers={
                "intro": Layer(0.5, groove="eighties", comp="arpeggio", pad="whole"),
                "verse": Layer(0.6, groove="eighties", bass="sixteenths", pad="whole", fill="claps"),
                "chorus": Layer(
                    1.0, groove="eighties full", bass="sixteenths", comp="arpeggio", pad="whole", fill="toms"
                ),
                "bridge": Layer(0.5, groove="hats", bass="whole", comp="arpeggio", pad="whole", fill="build"),
                "inst": Layer(
                    0.9, groove="eighties full", bass="sixteenths", comp="arpeggio", pad="whole", fill="toms"
                ),
                "outro": Layer(0.6, groove="eighties", bass="sixteenths", pad="whole"),
            },
        ),
        Arrangement(
            comp="electric piano",
            bass="synth bass",
            leads=("square lead", "synth lead"),
            pad="synth strings",
            layers={
                "intro": Layer(0.5, groove="eighties", bass="gallop", pad="whole"),
                "verse": Layer(0.6, groove="eighties", bass="gallop", comp="broken", pad="whole", fill="claps"),
                "chorus": Layer(1.0, groove="eighties full", bass="gallop", comp="pulse", pad="whole", fill="toms"),
                "bridge": Layer(0.5, groove="hats", bass="whole", comp="broken", pad="whole", fill="build"),
                "inst": Layer(0.9, groove="eighties full", bass="gallop", comp="pulse", pad="whole", fill="toms"),
                "outro": Layer(0.6, groove="eighties", bass="gallop", comp="broken", pad="whole"),
            },
        ),
    ),
)
