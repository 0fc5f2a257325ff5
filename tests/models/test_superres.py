from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres, init_from_backbone, mark_task
from khala.models.presets import tiny
from khala.music.layout import TokenLayout


def test_the_marker_takes_the_place_of_the_last_text_position() -> None:
    text = torch.tensor([[5, 6, 7], [8, 9, 10]])
    marked = mark_task(text, 3, TokenLayout(512, 16, 8))
    assert marked.tolist() == [[5, 6, 508], [8, 9, 508]]
    assert text[0, 2] == 7


def test_a_song_is_text_then_one_position_per_frame() -> None:
    model = Superres(replace(tiny().superres, codebook_dim=None))
    codes = torch.randint(0, 16, (1, 3, 4))
    x = model.embed_song(torch.tensor([[5, 6, 7]]), codes)
    assert x.shape == (1, 7, 32)
    table = model.embedding.weight
    torch.testing.assert_close(x[0, 2], table[511 - 3])
    torch.testing.assert_close(x[0, 3], sum(table[512 + 16 * q + codes[0, q, 0]] for q in range(3)))


@pytest.mark.parametrize("codebook_dim", [None, 16])
def test_starting_from_a_backbone_copies_all_that_both_have(codebook_dim: int | None) -> None:
    config = tiny()
    backbone = Backbone(replace(config.backbone, codebook_dim=codebook_dim))
    superres = Superres(replace(config.superres, codebook_dim=codebook_dim))
    own = {name: weight.clone() for name, weight in superres.state_dict().items()}
    init_from_backbone(superres, backbone)
    given = backbone.state_dict()
    for name, weight in superres.state_dict().items():
        rows = given[name].shape[0] if name in given else 0
        assert torch.equal(weight[:rows], given.get(name, weight)[:rows]), name
        assert torch.equal(weight[rows:], own[name][rows:]), name

    if codebook_dim is not None:
        codebooks = torch.randn(8, 16, 16)
        backbone.bind_codebooks(codebooks)
        superres.bind_codebooks(codebooks)
    ids = torch.randint(0, 512 + 32, (1, 9))
    ours, theirs = (model(model.embed_tokens(ids), causal=True) for model in (superres, backbone))
    assert torch.equal(ours, theirs)
    assert torch.equal(superres.level_logits(ours, 1), backbone.level_logits(theirs, 1))


def test_another_shape_is_refused() -> None:
    config = tiny()
    with pytest.raises(ValueError, match="same width"):
        init_from_backbone(Superres(config.superres), Backbone(replace(config.backbone, layers=1)))


@pytest.mark.parametrize("letter", ["a", "c"])
def test_published_inputs(fixtures: Path, letter: str) -> None:
    """What the published program lays out before a pass says the same as ours; -1 and padding take no place here."""
    reference = load_file(fixtures / f"official-{letter}" / "superres_ref.safetensors")
    layout, text_T, codes_QT = TokenLayout(512, 32, 64), reference["text_ids"], reference["audio_codes"][:, 0]
    size, start = reference["position_ids"].shape[1], len(text_T)
    end = start + codes_QT.shape[1]
    ids_QT = codes_QT + torch.tensor([layout.level_rows(level).start for level in range(64)])[:, None]
    assert torch.equal(reference["audio_tokens_vocab_ids"][:, 0], ids_QT)
    assert torch.equal(reference["backbone_tokens"], ids_QT[:2].T.flatten())

    def laid_out(text_T: torch.Tensor, levels: int) -> torch.Tensor:
        rows = torch.full((size, levels), -1)
        rows[:start, 0], rows[start:end] = text_T, ids_QT[:levels].T
        return rows

    assert torch.equal(reference["packed_tokens"][0], laid_out(text_T, 2))
    for level in (2, 3, 17, 63):
        assert torch.equal(reference[f"input_ids.{level}"], laid_out(mark_task(text_T[None], level, layout)[0], level))
    place = torch.arange(size)
    assert torch.equal(reference["position_ids"][0], place)
    assert torch.equal(reference["attention_mask"][0, 0, 0], place >= end)
    assert torch.equal(reference["loss_mask"][0].bool(), (place >= start) & (place < end))
    seen = {"text_ids", "audio_codes", "audio_tokens_vocab_ids", "backbone_tokens", "packed_tokens", "position_ids"}
    seen |= {"attention_mask", "loss_mask"}
    seen |= {f"{kind}.{level}" for kind in ("input_ids", "embedding", "hidden") for level in (2, 3, 17, 63)}
    assert reference.keys() == seen  # the others are met in test_transformer and test_refine
