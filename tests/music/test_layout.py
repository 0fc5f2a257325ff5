"""Token layout: every id has one meaning, and what is out of range is refused."""

import pytest

from khala.music.layout import SPECIAL_TOKENS, TokenLayout


@pytest.mark.parametrize("layout", [TokenLayout(), TokenLayout(512, 1024, 64), TokenLayout(512, 16, 4)])
def test_every_id_has_one_meaning(layout):
    specials = [layout.special_id(name) for name in layout.special_tokens]
    assert specials == list(range(layout.text_vocab - 256, layout.text_vocab))
    codes = [i for level in range(layout.levels) for i in layout.level_rows(level)]
    assert codes == list(range(layout.text_vocab, layout.superres_vocab))
    assert layout.audio_id(layout.levels - 1, layout.codebook - 1) == layout.superres_vocab - 1
    assert layout.backbone_vocab == layout.level_rows(1).stop


def test_published_ids():
    layout = TokenLayout()
    assert (layout.bos, layout.eos, layout.filler) == (128000, 128001, 128004)
    assert (layout.start_header, layout.end_header) == (128006, 128007)
    assert (layout.eom, layout.eot, layout.python_tag) == (128008, 128009, 128010)
    assert [layout.duration_token(n) for n in range(1, 11)] == [128003, 128005, *range(128011, 128019)]
    assert [layout.marker(k) for k in (0, 1, 2, 63)] == [128255, 128254, 128253, 128192]


def test_names_are_256_and_different():
    assert len(set(SPECIAL_TOKENS)) == len(SPECIAL_TOKENS) == 256


def test_out_of_range_is_refused():
    layout = TokenLayout(512, 16, 4)
    for call in (
        lambda: layout.duration_token(0),
        lambda: layout.duration_token(11),
        lambda: layout.marker(4),
        lambda: layout.level_rows(-1),
        lambda: layout.audio_id(0, 16),
        lambda: layout.audio_id(0, -1),
        lambda: TokenLayout(text_vocab=256),
        lambda: TokenLayout(codebook=0),
        lambda: TokenLayout(levels=1),
    ):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(KeyError):
        layout.special_id("<|nothing|>")
