"""Song requests, validated once so that later stages need not check them again."""

import json
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any, Literal, Self, get_args

from khala.music.chords import parse_chords
from khala.music.errors import InvalidRequest
from khala.music.tags import parse_tags, unique_tags

MAX_PROMPT = 2000
MAX_LYRICS = 10_000
MAX_TAGS = 50
MAX_TAG = 100
MAX_TITLE = 200
MAX_CHORDS_TEXT = 500
MIN_SECONDS = 5.0
MAX_SECONDS = 600.0
MAX_TAKES = 16
MAX_BEST_OF = 8
MAX_SEED = 2**63 - 1
"""Limits of a request: texts in characters, durations in seconds, tags, takes and candidates by number."""

SuperresSampling = Literal["mean", "top_k"]
"""How super-resolution chooses a code: the one nearest to the mean of its distribution, or a draw."""


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters: `temperature` 0.1..5 and `top_k` 1..1024 of the backbone, then of super-resolution.

    `top_k` 1 always takes the likeliest code. With `superres_sampling` "mean" super-resolution draws nothing: it takes
    the code nearest to the mean of all codes, weighted by their probabilities. `superres_top_k` is then 0, which alone
    also means "mean": the spelling of version 0.1, read for one more release. A model that predicts all levels at once
    takes the mean in any case, divided by `superres_temperature`. `guidance` 1..10 is the scale of
    classifier-free guidance; above 1 the backbone is decoded twice, which needs a model trained for it. Raises
    InvalidRequest.
    """

    temperature: float = 1.0
    top_k: int = 50
    superres_temperature: float = 1.0
    superres_top_k: int = 10
    guidance: float = 1.0
    superres_sampling: SuperresSampling = "top_k"

    def __post_init__(self) -> None:
        object.__setattr__(self, "guidance", _number("guidance", self.guidance, 1.0, 10.0))
        for name in ("temperature", "superres_temperature"):
            object.__setattr__(self, name, _number(name, getattr(self, name), 0.1, 5.0))
        for name, least in (("top_k", 1), ("superres_top_k", 0)):
            object.__setattr__(self, name, _integer(name, getattr(self, name), least, 1024))
        if self.superres_sampling not in get_args(SuperresSampling):
            choices = " or ".join(get_args(SuperresSampling))
            raise InvalidRequest(f"superres_sampling is {_shown(self.superres_sampling)}; it must be {choices}")
        if self.superres_sampling == "mean" or self.superres_top_k == 0:
            object.__setattr__(self, "superres_sampling", "mean")
            object.__setattr__(self, "superres_top_k", 0)

    def with_changes(self, **given: Any) -> Self:
        """Return these parameters with those `given` in place of their own.

        `superres_top_k` alone decides `superres_sampling` too, as in a new `Sampling`. Raises InvalidRequest.
        """
        values = {**vars(self), "superres_sampling": type(self).superres_sampling, **given}
        if given.get("superres_sampling") == "top_k" and "superres_top_k" not in given:
            values["superres_top_k"] = self.superres_top_k or type(self).superres_top_k
        return type(self)(**values)


@dataclass(frozen=True)
class SongRequest:
    """A song to make: a free `prompt` or `tags`, with `lyrics` or `instrumental`; `duration` is in seconds. Each take
    is the best of `best_of` candidates. `chords` ("C G Am F") are played through every part whose header in the lyrics
    names none, by models that have learned chords.

    Texts are trimmed and line breaks become "\\n", or spaces in the prompt. `tags` may also be one comma-separated
    string. Without a seed, `with_seed` draws one. Raises InvalidRequest.
    """

    prompt: str = ""
    tags: tuple[str, ...] = ()
    lyrics: str = ""
    chords: str = ""
    instrumental: bool = False
    duration: float = 60.0
    takes: int = 1
    best_of: int = 1
    seed: int | None = None
    sampling: Sampling = field(default_factory=Sampling)
    title: str = ""

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "prompt", _one_line(self.prompt))
        put(self, "prompt", _text("prompt", self.prompt, MAX_PROMPT))
        put(self, "lyrics", _text("lyrics", self.lyrics, MAX_LYRICS, allowed=_LINES))
        put(self, "chords", _text("chords", _one_line(self.chords), MAX_CHORDS_TEXT))
        if self.chords:
            parse_chords(self.chords)
        put(self, "title", _text("title", self.title, MAX_TITLE))
        put(self, "tags", _tags(self.tags))
        put(self, "duration", _number("duration", self.duration, MIN_SECONDS, MAX_SECONDS, " seconds"))
        put(self, "takes", _integer("takes", self.takes, 1, MAX_TAKES))
        put(self, "best_of", _integer("best_of", self.best_of, 1, MAX_BEST_OF))
        if self.seed is not None:
            put(self, "seed", _integer("seed", self.seed, 0, MAX_SEED))
        if not isinstance(self.instrumental, bool):
            raise InvalidRequest(f"instrumental is {_shown(self.instrumental)}; it must be true or false")
        if not isinstance(self.sampling, Sampling):
            raise InvalidRequest(f"sampling is {_shown(self.sampling)}; it must be a Sampling of {_names(Sampling)}")
        if self.instrumental and self.lyrics:
            raise InvalidRequest("an instrumental cannot have lyrics; leave out one of the two")
        if self.prompt and self.tags:
            raise InvalidRequest("both a prompt and tags were given; use only one of them")
        if not (self.prompt or self.tags or self.lyrics):
            raise InvalidRequest("the request is empty; give a prompt, tags or lyrics")

    def with_seed(self, seed: int | None = None) -> Self:
        """Return the request with `seed`; None keeps its own seed or draws a random one."""
        if seed is None:
            seed = secrets.randbelow(2**32) if self.seed is None else self.seed  # short enough to be read out
        return replace(self, seed=seed)

    def slug(self) -> str:
        """Return a short file name, [a-z0-9-]{1,40}, from the title, the tags, the prompt or the lyrics."""
        for text in (self.title, " ".join(self.tags[:4]), self.prompt, re.sub(r"\[.*?\]", "", self.lyrics)):
            ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
            if words := re.findall(r"[a-z0-9]+", ascii_text):
                return "-".join(words)[:40].strip("-")
        return "song"

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON values, from which `from_dict` makes an equal request."""
        return {**asdict(self), "tags": list(self.tags)}

    def to_json(self) -> str:
        """Return `to_dict` as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a request from JSON values; absent fields take their defaults. Raises InvalidRequest, also for unknown
        fields."""
        values = _known(cls, "the request", values)
        if "sampling" in values:
            values["sampling"] = Sampling(**_known(Sampling, "sampling", values["sampling"]))
        return cls(**values)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Make a request from JSON text. Raises InvalidRequest."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(f"the request is not valid JSON: {error}") from None
        return cls.from_dict(values)


_LINES = "\n\t\v\f\x1c\x1d\x1e\x85"
"""Control characters allowed in lyrics, where word processors use them as line breaks (`music.reading`)."""
_REFUSED = {"Cc": "a control character", "Cs": "half of a surrogate pair"}


def _shown(value: object) -> str:
    """Return a value for an error message: printable, short, on one line."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of over 4300 digits, or endless nesting
        text = type(value).__name__
    return text if len(text) <= 40 else f"{text[:40]}..."


def _names(kind: type) -> str:
    return ", ".join(f.name for f in fields(kind))


def _known(kind: type, what: str, values: object) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise InvalidRequest(f"{what} is {_shown(values)}; it must be an object with any of {_names(kind)}")
    for key in values:
        if key not in {f.name for f in fields(kind)}:
            raise InvalidRequest(f"{what} has no field {_shown(key)}; its fields are {_names(kind)}")
    return dict(values)


def _one_line(value: object) -> object:
    """Return a text with each line break or tab, and the white space around it, as one space."""
    if not isinstance(value, str):
        return value
    lines = (line.strip() for line in re.split(r"[\t\n\v\f\r\x85\u2028\u2029]+", value))
    return " ".join(line for line in lines if line) or value


def _text(name: str, value: object, limit: int, allowed: str = "") -> str:
    """Return trimmed text. Raises InvalidRequest for more than `limit` characters, for lone surrogates and for control
    characters other than `allowed`."""
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} is {_shown(value)}; it must be text")
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if value and not text:
        raise InvalidRequest(f"{name} is blank; write something or leave it out")
    if len(text) > limit:
        raise InvalidRequest(f"{name} has {len(text)} characters; at most {limit} are allowed")
    for position, char in enumerate(text, 1):
        if unicodedata.category(char) in _REFUSED and char not in allowed:
            kind = "a line break" if char == "\n" else _REFUSED[unicodedata.category(char)]
            raise InvalidRequest(f"{name} contains {kind} (U+{ord(char):04X}) at character {position}; remove it")
    return text


def _tags(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = parse_tags(value)
    if not isinstance(value, (list, tuple)) or not all(isinstance(tag, str) for tag in value):
        raise InvalidRequest(f"tags are {_shown(value)}; they must be a list of short texts")
    tags = unique_tags(value)
    for tag in tags:
        _text("a tag", tag, MAX_TAG)
        if "," in tag:
            raise InvalidRequest(f"the tag {_shown(tag)} contains a comma; split it into several tags")
    if len(tags) > MAX_TAGS:
        raise InvalidRequest(f"there are {len(tags)} tags; at most {MAX_TAGS} are allowed")
    return tags


def _number(name: str, value: object, low: float, high: float, unit: str = "") -> float:
    try:
        if isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high:  # NaN never is
            return float(value)
    except OverflowError:  # an integer too large for a float
        pass
    raise InvalidRequest(f"{name} is {_shown(value)}; it must be a number from {low:g} to {high:g}{unit}")


def _integer(name: str, value: object, low: int, high: int) -> int:
    if isinstance(value, Integral) and not isinstance(value, bool) and low <= int(value) <= high:
        return int(value)
    raise InvalidRequest(f"{name} is {_shown(value)}; it must be a whole number from {low} to {high}")
