"""Text <-> token ids, through the `tokenizers` library.

Two kinds of `tokenizer.json` load: Khala's own, where a token is a byte (id = byte value) or several, and Llama 3's.
Either way the last 256 ids of the vocabulary are the special tokens, in the order of `music.layout`; a special token is
identified by its id, never by its text, so no text can produce one.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Self

import tokenizers
from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers

from khala.music.errors import ModelError
from khala.music.layout import SPECIAL_TOKENS, TokenLayout
from khala.music.prompt import Prompt, Special, lyric_lines


class Tokenizer:
    """A tokenizer of prompts. `vocab` is the size of the text vocabulary, including the 256 special tokens: from 512,
    for bytes alone, to Llama 3's 128256."""

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        """Raises ValueError if the special tokens are not the last 256 ids."""
        self.vocab: int = backend.get_vocab_size()
        self.special_base = self.vocab - len(SPECIAL_TOKENS)
        added = backend.get_added_tokens_decoder()
        if sorted(added) != list(range(self.special_base, self.vocab)) or not all(t.special for t in added.values()):
            raise ValueError(f"the last {len(SPECIAL_TOKENS)} ids must be special tokens, and no others")
        backend.encode_special_tokens = True  # names of special tokens within a text are plain text
        backend.no_padding()
        backend.no_truncation()
        self._backend = backend
        self._layout = TokenLayout(text_vocab=self.vocab)

    @classmethod
    def of_bytes(cls) -> Self:
        """Build the tokenizer whose tokens are bytes of UTF-8: every language, 512 ids."""
        return cls._of_merges([])

    @classmethod
    def of_words(cls, texts: Iterable[str], vocab: int) -> Self:
        """Train byte pair encoding on `texts` until there are `vocab` ids (Sennrich et al. 2016).

        Frequent words become one token; other text falls back to bytes, whose ids are their values. Raises ValueError
        if the texts hold too few words.
        """
        backend = tokenizers.Tokenizer(models.BPE())
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        size = vocab - len(SPECIAL_TOKENS)
        trainer = trainers.BpeTrainer(
            vocab_size=size, min_frequency=2, initial_alphabet=list(byte_alphabet()), show_progress=False
        )
        backend.train_from_iterator(sorted(set(texts)), trainer)
        merges = [tuple(pair) for pair in json.loads(backend.to_str())["model"]["merges"]]
        if len(merges) != size - 256:
            raise ValueError(f"the texts give {len(merges)} of the {size - 256} words that {vocab} ids have room for")
        return cls._of_merges(merges)

    @classmethod
    def _of_merges(cls, merges: list[tuple[str, str]]) -> Self:
        tokens = [*byte_alphabet(), *(first + second for first, second in merges)]
        backend = tokenizers.Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=bool(merges))
        backend.decoder = decoders.ByteLevel()
        backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL_TOKENS])
        return cls(backend)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a `tokenizer.json`. Raises ModelError if it is missing, broken or of an unknown kind."""
        advice = "put a complete tokenizer.json there or choose another model: khala models list"
        if not file.is_file():
            raise ModelError(f"there is no tokenizer at {file}; {advice}")
        try:
            return cls(tokenizers.Tokenizer.from_file(str(file)))
        except Exception as error:  # the library raises bare Exception for a file that it cannot read
            raise ModelError(f"{file} is not a usable tokenizer ({error}); {advice}") from None

    def save(self, file: Path) -> None:
        """Write a `tokenizer.json`. Raises OSError."""
        file.write_text(self._backend.to_str(pretty=False), encoding="utf-8")

    def encode(self, prompt: Prompt | str) -> list[int]:
        """Return the ids of a prompt's segments in order; a plain string is one text segment."""
        ids: list[int] = []
        for segment in (prompt,) if isinstance(prompt, str) else prompt:
            if isinstance(segment, Special):
                ids.append(self._layout.special_id(segment.name))
            else:
                ids += self._backend.encode(segment, add_special_tokens=False).ids
        return ids

    def lines(self, prompt: Prompt) -> list[int | None]:
        """Return, for each id of `encode(prompt)`, the number of its line of lyrics, or None."""
        return [
            number for segment, number in zip(prompt, lyric_lines(prompt), strict=True) for _ in self.encode((segment,))
        ]

    def pieces(self) -> list[bytes]:
        """Return the bytes of each id of text, without the special tokens."""
        value = {char: byte for byte, char in enumerate(byte_alphabet())}
        tokens = (self._backend.id_to_token(i) or "" for i in range(self.special_base))
        return [bytes(value[char] for char in token) for token in tokens]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`, special tokens by name, invalid UTF-8 as U+FFFD. Raises ValueError for bad ids."""
        if not all(0 <= i < self.vocab for i in ids):
            raise ValueError(f"a text token is one of 0..{self.vocab - 1}")
        texts = []
        for special, run in groupby(ids, key=lambda i: i >= self.special_base):
            if special:
                texts += [SPECIAL_TOKENS[i - self.special_base] for i in run]
            else:
                texts.append(self._backend.decode(list(run), skip_special_tokens=False))
        return "".join(texts)


def byte_alphabet() -> str:
    """Return the 256 characters that byte-level tokenizers write for the bytes 0..255 (GPT-2's table): printable ones
    stand for themselves, the others follow from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return "".join(chr(byte if byte in printable else next(spare)) for byte in range(256))
