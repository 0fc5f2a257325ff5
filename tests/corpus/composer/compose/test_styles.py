"""Styles: their arrangements, tempi and progressions exist."""

from khala.corpus.composer.compose import STYLES
from khala.corpus.composer.compose.harmony import parse_numeral, tones
from khala.corpus.composer.compose.styles.base import PROGRAMS


def test_every_arrangement_names_parts_that_exist() -> None:
    for style in STYLES.values():
        for arrangement in (*style.arrangements, *style.waltzes):
            assert set(arrangement.layers) == {"intro", "verse", "chorus", "bridge", "inst", "outro"}
            assert {arrangement.comp, arrangement.bass, *arrangement.leads} <= set(PROGRAMS)
            assert arrangement.comp not in arrangement.leads
            assert bool(arrangement.pad) == any(layer.pad for layer in arrangement.layers.values())
        for tempo in style.tempi:
            assert tempo % 4 == 0
        for tempo in style.waltz_tempi:
            assert tempo % 6 == 0
        for mode in ("major", "minor"):
            for choices in style.progressions[mode].values():
                for numerals in choices:
                    assert all(tones(parse_numeral(numeral, 0, mode, 0, 1)) for numeral in numerals.split())
