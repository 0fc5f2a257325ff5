"""The tokenizer of the published weights, Llama 3's: where it may be found, and checked before use.

Its licence (Meta's community licence) forbids shipping it with Khala. There are two kinds of file:

    tokenizer.json     of the `tokenizers` library
    tokenizer.model    Meta's own, in tiktoken's format: a line per token, its bytes in base64 and its rank
"""

import base64
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers

from khala.music.errors import InvalidRequest, ModelError
from khala.music.layout import SPECIAL_TOKENS
from khala.weights.published.places import require_inside
from khala.weights.tokenizer import Tokenizer, byte_alphabet

VOCAB = 128256
"""Ids of the tokenizer, including the 256 special ones at the end."""

FILES = ("tokenizer.json", "tokenizer.model", "*/tokenizer.json", "*/tokenizer.model")
"""Where the tokenizer may be in a folder; the first found is used."""

PACKAGE = "llama_models"
"""A package of Meta's that contains the file; it is read, never imported."""

ADVICE = "name it: --tokenizer FOLDER, or take Meta's package: pip install --no-deps llama-models"

PRETOKEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
"""The pieces that a text is split into before pairs are merged; `tokenizer.model` does not contain it."""

KNOWN = {
    "Hello world": [9906, 1917],
    "warm folk ballad, female vocals": [83697, 29036, 5041, 329, 11, 8954, 47196],
    "[verse]\nI'LL sing 1234567 times\n\n  (oh-oh)": [
        *(58, 4550, 933, 40, 6, 4178, 7936, 220, 4513, 10961, 22, 3115, 271, 220, 320, 2319, 12, 2319, 8),
    ],
    "你好,世界": [57668, 53901, 11, 102616],
    "사랑해요": [125989, 124802],
    "naïve café": [3458, 38672, 588, 53050],
    "🎵  \t\n": [9468, 236, 113, 99351],
}
"""Texts and their ids: words, contractions, numbers, line breaks, scripts, spaces, marks."""


def find_llama3(named: Path | None, download: Path | None = None) -> Tokenizer:
    """Find Llama 3's tokenizer: in `named` (a file or a folder), else in `download`, else in `PACKAGE`.

    Raises InvalidRequest if `named` holds none or a file is another tokenizer, ModelError if there is none anywhere.
    """
    if named is not None:
        path = _file_at(named)
        if path is None:
            raise InvalidRequest(f"{named} holds neither tokenizer.json nor tokenizer.model; name another folder")
        return load_llama3(path)
    if download is not None and (path := _file_at(download)) is not None:
        return load_llama3(require_inside(download, path))
    if (path := packaged()) is not None:
        return load_llama3(path)
    raise ModelError(f"the Llama 3 tokenizer, which these weights need, was not found; {ADVICE}")


def load_llama3(path: Path) -> Tokenizer:
    """Load a file of either kind. Raises InvalidRequest if it is broken, or not Llama 3's tokenizer."""
    try:
        ranks = path.suffix == ".model"
        tokenizer = Tokenizer(from_ranks(path.read_bytes()) if ranks else tokenizers.Tokenizer.from_file(str(path)))
        wrong = [text for text, ids in KNOWN.items() if tokenizer.encode(text) != ids]
    except Exception as error:  # the library raises bare Exception for a file that it cannot read
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise InvalidRequest(f"{path} is not a Llama 3 tokenizer: {reason}; {ADVICE}") from None
    if tokenizer.vocab != VOCAB:
        raise InvalidRequest(f"{path} is not a Llama 3 tokenizer: it has {tokenizer.vocab} ids, not {VOCAB}; {ADVICE}")
    if wrong:
        raise InvalidRequest(f"{path} is not a Llama 3 tokenizer: it encodes {wrong[0]!r} otherwise; {ADVICE}")
    return tokenizer


def from_ranks(content: bytes) -> tokenizers.Tokenizer:
    """Convert a file in tiktoken's format to a tokenizer of the `tokenizers` library, and add `SPECIAL_TOKENS`.

    tiktoken merges the two neighbours that form the token of the lowest rank, however that token may be split; so every
    split into two tokens becomes a merge, in the order of ranks. Raises ValueError for a damaged file.
    """
    tokens = _tokens(content)
    ranks = {token: rank for rank, token in enumerate(tokens)}
    alphabet = byte_alphabet()
    texts = ["".join(alphabet[byte] for byte in token) for token in tokens]
    merges = [(texts[left], texts[right]) for token in tokens for left, right in sorted(_splits(token, ranks))]
    vocab = {text: rank for rank, text in enumerate(texts)}
    backend = tokenizers.Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=True))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKEN_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL_TOKENS])
    return backend


def _tokens(content: bytes) -> list[bytes]:
    """Decode the bytes of every token, by rank."""
    tokens = []
    for number, line in enumerate(content.splitlines()):
        token, _, rank = line.partition(b" ")
        if rank != str(number).encode() or not token:
            raise ValueError(f"line {number + 1} is damaged")
        tokens.append(base64.b64decode(token, validate=True))
    if len({*tokens}) != len(tokens) or not {bytes([byte]) for byte in range(256)} <= {*tokens}:
        raise ValueError("it has a token twice, or lacks a byte")
    return tokens


def _splits(token: bytes, ranks: dict[bytes, int]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of tokens, by rank, that form `token`."""
    for at in range(1, len(token)):
        left, right = ranks.get(token[:at]), ranks.get(token[at:])
        if left is not None and right is not None:
            yield left, right


def _file_at(place: Path) -> Path | None:
    """Return `place` if it is a file, or the first of `FILES` in that folder."""
    try:
        if place.is_file():
            return place
        found = (path for pattern in FILES for path in sorted(place.glob(pattern)))
        return next((path for path in found if path.is_file()), None)
    except (OSError, ValueError):  # not a valid name
        return None


def packaged() -> Path | None:
    """Return the file in Meta's package, if that is installed."""
    spec = find_spec(PACKAGE)
    places = [Path(place) / "llama3" / "tokenizer.model" for place in (spec and spec.submodule_search_locations) or ()]
    return next((path for path in places if path.is_file()), None)
