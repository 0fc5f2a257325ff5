"""Route of the outline: a preview of a request, with its lyrics as the model reads them, the time of each line, and
remarks. The studio reads lyrics through it."""

from itertools import count
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from khala.conditioning.preview import Preview, count_syllables, preview
from khala.models.config import ModelConfig
from khala.music.headers import SECTION_TAGS
from khala.music.request import SongRequest
from khala.server.access import Caller
from khala.server.context import ContextDep
from khala.server.schemas.requests import NewSong
from khala.server.songs import to_request

router = APIRouter(prefix="/api/v1", tags=["songs"])

Line = Field(description="Line number in the lyrics as sent, from 1.")


class OutlineLine(BaseModel):
    """A line of lyrics. `sung`: whether the model can sing it and the song has room for it."""

    text: str
    line: int | None = Line
    sung: bool


class OutlineSection(BaseModel):
    """A section of the lyrics: its standard name, and the label written in its header."""

    name: str = Field(examples=list(SECTION_TAGS))
    label: str
    line: int | None = Line
    lines: list[OutlineLine]


class SongOutline(BaseModel):
    """Times of a song in seconds: sections as (name, start, end), the sung lines in order as (start, end)."""

    bpm: float | None
    beats: int
    key: str | None = Field(description='Such as "A minor"; null for any.')
    style: str = Field(description='The style that is played; "" for any.')
    seconds: float
    sections: list[tuple[str, float, float]]
    lines: list[tuple[float, float]]


class Remark(BaseModel):
    """A remark on a request; `kind` is for programs, `values` are the values in the text."""

    kind: str
    text: str
    line: int | None = Line
    values: dict[str, Any]


class RequestOutline(BaseModel):
    """A request as the model will sing it."""

    sections: list[OutlineSection]
    lines: int = Field(description="Number of lines to sing.")
    syllables: int
    seconds: float | None = Field(description="Estimated time to sing the words; null without words.")
    outline: SongOutline | None = Field(description="Null for models that do not use an outline.")
    voice: str = Field(description='The voice: "female", "male", "none", or "" if unknown.')
    languages: list[str] | None = Field(description="ISO 639-1 codes of the model's languages; null if unknown.")
    remarks: list[Remark]


@router.post("/outline")
def outline_request(context: ContextDep, owner: Caller, song: NewSong) -> RequestOutline:
    """Preview a request without making a song."""
    request, model = to_request(context, song.model_dump(exclude_none=True))
    config = context.models.config(model)
    return _outline(preview(request, config), request, config)


def _outline(result: Preview, request: SongRequest, config: ModelConfig) -> RequestOutline:
    outline = None
    if result.outline is not None:
        times = result.outline.to_dict(config.frame_rate)
        outline = SongOutline(seconds=round(result.outline.frames / config.frame_rate, 3), **times)
    numbers = count()
    return RequestOutline(
        sections=[
            OutlineSection(
                name=section.name,
                label=section.label,
                line=section.number,
                lines=[
                    OutlineLine(text=row.text, line=row.number, sung=next(numbers) in result.placed)
                    for row in section.rows
                ],
            )
            for section in result.lyrics.sections
        ],
        lines=len(result.lyrics.lines),
        syllables=sum(count_syllables(row.text) for row in result.lyrics.lines),
        seconds=result.wanted_seconds,
        outline=outline,
        voice=result.outline.voice if result.outline else "none" if request.instrumental else "",
        languages=None if config.languages is None else list(config.languages),
        remarks=[Remark(**remark.to_dict()) for remark in result.remarks],
    )
