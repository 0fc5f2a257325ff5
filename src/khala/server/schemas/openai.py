"""Bodies in the shape of OpenAI's API, for its clients: speech that is sung, and models."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from khala.conditioning.voices import parse_singers
from khala.music.errors import InvalidRequest
from khala.music.request import MAX_LYRICS, MAX_PROMPT, MAX_SECONDS, MAX_TITLE, MIN_SECONDS
from khala.server.schemas.requests import Seed, StrictModel, TagList, tag_list

Female = Literal["female", "alloy", "coral", "marin", "nova", "sage", "shimmer"]
Male = Literal["male", "ash", "ballad", "cedar", "echo", "fable", "onyx", "verse"]
Voice = Literal["auto", Female, Male]
SpeechFormat = Literal["mp3", "opus", "flac", "wav", "pcm"]
StreamFormat = Literal["audio", "sse"]


class VoiceId(StrictModel):
    id: str


def _voice_name(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


class NewSpeech(StrictModel):
    """A song, as OpenAI's clients ask for speech. `duration`, `seed`, `tags`, `title` and `instrumental` are additions
    (`extra_body`). A null field counts as left out."""

    input: Annotated[str, Field(max_length=MAX_LYRICS)] = Field(
        description="The lyrics; empty for an instrumental.", examples=["[verse]\nMorning light is in the street"]
    )
    model: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="A name from GET /v1/models. Default: the server's default model.", examples=["mini"]
    )
    voice: Annotated[Voice, BeforeValidator(_voice_name, json_schema_input_type=Voice | VoiceId)] = Field(
        "auto",
        description="Who sings: a woman or a man, also by the names of OpenAI's voices, unless the style says it.",
    )
    instructions: Annotated[str, Field(max_length=MAX_PROMPT)] | None = Field(
        None, description="The style, in words.", examples=["warm folk ballad, 90 bpm"]
    )
    response_format: SpeechFormat = Field("mp3", description="pcm: 16 bits, one channel, 24 kHz, no header.")
    speed: float = Field(1.0, description="1: a song's tempo is part of its style.")
    stream_format: StreamFormat | None = Field(
        None,
        description="Send the sound as it is made (wav and pcm), as bytes or as events. Default: the finished file.",
    )
    duration: Annotated[float, Field(ge=MIN_SECONDS, le=MAX_SECONDS)] | None = Field(
        None, description="Length in seconds. Default: 60, or the model's maximum if that is less."
    )
    seed: Seed | None = Field(None, description="The same seed makes the same song. Default: a random one.")
    tags: Annotated[TagList, BeforeValidator(tag_list, json_schema_input_type=TagList | str)] | None = Field(
        None, description="The style as tags, in place of `instructions`.", examples=[["pop", "piano"]]
    )
    title: Annotated[str, Field(max_length=MAX_TITLE)] | None = None
    instrumental: Annotated[bool, Field(strict=True)] = Field(False, description="Nobody sings; `input` is empty then.")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given

    @field_validator("speed")
    @classmethod
    def _as_it_is(cls, speed: float) -> float:
        if speed != 1:
            raise PydanticCustomError("speed", 'must be 1; ask for a tempo in instructions, such as "120 bpm"')
        return speed

    def song_fields(self) -> dict[str, Any]:
        """Return the fields of the song (`NewSong`). The voice is added to a style that names none. Raises
        InvalidRequest."""
        if not self.input.strip() and not self.instrumental:
            raise InvalidRequest("input is empty; write lyrics, or send instrumental: true")
        if self.instructions and self.tags:
            raise InvalidRequest("both instructions and tags were given; use only one of them")
        voice = next((f"{kind[0]} vocals" for kind in map(get_args, (Female, Male)) if self.voice in kind), "")
        prompt, tags = self.instructions or "", list(self.tags or ())
        if voice and not self.instrumental and not parse_singers((prompt, *tags)):
            if prompt:
                prompt = f"{prompt.rstrip(' .,;')}, {voice}"
            else:
                tags.append(voice)
        fields = {"model": self.model, "prompt": prompt, "tags": tags, "lyrics": self.input, "title": self.title}
        given = {name: value for name, value in fields.items() if value}
        return given | {"instrumental": self.instrumental, "duration": self.duration, "seed": self.seed}


class OpenAIModel(BaseModel):
    """A model as OpenAI's API describes it. `created`: seconds since 1970."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class OpenAIModels(BaseModel):
    object: Literal["list"] = "list"
    data: list[OpenAIModel]
