"""Requests of the published web client, as the parameters with which the published service runs them.

The client sends whole minutes, and its service silently clamps values that are out of range.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from khala.music.errors import InvalidRequest
from khala.music.lyrics import clean_lyrics
from khala.music.prompt import INSTRUMENTAL, PromptFields

_BREAKS = re.compile("[\v\f\x85\u2028\u2029]")  # from word processors; `clean_lyrics` would turn some into blanks


@dataclass(frozen=True)
class PublishedParameters:
    """Parameters of the published service. `tags` and `description` exclude each other; `duration` is in minutes,
    1..10; `top_k` (1..200) and `temperature` (0.6..1.4) are the backbone's."""

    instrumental: bool
    description: str
    tags: str
    lyrics: str
    duration: int
    top_k: int
    temperature: float
    superres_top_k: int = 10

    def fields(self) -> PromptFields:
        """Return the fields of its prompts."""
        language = INSTRUMENTAL if self.instrumental else ""
        return PromptFields(
            description=self.description, tags=self.tags, language=language, lyrics=self.lyrics, minutes=self.duration
        )


def published_parameters(body: Mapping[str, Any]) -> PublishedParameters:
    """Parse {mode, prompt_mode, prompt, tags, lyrics, duration, top_k_bb, temperature}; null counts as absent.

    Any `mode` but "instrumental" is sung, any `prompt_mode` but "tags" uses the prompt. Raises InvalidRequest for a
    field of the wrong type.
    """
    instrumental = _text(body, "mode") == "instrumental"
    by_tags = _text(body, "prompt_mode") == "tags"
    return PublishedParameters(
        instrumental=instrumental,
        description="" if by_tags else _text(body, "prompt"),
        tags=_text(body, "tags") if by_tags else "",
        lyrics="" if instrumental else clean_lyrics(_BREAKS.sub("\n", _text(body, "lyrics"))),
        duration=int(_number(body, "duration", 3, 1, 10)),
        top_k=int(_number(body, "top_k_bb", 80, 1, 200)),
        temperature=_number(body, "temperature", 1.0, 0.6, 1.4),
    )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} is not a string")
    return value


def _number(body: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise InvalidRequest(f"{name} is not a number; send one from {low:g} to {high:g}")
    return min(max(value, low), high)
