"""The tokenizer of the published weights: Meta's file turned into ours, found, checked, refused."""

import base64
import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from khala.music.errors import InvalidRequest, ModelError
from khala.music.layout import SPECIAL_TOKENS
from khala.music.prompt import EOM
from khala.weights.published import llama3
from khala.weights.published.llama3 import KNOWN, VOCAB, find_llama3, from_ranks, load_llama3
from khala.weights.tokenizer import Tokenizer

BYTES = [bytes([byte]) for byte in range(256)]
PAIRS = [b"la", b"lala", b"al", b"ala", b"ll", b"all", b"lall", b" l", b" la", b" lala", b"\xe4\xbd", b"\xe4\xbd\xa0"]


def ranks_file(tokens: list[bytes]) -> bytes:
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens))


def joined(piece: bytes, ranks: dict[bytes, int]) -> list[int]:
    """What tiktoken makes of a piece, in the plainest way: join the neighbours of lowest rank until none is left."""
    if piece in ranks:
        return [ranks[piece]]
    parts = [bytes([byte]) for byte in piece]
    while True:
        found = [(ranks[a + b], at) for at, (a, b) in enumerate(pairwise(parts)) if a + b in ranks]
        if not found:
            return [ranks[part] for part in parts]
        _, at = min(found)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]


@pytest.fixture(scope="module")
def real() -> Tokenizer:
    """Meta's own file, from its package."""
    return find_llama3(None)


def test_metas_file_reads_as_known_and_keeps_the_published_places(real: Tokenizer) -> None:
    assert real.vocab == VOCAB
    assert {text: real.encode(text) for text in KNOWN} == KNOWN
    assert real.encode(("Hello", EOM)) == [9906, 128008]
    assert [real.decode([id]) for id in (128000, 128001, 128009, 128255)] == [
        *("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|reserved_special_token_247|>"),
    ]


def test_a_saved_one_is_found_in_any_place_of_a_folder(real: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "original").mkdir()
    real.save(tmp_path / "original" / "tokenizer.json")
    text = "la la 你好, don't stop 2024!\n\n"
    for named, download in ((tmp_path, None), (tmp_path / "original" / "tokenizer.json", None), (None, tmp_path)):
        assert find_llama3(named, download).encode(text) == real.encode(text)


def test_pairs_join_as_in_tiktoken() -> None:
    tokens = BYTES + PAIRS
    ranks = {token: rank for rank, token in enumerate(tokens)}
    tokenizer = Tokenizer(from_ranks(ranks_file(tokens)))
    assert tokenizer.vocab == len(tokens) + len(SPECIAL_TOKENS)
    draw = random.Random(0)
    for _ in range(2000):
        word = "".join(draw.choices("la你é", k=draw.randint(1, 12)))
        spaced = " " * draw.randint(0, 1) + word  # one piece: a space belongs to the word that follows
        assert tokenizer.encode(spaced) == joined(spaced.encode(), ranks), spaced


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00\n",
        ranks_file(BYTES[:-1]),  # a byte is missing
        ranks_file([*BYTES, b"la", b"la"]),
        ranks_file(BYTES).replace(b" 7\n", b" 8\n"),
        ranks_file(BYTES)[:-9] + b"!!!! 255\n",
        ranks_file(BYTES + PAIRS),  # whole, but not Llama 3's
    ],
)
def test_a_damaged_or_other_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(content)
    with pytest.raises(InvalidRequest, match=r"tokenizer\.model is not a Llama 3 tokenizer: .* --tokenizer FOLDER"):
        find_llama3(tmp_path)


def test_one_of_the_same_size_that_reads_otherwise_is_refused(real: Tokenizer, tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    real.save(file)
    values = json.loads(file.read_text(encoding="utf-8"))
    vocab = values["model"]["vocab"]
    vocab["Hello"], vocab["ĠHello"] = vocab["ĠHello"], vocab["Hello"]
    file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(InvalidRequest, match="it encodes 'Hello world' otherwise"):
        load_llama3(file)


def test_a_broken_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InvalidRequest, match=r"tokenizer\.json is not a Llama 3 tokenizer"):
        find_llama3(tmp_path)


def test_none_in_the_folder_that_was_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere", tmp_path / ("x" * 300), tmp_path / "a\0b"):
        with pytest.raises(InvalidRequest, match=r"holds neither tokenizer\.json nor tokenizer\.model"):
            find_llama3(folder)


def test_none_anywhere_says_where_to_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama3, "PACKAGE", "a_package_that_nobody_has")
    with pytest.raises(
        ModelError, match=r"was not found; name it: --tokenizer FOLDER, .*pip install --no-deps llama-mo"
    ):
        find_llama3(None, tmp_path)


def test_a_download_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "download").mkdir()
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "download" / "tokenizer.json").symlink_to(tmp_path / "secret")
    with pytest.raises(ModelError, match="leads out of"):
        find_llama3(None, tmp_path / "download")
