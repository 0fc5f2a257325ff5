"""What a request will come to, told before a song is asked for: how its lyrics are read, when each line will be sung,
and what a person should know of it. The studio reads lyrics through this."""

from itertools import count
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from khala.conditioning.preview import Preview, count_syllables, preview
from khala.models.config import ModelConfig
from khala.music.headers import SECTION_TAGS
from khala.music.request import SongRequest
from khala.server.access import Caller
from khala.server.context import Here
from khala.server.schemas import NewSong
from khala.server.songs import to_request

router = APIRouter(prefix="/api/v1", tags=["songs"])

Line = Field(description="Number of the line in the lyrics as sent, from 1.")


class OutlineLine(BaseModel):
    """A line of lyrics. `sung`: whether the model has a voice and the song a place for it."""

    text: str
    line: int | None = Line
    sung: bool


class OutlineSection(BaseModel):
    """A section of the lyrics: its name, as models know it, and what was written in its header."""

    name: str = Field(examples=list(SECTION_TAGS))
    label: str
    line: int | None = Line
    lines: list[OutlineLine]


class SongOutline(BaseModel):
    """When what is played, in seconds: sections as (name, start, end), the sung lines in order as (start, end)."""

    bpm: float | None
    beats: int
    seconds: float
    sections: list[tuple[str, float, float]]
    lines: list[tuple[float, float]]


class Remark(BaseModel):
    """What a person should know of a request; `kind` is for programs, `values` are what the text names."""

    kind: str
    text: str
    line: int | None = Line
    values: dict[str, Any]


class RequestOutline(BaseModel):
    """A request as a model will sing it."""

    sections: list[OutlineSection]
    lines: int = Field(description="How many lines there are to sing.")
    syllables: int
    seconds: float | None = Field(description="How long the words want to be sung, null without words.")
    outline: SongOutline | None = Field(description="Null for models that are shown none.")
    voice: str = Field(description='Who sings: "female", "male", "none", or "" where nobody knows.')
    languages: list[str] | None = Field(description="ISO 639-1 codes of what the model sings, null if not known.")
    remarks: list[Remark]


@router.post("/outline")
def outline_request(here: Here, owner: Caller, asked: NewSong) -> RequestOutline:
    """Read a request without making a song of it."""
    request, model = to_request(here, asked)
    config = here.models.config(model)
    return _outline(preview(request, config), request, config)


def _outline(seen: Preview, request: SongRequest, config: ModelConfig) -> RequestOutline:
    outline = None
    if seen.outline is not None:
        told = seen.outline.to_dict(config.frame_rate)
        outline = SongOutline(seconds=round(seen.outline.frames / config.frame_rate, 3), **told)
    numbers = count()
    return RequestOutline(
        sections=[
            OutlineSection(
                name=section.name,
                label=section.label,
                line=section.number,
                lines=[
                    OutlineLine(text=row.text, line=row.number, sung=next(numbers) in seen.placed)
                    for row in section.rows
                ],
            )
            for section in seen.lyrics.sections
        ],
        lines=len(seen.lyrics.lines),
        syllables=sum(count_syllables(row.text) for row in seen.lyrics.lines),
        seconds=seen.wanted_seconds,
        outline=outline,
        voice=seen.outline.voice if seen.outline else "none" if request.instrumental else "",
        languages=None if config.languages is None else list(config.languages),
        remarks=[Remark(**remark.to_dict()) for remark in seen.remarks],
    )
