"""Prompt grammar: a request as the text and special tokens that the language models were trained on.

Vocal:         BOS metadata EOM language EOM START_HEADER END_HEADER lyrics EOM duration EOT PYTHON_TAG
Instrumental:  BOS metadata EOM "Instrumental" EOM duration EOT PYTHON_TAG

Every line break of the lyrics is END_HEADER. A prompt is a tuple of segments, text or `Special`, so that a user's text
can never become a special token, whatever it says.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, get_args

from khala.music.layout import MAX_MINUTES, duration_special
from khala.music.lyrics import clean_lyrics
from khala.music.phones import phonetic
from khala.music.request import SongRequest

T = TypeVar("T")
INSTRUMENTAL = "Instrumental"
"""Takes the place of the language in the prompt of an instrumental."""

SuperresText = Literal["same_as_backbone", "same_as_backbone_no_description", "lyrics_only", "no_lyrics"]
LyricsText = Literal["spelling", "phones"]


@dataclass(frozen=True)
class Special:
    """A special token, by its name such as "<|eom_id|>"."""

    name: str


Prompt = tuple[str | Special, ...]

BOS = Special("<|begin_of_text|>")
EOM = Special("<|eom_id|>")
EOT = Special("<|eot_id|>")
START_HEADER = Special("<|start_header_id|>")
END_HEADER = Special("<|end_header_id|>")
PYTHON_TAG = Special("<|python_tag|>")
UNCOND_PROMPT: Prompt = (BOS, PYTHON_TAG)
"""The empty prompt of classifier-free guidance, also used for a share of training."""


@dataclass(frozen=True)
class PromptStyle:
    """Prompt format of a model, as in its training. Raises ValueError.

    `duration_text`: the metadata holds the length in seconds, since duration tokens are whole minutes.
    `superres_text`: prompt of super-resolution: the backbone's prompt; the same without a free description; without
    description and tags; or without description and lyrics, for a model whose conditions hold the phones of each frame.
    `supports_guidance`: the model was also trained with `UNCOND_PROMPT`, which classifier-free guidance needs.
    `lyrics`: spelling, or phones (`music.phones`). Limits are in tokens.
    """

    duration_text: bool = False
    superres_text: SuperresText = "same_as_backbone_no_description"
    lyrics: LyricsText = "spelling"
    supports_guidance: bool = False
    backbone_limit: int = 4096
    superres_limit: int = 2048

    def __post_init__(self) -> None:
        if self.superres_text not in get_args(SuperresText):
            raise ValueError(
                f"superres_text is {self.superres_text!r}; it must be one of {', '.join(get_args(SuperresText))}"
            )
        if self.lyrics not in get_args(LyricsText):
            raise ValueError(f"lyrics is {self.lyrics!r}; it must be one of {', '.join(get_args(LyricsText))}")
        if min(self.backbone_limit, self.superres_limit) < 1:
            raise ValueError("a prompt limit must be at least 1 token")


@dataclass(frozen=True)
class PromptFields:
    """Text fields of a prompt. The metadata is the first of `description`, `tags`, `genre` that is not blank."""

    description: str = ""
    tags: str = ""
    genre: str = ""
    language: str = ""
    lyrics: str = ""
    minutes: int = 1


def compose_prompt(fields: PromptFields) -> Prompt:
    """Return the prompt of `fields` in the published grammar; the language "Instrumental" omits the lyrics."""
    metadata = fields.description.strip() or fields.tags.strip() or fields.genre.strip()
    segments: list[str | Special] = [BOS, metadata, EOM, fields.language, EOM]
    if fields.language != INSTRUMENTAL:
        segments += [START_HEADER, END_HEADER]
        for number, line in enumerate(fields.lyrics.strip().split("\n")):
            segments += [END_HEADER, line] if number else [line]
        segments.append(EOM)
    segments += [Special(duration_special(fields.minutes)), EOT, PYTHON_TAG]
    return tuple(segment for segment in segments if segment != "")


def prompt_pair(fields: PromptFields, superres_text: SuperresText) -> tuple[Prompt, Prompt]:
    """Return the prompts of backbone and super-resolution.

    All styles but `lyrics_only` leave out the language of a vocal song. Where super-resolution omits the description it
    omits the tags too, and only the genre remains.
    """
    if superres_text != "lyrics_only" and fields.language != INSTRUMENTAL:
        fields = replace(fields, language="")
    described = bool(fields.description.strip())
    bare = superres_text == "lyrics_only" or (superres_text != "same_as_backbone" and described)
    superres = replace(fields, description="", tags="") if bare else fields
    if superres_text == "no_lyrics":
        superres = replace(superres, lyrics="")
    return compose_prompt(fields), compose_prompt(superres)


def request_fields(request: SongRequest, style: PromptStyle) -> PromptFields:
    """Return the text fields of a request: lyrics cleaned, as phones if the style says so, and the length rounded up to
    whole minutes (1..10).

    With `style.duration_text` the length, rounded to 5 s, follows the metadata, or takes its place if there is none.
    """
    lyrics = clean_lyrics(request.lyrics)
    length = f"{max(5, 5 * math.floor(request.duration / 5 + 0.5))} seconds" if style.duration_text else ""
    return PromptFields(
        description=", ".join(filter(None, (request.prompt, length))) if request.prompt else "",
        tags=", ".join(filter(None, (*request.tags, length))) if request.tags else "",
        genre=length,
        language=INSTRUMENTAL if request.instrumental else "",
        lyrics=phonetic(lyrics) if style.lyrics == "phones" else lyrics,
        minutes=min(max(math.ceil(request.duration / 60), 1), MAX_MINUTES),
    )


def backbone_prompt(request: SongRequest, style: PromptStyle) -> Prompt:
    """Return the backbone's prompt."""
    return prompt_pair(request_fields(request, style), style.superres_text)[0]


def superres_prompt(request: SongRequest, style: PromptStyle) -> Prompt:
    """Return super-resolution's prompt."""
    return prompt_pair(request_fields(request, style), style.superres_text)[1]


def uncond_prompt(request: SongRequest, style: PromptStyle) -> Prompt:
    """Return the unconditional prompt for guidance and best-of scores: `UNCOND_PROMPT` for a model trained with it,
    else the request without its lyrics or, if it has none, without its description and tags."""
    if style.supports_guidance:
        return UNCOND_PROMPT
    fields = request_fields(request, style)
    fewer = replace(fields, lyrics="") if fields.lyrics else replace(fields, description="", tags="")
    return prompt_pair(fewer, style.superres_text)[0]


def lyric_lines(prompt: Prompt) -> list[int | None]:
    """Return the index of every segment of a prompt among the sung lines of the lyrics, or None for other segments."""
    numbers: list[int | None] = []
    sung = START_HEADER in prompt
    inside, line = False, 0
    for segment in prompt:
        inside = sung and (inside or segment == START_HEADER) and segment != EOM
        is_line = inside and isinstance(segment, str) and not re.fullmatch(r"\s*\[[^\[\]]*\]\s*", segment)
        numbers.append(line if is_line else None)
        line += is_line
    return numbers


def clamp_prompt(ids: Sequence[T], limit: int) -> list[T]:
    """Return at most `limit` ids; the excess is dropped before the last id, which always stays. Raises ValueError."""
    if limit < 1:
        raise ValueError("a prompt limit must be at least 1 token")
    return list(ids) if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]
