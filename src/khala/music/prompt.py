"""The prompt grammar: a request as the text and special tokens that the language models were trained on.

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
"""What stands in the place of the language when nobody sings."""

SuperresText = Literal["same_as_backbone", "same_as_backbone_no_description", "lyrics_only", "no_lyrics"]
LyricsText = Literal["spelling", "phones"]


@dataclass(frozen=True)
class Special:
    """A special token by its name, such as "<|eom_id|>"."""

    name: str


Prompt = tuple[str | Special, ...]

BOS = Special("<|begin_of_text|>")
EOM = Special("<|eom_id|>")
EOT = Special("<|eot_id|>")
START_HEADER = Special("<|start_header_id|>")
END_HEADER = Special("<|end_header_id|>")
PYTHON_TAG = Special("<|python_tag|>")
UNCOND_PROMPT: Prompt = (BOS, PYTHON_TAG)
"""What a model reads that is told nothing: some of its training, and one half of guidance."""


@dataclass(frozen=True)
class PromptStyle:
    """How a model was taught to read prompts.

    `duration_text`: the length in seconds stands in the metadata, because the duration token knows minutes only.
    `superres_text`: what super-resolution reads: the backbone's prompt, the same without a free description, neither
    description nor tags, or neither description nor lyrics, for a model that is shown frame by frame what is sung.
    `blank`: it was taught what a prompt that says nothing leads to, so that guidance has something to lead away from.
    `lyrics`: as they are spelt, or as phones (`music.phones`). Limits in tokens.
    """

    duration_text: bool = False
    superres_text: SuperresText = "same_as_backbone_no_description"
    lyrics: LyricsText = "spelling"
    supports_guidance: bool = False
    backbone_limit: int = 4096
    superres_limit: int = 2048

    def __post_init__(self) -> None:
        if self.superres_text not in get_args(SuperresText):
            raise ValueError(f"superres_text {self.superres_text!r} is none of {', '.join(get_args(SuperresText))}")
        if self.lyrics not in get_args(LyricsText):
            raise ValueError(f"lyrics {self.lyrics!r} is none of {', '.join(get_args(LyricsText))}")
        if min(self.backbone_limit, self.superres_limit) < 1:
            raise ValueError("a prompt limit is at least 1 token")


@dataclass(frozen=True)
class PromptFields:
    """The words of a prompt. The metadata is the first of `description`, `tags`, `genre` that is not blank."""

    description: str = ""
    tags: str = ""
    genre: str = ""
    language: str = ""
    lyrics: str = ""
    minutes: int = 1


def compose_prompt(fields: PromptFields) -> Prompt:
    """The published prompt of `fields`; with the language "Instrumental" the lyrics stay out."""
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
    """Prompts of backbone and super-resolution. Both `same_as_backbone` styles leave a sung language unnamed.

    A description that super-resolution may not read takes the tags with it: the genre alone remains.
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
    """The words of a request's prompt: lyrics cleaned, as phones where the style says so; the length rounded up to
    whole minutes (1..10).

    With `style.duration_text` the length, rounded to 5 s, follows the metadata, or stands alone where none is left.
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
    """What the backbone reads before it writes the song's codes."""
    return prompt_pair(request_fields(request, style), style.superres_text)[0]


def superres_prompt(request: SongRequest, style: PromptStyle) -> Prompt:
    """What super-resolution reads before the frames."""
    return prompt_pair(request_fields(request, style), style.superres_text)[1]


def uncond_prompt(request: SongRequest, style: PromptStyle) -> Prompt:
    """The prompt to compare with or to lead away from: `UNCOND_PROMPT` for a model that was trained with it, else the
    request without its lyrics or, where there are none, without its description and tags."""
    if style.supports_guidance:
        return UNCOND_PROMPT
    fields = request_fields(request, style)
    told = replace(fields, lyrics="") if fields.lyrics else replace(fields, description="", tags="")
    return prompt_pair(told, style.superres_text)[0]


def lyric_lines(prompt: Prompt) -> list[int | None]:
    """For every segment of a prompt the number of the line of lyrics that it is; None for all else."""
    numbers: list[int | None] = []
    sung = START_HEADER in prompt
    inside, line = False, 0
    for segment in prompt:
        inside = sung and (inside or segment == START_HEADER) and segment != EOM
        is_line = inside and isinstance(segment, str) and not re.fullmatch(r"\s*\[[^\[\]]*\]\s*", segment)
        numbers.append(line if is_line else None)
        line += is_line
    return numbers


def render(prompt: Prompt) -> str:
    """The prompt as one string, special tokens by name. For people and records: encode the segments, never this."""
    return "".join(segment.name if isinstance(segment, Special) else segment for segment in prompt)


def clamp_prompt(ids: Sequence[T], limit: int) -> list[T]:
    """At most `limit` ids: what is too much goes before the last token, which always stays."""
    if limit < 1:
        raise ValueError("a prompt limit is at least 1 token")
    return list(ids) if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]
