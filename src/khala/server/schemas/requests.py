"""Bodies of requests. `khala.music.SongRequest` has the last word on a song's."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from khala.music.request import (
    MAX_BEST_OF,
    MAX_LYRICS,
    MAX_PROMPT,
    MAX_SECONDS,
    MAX_TAG,
    MAX_TAGS,
    MAX_TAKES,
    MAX_TITLE,
    MIN_SECONDS,
    SongRequest,
    SuperresSampling,
)
from khala.music.tags import parse_tags

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""

Seed = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER, strict=True)]


class StrictModel(BaseModel):
    """Base of what clients send: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


Temperature = Annotated[float, Field(ge=0.1, le=5)]
TopK = Annotated[int, Field(ge=1, le=1024, strict=True)]


class NewSampling(StrictModel):
    """Sampling parameters; those left out take the model's own values."""

    temperature: Temperature | None = None
    top_k: TopK | None = None
    superres_temperature: Temperature | None = None
    superres_sampling: SuperresSampling | None = Field(
        None, description="mean: super-resolution takes the code nearest to the mean. top_k: it draws."
    )
    superres_top_k: Annotated[int, Field(ge=0, le=1024, strict=True)] | None = Field(
        None, description="0 is superres_sampling mean, as version 0.1 spelled it."
    )
    guidance: Annotated[float, Field(ge=1, le=10)] | None = None


TagList = Annotated[list[Annotated[str, Field(max_length=MAX_TAG)]], Field(max_length=MAX_TAGS)]


def _tag_list(value: Any) -> Any:
    return list(parse_tags(value)) if isinstance(value, str) else value


class NewSong(StrictModel):
    """A song to make: a `prompt` or `tags`, with `lyrics` or `instrumental`. A null field counts as left out."""

    prompt: Annotated[str, Field(max_length=MAX_PROMPT)] | None = Field(
        None, examples=["warm folk ballad, female vocals"]
    )
    tags: Annotated[TagList, BeforeValidator(_tag_list, json_schema_input_type=TagList | str)] | None = Field(
        None, description="A list, or a string of tags separated by commas.", examples=[["pop", "piano"]]
    )
    lyrics: Annotated[str, Field(max_length=MAX_LYRICS)] | None = Field(
        None, examples=["[verse]\nMorning light is in the street"]
    )
    instrumental: Annotated[bool, Field(strict=True)] | None = None
    duration: Annotated[float, Field(ge=MIN_SECONDS, le=MAX_SECONDS)] | None = Field(
        None,
        description=f"Length in seconds. Default: {SongRequest.duration:g}, or the model's maximum if that is less.",
        json_schema_extra={"default": SongRequest.duration},
    )
    takes: Annotated[int, Field(ge=1, le=MAX_TAKES, strict=True)] | None = Field(
        None, description="Number of renditions. Default: 1."
    )
    best_of: Annotated[int, Field(ge=1, le=MAX_BEST_OF, strict=True)] | None = Field(
        None, description="Candidates for each take, of which the best is kept. Default: 1."
    )
    seed: Seed | None = Field(None, description="The same seed makes the same song. Default: a random one.")
    model: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Name of a model from GET /models. Default: the server's default model."
    )
    sampling: NewSampling | None = None
    title: Annotated[str, Field(max_length=MAX_TITLE)] | None = None


class SongChange(StrictModel):
    """Changes to a song; fields left out stay as they are."""

    title: str | None = Field(None, max_length=MAX_TITLE)
    liked: bool | None = Field(None, strict=True)


class Session(StrictModel):
    """An API key, for a browser to keep in a cookie that scripts cannot read."""

    key: str = Field(max_length=200, pattern=r"^[\x21-\x7e]+$")
