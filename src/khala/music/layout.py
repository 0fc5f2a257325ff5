"""Layout of the language models' token ids: text, special tokens and audio codes.

    0 ................ special_base ........ text_vocab ......... + codebook ......... + levels * codebook
    text of the tokenizer   256 special tokens    codes of level 0    codes of level 1 ...

The sizes are parameters; the order is that of the published models.
"""

from dataclasses import dataclass

MAX_MINUTES = 10
"""Longest duration that has a token."""


def _special_tokens() -> tuple[str, ...]:
    """The 256 names in published order: eight of the dialogue format, the rest numbered reserves."""
    reserved = [f"<|reserved_special_token_{n}|>" for n in range(248)]
    head = [
        *("<|begin_of_text|>", "<|end_of_text|>", *reserved[:2], "<|finetune_right_pad_id|>", reserved[2]),
        *("<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>"),
    ]
    return (*head, *reserved[3:])


SPECIAL_TOKENS: tuple[str, ...] = _special_tokens()
_INDEX = {name: index for index, name in enumerate(SPECIAL_TOKENS)}


def duration_special(minutes: int) -> str:
    """Name of the special token for a song of `minutes` (0..247; models know 1..10)."""
    return f"<|reserved_special_token_{minutes}|>"


@dataclass(frozen=True)
class TokenLayout:
    """Token ids of a text vocabulary of `text_vocab` ids, the last 256 of them special, followed by `levels` codebooks
    of `codebook` codes each. Raises ValueError for impossible sizes."""

    text_vocab: int = 128256
    codebook: int = 1024
    levels: int = 64

    def __post_init__(self) -> None:
        if (
            self.text_vocab <= len(SPECIAL_TOKENS)
            or self.codebook < 1
            or not 2 <= self.levels < len(SPECIAL_TOKENS) - 10
        ):
            raise ValueError(
                f"invalid token layout {self}: text_vocab must be above 256, codebook at least 1, levels 2..245"
            )

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """The 256 special tokens, in the order of their ids from `special_base` on."""
        return SPECIAL_TOKENS

    @property
    def special_base(self) -> int:
        return self.text_vocab - len(SPECIAL_TOKENS)

    def special_id(self, text: str) -> int:
        """Return the id of the special token written `text`, such as "<|eom_id|>". Raises KeyError for others."""
        return self.special_base + _INDEX[text]

    @property
    def bos(self) -> int:
        return self.special_id("<|begin_of_text|>")

    @property
    def eos(self) -> int:
        """Ends the audio stream of the backbone."""
        return self.special_id("<|end_of_text|>")

    @property
    def filler(self) -> int:
        """Padding for embedding lookups; never occurs in data."""
        return self.special_id("<|finetune_right_pad_id|>")

    @property
    def start_header(self) -> int:
        return self.special_id("<|start_header_id|>")

    @property
    def end_header(self) -> int:
        return self.special_id("<|end_header_id|>")

    @property
    def eom(self) -> int:
        return self.special_id("<|eom_id|>")

    @property
    def eot(self) -> int:
        return self.special_id("<|eot_id|>")

    @property
    def python_tag(self) -> int:
        return self.special_id("<|python_tag|>")

    def duration_token(self, minutes: int) -> int:
        """Return the id of the token for a song of `minutes`, 1..10. Raises ValueError for any other duration."""
        if not 1 <= minutes <= MAX_MINUTES:
            raise ValueError(
                f"there is no duration token for {minutes} minutes; durations are 1..{MAX_MINUTES} minutes"
            )
        return self.special_id(duration_special(minutes))

    def marker(self, level: int) -> int:
        """Return the id of a task token: 0 is next-token prediction, 1 maps q0 to q1, k >= 2 predicts level k from the
        levels below it."""
        self._check(level)
        return self.text_vocab - 1 - level

    def audio_id(self, level: int, code: int) -> int:
        """Return the id of `code` (0..codebook-1) of `level`. Raises ValueError for any other code or level."""
        if not 0 <= code < self.codebook:
            raise ValueError(f"there is no code {code} in a codebook of {self.codebook}")
        return self.level_rows(level)[code]

    def level_rows(self, level: int) -> range:
        """Return the ids of all codes of `level`, which are its rows of the embedding and the head."""
        self._check(level)
        start = self.text_vocab + level * self.codebook
        return range(start, start + self.codebook)

    @property
    def backbone_vocab(self) -> int:
        """Number of ids of the backbone: text and the first two levels."""
        return self.text_vocab + 2 * self.codebook

    @property
    def superres_vocab(self) -> int:
        """Number of ids of super-resolution: text and all levels."""
        return self.text_vocab + self.levels * self.codebook

    def _check(self, level: int) -> None:
        if not 0 <= level < self.levels:
            raise ValueError(f"there is no level {level}; levels are 0..{self.levels - 1}")
