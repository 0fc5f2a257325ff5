"""Tokenizers: bytes and byte-pairs, files, and text that cannot become a special token."""

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, decoders, models, pre_tokenizers, processors, trainers

from khala.music.errors import ModelError
from khala.music.layout import SPECIAL_TOKENS, TokenLayout
from khala.music.prompt import EOM, Special
from khala.weights.tokenizer import Tokenizer

BYTES = Tokenizer.of_bytes()


@pytest.fixture(scope="module")
def pairs_file(tmp_path_factory):
    """A small tokenizer of Llama 3's kind: byte pairs, a template that adds BOS, special tokens under other names."""
    backend = tokenizers.Tokenizer(models.BPE(ignore_merges=True))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(
        ["la la love me do", "eot id eot id"] * 9,
        trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False),
    )
    names = ["<|begin_of_text|>", "<|eot_id|>", *(f"<|other_{n}|>" for n in range(254))]
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    bos = backend.token_to_id(names[0])
    backend.post_processor = processors.TemplateProcessing(single=f"{names[0]} $A", special_tokens=[(names[0], bos)])
    file = tmp_path_factory.mktemp("pairs") / "tokenizer.json"
    backend.save(str(file))
    return file


@given(st.text())
def test_a_byte_is_its_own_id(text):
    ids = BYTES.encode(text)
    assert ids == list(text.encode())
    assert BYTES.decode(ids) == text


def test_special_tokens_have_their_published_places():
    layout = TokenLayout(text_vocab=BYTES.vocab)
    assert BYTES.vocab == 512
    assert BYTES.encode(tuple(map(Special, SPECIAL_TOKENS))) == list(range(256, 512))
    assert BYTES.decode(range(256, 512)) == "".join(SPECIAL_TOKENS)
    assert BYTES.encode(("a", EOM, "b")) == [97, layout.eom, 98]
    with pytest.raises(KeyError):
        BYTES.encode((Special("<|nothing|>"),))


@pytest.mark.parametrize("text", ["".join(SPECIAL_TOKENS), " <|eot_id|>\n", "<|begin_of_text|><|other_3|>"])
def test_text_never_becomes_a_special_token(pairs_file, tmp_path, text):
    saved = tmp_path / "tokenizer.json"
    BYTES.save(saved)
    for tokenizer in (BYTES, Tokenizer.load(saved), Tokenizer.load(pairs_file)):
        ids = tokenizer.encode((text, EOM, text))
        assert [i for i in ids if i >= tokenizer.special_base] == [
            tokenizer.special_base + SPECIAL_TOKENS.index(EOM.name)
        ]
        assert tokenizer.decode(ids) == text + EOM.name + text


def test_byte_pairs(pairs_file, tmp_path):
    tokenizer = Tokenizer.load(pairs_file)
    assert tokenizer.special_base > 256 and tokenizer.vocab == tokenizer.special_base + 256
    text = "la la love 你 é"
    ids = tokenizer.encode(text)
    assert (
        len(ids) < len(text.encode()) and max(ids) < tokenizer.special_base
    )  # pairs were merged, and no BOS was added
    assert tokenizer.decode(ids) == text
    tokenizer.save(tmp_path / "again.json")
    assert Tokenizer.load(tmp_path / "again.json").encode(text) == ids


def test_a_saved_tokenizer_loads_the_same(tmp_path):
    file = tmp_path / "tokenizer.json"
    BYTES.save(file)
    assert Tokenizer.load(file).encode(("é", EOM)) == BYTES.encode(("é", EOM))


def test_decode_shows_broken_bytes_and_refuses_other_ids():
    assert BYTES.decode([97, 0xC3, 264]) == "a\ufffd<|eom_id|>"
    assert BYTES.decode([]) == ""
    for outside in (-1, 512):
        with pytest.raises(ValueError, match=r"0\.\.511"):
            BYTES.decode([outside])


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\x00", b'{"model": 1}'])
def test_a_missing_or_broken_file_is_a_model_error(tmp_path, content):
    file = tmp_path / "tokenizer.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"khala models list$"):
        Tokenizer.load(file)


def test_a_tokenizer_without_the_special_tokens_is_refused(tmp_path):
    backend = tokenizers.Tokenizer(models.BPE(vocab={"a": 0}, merges=[]))
    file = tmp_path / "tokenizer.json"
    backend.save(str(file))
    with pytest.raises(ModelError, match="256 ids must be special"):
        Tokenizer.load(file)
    for special in (True, False):  # 256 of them, but in the way of text: the words are not special
        other = tokenizers.Tokenizer(models.BPE(vocab={"a": 0}, merges=[]))
        words = [AddedToken(f"w{n}", special=special) for n in range(256)]
        (other.add_special_tokens if special else other.add_tokens)(words)
        if special:
            assert Tokenizer(other).special_base == 1
        else:
            with pytest.raises(ValueError, match="must be special"):
                Tokenizer(other)
