"""Lo-fi: slow swung sixteenths, electric piano, soft drums, long seventh chords."""

from khala.conditioning.styles import STYLE_TAGS, STYLE_TEMPI
from khala.corpus.composer.compose.styles.base import BRUSH_KIT, Arrangement, Layer, Style
from khala.corpus.composer.score import Mix

STYLE = Style(
    name="lo-fi",
    tags=STYLE_TAGS["lo-fi"],
    nouns=("lo-fi track", "lo-fi song"),
    tempi=STYLE_TEMPI["lo-fi"],
    major=0.6,
    keys=(0, 3, 5, 7, 10),
    kit=BRUSH_KIT,
    swing=0.6,
    swing_grid=0.5,
    late=14.0,
    mix=Mix("booth", worn=True),
    moods={"major": ("relaxed", "dreamy", "mellow"), "minor": ("nostalgic", "mellow")},
    progressions={
        "major": {
            "verse": ("ii7 V7 Imaj7 vi7", "Imaj7 IVmaj7 Imaj7 IVmaj7"),
            "chorus": ("IVmaj7 iii7 ii7 Imaj7", "IVmaj7 V7 iii7 vi7"),
            "bridge": ("vi7 iii7 IVmaj7 V7", "ii7 iii7 IVmaj7 V7"),
            "end": ("ii7 V7 Imaj7",),
        },
        "minor": {
            "verse": ("i7 iv7 i7 iv7", "i7 VImaj7 iv7 v7"),
            "chorus": ("VImaj7 v7 iv7 i7", "iv7 VII7 IIImaj7 VImaj7"),
            "bridge": ("VImaj7 VImaj7 v7 v7", "iv7 v7 VImaj7 VII7"),
            "end": ("iv7 v7 i7",),
        },
    },
    arrangements=(
        Arrangement(
            comp="electric piano",
            bass="bass",
            leads=("vibraphone", "electric guitar"),
            layers={
                "intro": Layer(0.4, groove="lazy light", comp="lazy"),
                "verse": Layer(0.5, groove="lazy", bass="slow", comp="lazy"),
                "chorus": Layer(0.7, groove="lazy full", bass="dub", comp="charleston"),
                "bridge": Layer(0.4, groove="lazy light", bass="whole", comp="lazy"),
                "inst": Layer(0.6, groove="lazy", bass="dub", comp="charleston"),
                "outro": Layer(0.5, groove="lazy", bass="slow", comp="lazy"),
            },
        ),
        Arrangement(
            comp="electric guitar",
            bass="bass",
            leads=("electric piano", "saxophone"),
            pad="synth pad",
            layers={
                "intro": Layer(0.4, groove="lazy light", comp="broken"),
                "verse": Layer(0.5, groove="lazy", bass="slow", comp="broken"),
                "chorus": Layer(0.7, groove="lazy full", bass="dub", comp="broken", pad="whole"),
                "bridge": Layer(0.4, groove="lazy light", bass="whole", comp="broken", pad="whole"),
                "inst": Layer(0.6, groove="lazy", bass="dub", comp="broken", pad="whole"),
                "outro": Layer(0.5, groove="lazy", bass="slow", comp="broken"),
            },
        ),
    ),
)
