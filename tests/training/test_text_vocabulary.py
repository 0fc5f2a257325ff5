"""Words of a corpus as tokens, and models that go on under another vocabulary."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from khala.corpus.data.songs import TokenCorpus
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest, ModelError
from khala.training.start import start_from
from khala.training.text_vocabulary import text_vocabulary, texts
from khala.weights.tokenizer import Tokenizer

CONFIG = tiny().backbone


@pytest.fixture
def fresh_tokens(tokens: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tokens, tmp_path / "tokens")


def model(text_vocab: int = 512, **changes: int) -> Backbone:
    return Backbone(replace(CONFIG, codebook_dim=None, text_vocab=text_vocab, **changes))


def test_bytes_need_no_corpus(tmp_path: Path) -> None:
    assert text_vocabulary(tmp_path / "none", 512).encode("é") == list("é".encode())


def test_words_are_kept_with_the_tokens(fresh_tokens: Path) -> None:
    made = text_vocabulary(fresh_tokens, 532)
    assert len(made.encode("dancing morning")) < len("dancing morning")
    assert made.decode(made.encode("żółw, morning")) == "żółw, morning"
    (fresh_tokens / "shard-0000.jsonl").unlink()
    assert text_vocabulary(fresh_tokens, 532).encode("dancing morning") == made.encode("dancing morning")
    with pytest.raises(InvalidRequest, match="532 ids"):
        text_vocabulary(fresh_tokens, 533)


def test_held_out_songs_lend_no_words(tokens: Path) -> None:
    corpus = TokenCorpus(tokens)
    corpus.held_out = [replace(song, lyrics="zyzzyva") for song in corpus.held_out]
    corpus.train = [replace(corpus.train[0], lyrics="quahog\nokapi", description="An eel.")]
    assert texts(corpus) == [", ".join(corpus.train[0].tags), "An eel.", "quahog", "okapi"]


def test_too_few_words_are_an_error(fresh_tokens: Path) -> None:
    with pytest.raises(InvalidRequest, match="smaller text_vocab"):
        text_vocabulary(fresh_tokens, 4096)
    assert not (fresh_tokens / "tokenizer.json").exists()


def test_a_known_text_means_the_same_under_new_words(tokens: Path) -> None:
    old, new = Tokenizer.of_bytes(), Tokenizer.of_words(texts(TokenCorpus(tokens)), 532)
    known, ours = model(), model(532)
    start_from(ours, new, known, old)
    codes = torch.arange(16)
    for level in (0, 1):
        ids = [
            torch.tensor([layout.audio_id(level, int(c)) for c in codes])
            for layout in (ours.config.layout, known.config.layout)
        ]
        assert torch.equal(ours.embedding.weight[ids[0]], known.embedding.weight[ids[1]])
    assert torch.equal(ours.head.weight[ours.config.layout.eos], known.head.weight[known.config.layout.eos])
    assert torch.equal(ours.embedding.weight[:256], known.embedding.weight[:256])
    piece = new.pieces()[256]
    assert torch.allclose(ours.embedding.weight[256], known.embedding.weight[list(piece)].mean(0))
    assert torch.equal(ours.blocks[1].mlp.down.weight, known.blocks[1].mlp.down.weight)


@pytest.mark.parametrize("changes", [{"layers": 1}, {"dim": 64}, {"codebook": 32}])
def test_another_shape_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ModelError, match="start from"):
        start_from(model(), Tokenizer.of_bytes(), model(**changes), Tokenizer.of_bytes())


def test_a_condition_that_is_new_says_nothing_at_first() -> None:
    known, ours = (Backbone(replace(CONFIG, condition_rows=rows)) for rows in (5, 8))
    start_from(ours, Tokenizer.of_bytes(), known, Tokenizer.of_bytes())
    assert ours.conditions is not None and known.conditions is not None
    assert torch.equal(ours.conditions.weight[:5], known.conditions.weight)
    assert not ours.conditions.weight[5:].any()
    with pytest.raises(ModelError, match=r"conditions\.weight of the model to start from"):
        start_from(known, Tokenizer.of_bytes(), ours, Tokenizer.of_bytes())


def test_a_model_of_all_levels_at_once_starts_from_one_of_single_levels() -> None:
    config = tiny().superres
    known, ours = Superres(config), Superres(replace(config, residual=True))
    start_from(ours, Tokenizer.of_bytes(), known, Tokenizer.of_bytes())
    assert all(torch.equal(weight, known.state_dict()[name]) for name, weight in ours.state_dict().items())
    with pytest.raises(ModelError, match="another shape"):
        start_from(known, Tokenizer.of_bytes(), ours, Tokenizer.of_bytes())
