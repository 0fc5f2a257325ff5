"""Adapters that a song asks for: their names and weights, alone and beside the name of a model."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from khala.music.errors import InvalidRequest
from khala.music.request import SongRequest

MAX_LORAS = 8
"""Adapters of one song."""
MAX_WEIGHT = 2.0
"""Largest magnitude of a weight; a negative one leads away from what the adapter has learned."""
MAX_TRIGGER = 60
"""Longest trigger, in characters."""
NAME = r"[A-Za-z0-9][\w.-]{0,99}"
"""Names of installed adapters."""

_ADAPTED = re.compile(rf"(?s)(.+?)((?:\+{NAME}:-?\d+(?:\.\d+)?)+)")


@dataclass(frozen=True)
class Lora:
    """An adapter by its `name`, or on a command line its folder, and the `weight` with which it is added to a model.

    Raises InvalidRequest for a weight beyond `MAX_WEIGHT`.
    """

    name: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and abs(self.weight) <= MAX_WEIGHT):
            limits = f"{-MAX_WEIGHT:g} to {MAX_WEIGHT:g}"
            raise InvalidRequest(f"the weight of the adapter {self.name[:60]!r} is {self.weight}; choose {limits}")
        object.__setattr__(self, "weight", round(float(self.weight), 4))

    def __str__(self) -> str:
        return f"{self.name}:{self.weight:.4f}".rstrip("0").rstrip(".")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "NAME" or "NAME:WEIGHT". Raises InvalidRequest."""
        name, colon, weight = text.rpartition(":")
        if not colon:
            return cls(text)
        try:
            return cls(name, float(weight))
        except ValueError:
            raise InvalidRequest(f"{text[:80]!r} is no adapter; write NAME or NAME:0.8") from None


def require_distinct(loras: Sequence[Lora]) -> None:
    """Raise InvalidRequest for more than `MAX_LORAS`, or for one that is named twice."""
    if len(loras) > MAX_LORAS:
        raise InvalidRequest(f"{len(loras)} adapters were named; at most {MAX_LORAS} can be added together")
    names = [lora.name for lora in loras]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidRequest(f"the adapter {twice[:60]!r} is named twice; give it one weight")


def adapted(model: str, loras: Iterable[Lora]) -> str:
    """Return the name of a model with adapters, such as "mini+folk:0.8": takes of one such name are made together."""
    return "+".join([model, *map(str, loras)])


def parted(name: str) -> tuple[str, tuple[Lora, ...]]:
    """Return model and adapters of what `adapted` returned."""
    found = _ADAPTED.fullmatch(name)
    if not found:
        return name, ()
    return found[1], tuple(Lora.parse(one) for one in found[2][1:].split("+"))


def with_trigger(request: SongRequest, trigger: str) -> SongRequest:
    """Return a request whose description holds the trigger of an adapter, as those did that it learned from."""
    told = ", ".join((request.prompt, *request.tags))
    if trigger.casefold() in told.casefold():  # none, too
        return request
    if request.prompt:
        return replace(request, prompt=f"{request.prompt}, {trigger}")
    return replace(request, tags=(trigger, *request.tags))


def require_trigger(trigger: str) -> str:
    """Return a trigger without white space around it. Raises InvalidRequest for one that cannot be a tag."""
    trigger = " ".join(trigger.split())
    if len(trigger) > MAX_TRIGGER or "," in trigger or not trigger.isprintable():
        raise InvalidRequest(f"the trigger {trigger[:MAX_TRIGGER]!r} cannot be a tag; choose a short word, no comma")
    return trigger
