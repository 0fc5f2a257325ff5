"""Bodies of requests. `khala.music.SongRequest` has the last word on a song's."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from khala.music.loras import MAX_LORAS, MAX_WEIGHT, NAME
from khala.music.request import (
    MAX_BEST_OF,
    MAX_CHORDS_TEXT,
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
from khala.music.rework import CANDIDATES
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


class NewLora(StrictModel):
    """An adapter to add to the model."""

    name: Annotated[str, Field(pattern=f"^{NAME}$", description="From GET /loras.")]
    weight: Annotated[float, Field(ge=-MAX_WEIGHT, le=MAX_WEIGHT)] = 1.0


TagList = Annotated[list[Annotated[str, Field(max_length=MAX_TAG)]], Field(max_length=MAX_TAGS)]


def tag_list(value: Any) -> Any:
    return list(parse_tags(value)) if isinstance(value, str) else value


class NewSong(StrictModel):
    """A song to make: a `prompt` or `tags`, with `lyrics` or `instrumental`. A null field counts as left out."""

    prompt: Annotated[str, Field(max_length=MAX_PROMPT)] | None = Field(
        None, examples=["warm folk ballad, female vocals"]
    )
    tags: Annotated[TagList, BeforeValidator(tag_list, json_schema_input_type=TagList | str)] | None = Field(
        None, description="A list, or a string of tags separated by commas.", examples=[["pop", "piano"]]
    )
    lyrics: Annotated[str, Field(max_length=MAX_LYRICS)] | None = Field(
        None, examples=["[verse]\nMorning light is in the street"]
    )
    chords: Annotated[str, Field(max_length=MAX_CHORDS_TEXT)] | None = Field(
        None,
        description="Chords, a bar each, of the parts whose header in the lyrics names none.",
        examples=["C G Am F"],
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
    loras: Annotated[list[NewLora], Field(max_length=MAX_LORAS)] | None = Field(
        None, description="Adapters of that model."
    )
    sampling: NewSampling | None = None
    title: Annotated[str, Field(max_length=MAX_TITLE)] | None = None


Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS)]
Takes = Annotated[int, Field(ge=1, le=MAX_TAKES, strict=True)]
Lyrics = Annotated[str, Field(max_length=MAX_LYRICS)]


class NewRework(StrictModel):
    """What all reworks of a take know. What is left out, or null, is the take's own."""

    seed: Seed | None = Field(None, description="Default: a random one.")
    takes: Takes | None = Field(None, description="Number of renditions. Default: 1.")


class NewExtend(NewRework):
    """A take that goes on from a point: all before it is kept."""

    start: Seconds | None = Field(
        None,
        alias="from",
        description="Where, in seconds. Default: the end of its last part, before an outro.",
    )
    lyrics: Lyrics | None = Field(None, description="The words that follow. Default: none.")
    duration: Annotated[float, Field(ge=MIN_SECONDS, le=MAX_SECONDS)] | None = Field(
        None, description="Length of the whole song in seconds."
    )


class NewEdit(NewRework):
    """A part of a take that is written anew: a `section`, or what lies between `start` and `end`, or the lines that
    differ in `lyrics`. All codes outside of it are kept."""

    lyrics: Lyrics | None = Field(None, description="The lyrics of the whole song, changed where they are to change.")
    section: Annotated[str, Field(max_length=50)] | None = Field(
        None, description='Such as "chorus" (the first one) or "chorus:2".', examples=["chorus:2"]
    )
    start: Seconds | None = Field(None, description="In seconds. Default: the beginning.")
    end: Seconds | None = Field(None, description="In seconds. Default: the end.")
    candidates: Annotated[int, Field(ge=1, le=MAX_BEST_OF, strict=True)] | None = Field(
        None, description=f"So many are made; the one is kept that the song goes on from best. Default: {CANDIDATES}."
    )


class NewVariation(NewRework):
    """The same request with another seed."""

    start: Seconds | None = Field(
        None, alias="from", description="All before it is kept, in seconds. Default: nothing is."
    )
    refine: Annotated[bool, Field(strict=True)] = Field(
        False, description="Keep the melody and the words, and refine the sound anew."
    )


class SongChange(StrictModel):
    """Changes to a song; fields left out stay as they are."""

    title: str | None = Field(None, max_length=MAX_TITLE)
    liked: bool | None = Field(None, strict=True)


class Session(StrictModel):
    """An API key, for a browser to keep in a cookie that scripts cannot read."""

    key: str = Field(max_length=200, pattern=r"^[\x21-\x7e]+$")
