"""The text vocabulary of a run: bytes, or bytes and the words of the songs that it learns from."""

from pathlib import Path
from tempfile import TemporaryDirectory

from khala.corpus.data.songs import TokenCorpus
from khala.corpus.data.storage import Place, Storage
from khala.music.errors import InvalidRequest
from khala.weights.names import TOKENIZER
from khala.weights.tokenizer import Tokenizer


def text_vocabulary(tokens: Place, size: int) -> Tokenizer:
    """Return the tokenizer of `size` ids of a folder of token shards, made of its songs and kept there at first use.

    Raises InvalidRequest if the songs have too few words, or the folder's tokenizer another size.
    """
    bytes_alone = Tokenizer.of_bytes()
    if size == bytes_alone.vocab:
        return bytes_alone
    storage = Storage(tokens)
    if not storage.exists(TOKENIZER):
        try:
            made = Tokenizer.of_words(texts(TokenCorpus(tokens)), size)
        except ValueError as error:
            raise InvalidRequest(f"{tokens}: {error}; add songs or choose a smaller text_vocab") from None
        with TemporaryDirectory() as folder:
            made.save(Path(folder) / TOKENIZER)
            storage.write(TOKENIZER, (Path(folder) / TOKENIZER).read_bytes())
    tokenizer = Tokenizer.load(storage.fetched(TOKENIZER))
    if tokenizer.vocab != size:
        raise InvalidRequest(
            f"{tokens}/{TOKENIZER} has {tokenizer.vocab} ids, the recipe's model {size}; delete it to make another"
        )
    return tokenizer


def texts(corpus: TokenCorpus) -> list[str]:
    """Return the words of all requests for songs to learn from, a line each."""
    lines = []
    for song in corpus.train:
        lines += [", ".join(song.tags), song.description, *song.lyrics.splitlines()]
    return lines
