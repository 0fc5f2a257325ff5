"""What the tools answer: the little of a song that an agent needs."""

from typing import Any, Self

from pydantic import BaseModel, Field

from khala.client import Outline, Song
from khala.client.records import Take


class TakeAnswer(BaseModel):
    """A take of a song."""

    take_id: str
    number: int
    state: str = Field(description="queued, running, done, failed or cancelled")
    progress: float = Field(description="0 to 1")
    seconds_left: float | None = Field(description="Estimated seconds until it is done; null if unknown.")
    duration: float | None = Field(description="Length of the finished take in seconds.")
    error: str | None

    @classmethod
    def of(cls, take: Take[Any]) -> Self:
        return cls(
            take_id=take.id,
            number=take.number,
            state=take.state,
            progress=round(take.progress, 3),
            seconds_left=None if take.eta is None else round(take.eta, 1),
            duration=take.duration,
            error=take.error or take.note,
        )


class SongAnswer(BaseModel):
    """A song, and how far its takes are."""

    song_id: str
    title: str
    state: str = Field(description="queued, running, done, partial (some takes failed), failed or cancelled")
    seed: int
    takes: list[TakeAnswer]
    made_of: str | None = Field(description="The take that it was made out of.")
    remarks: list[str] = Field([], description="What is worth knowing about the request: fix it and make it again.")

    @classmethod
    def of(cls, song: Song[Any], remarks: list[str] | None = None) -> Self:
        return cls(
            song_id=song.id,
            title=song.title,
            state=song.state,
            seed=song.request.seed,
            takes=[TakeAnswer.of(take) for take in song.takes],
            made_of=song.derived.parent if song.derived else None,
            remarks=remarks or [],
        )


class SongsAnswer(BaseModel):
    """A page of songs, newest first."""

    songs: list[SongAnswer]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


class PreviewAnswer(BaseModel):
    """A request as it will be sung."""

    remarks: list[str] = Field(description="What is left out, does not fit or contradicts itself. Empty: all is well.")
    seconds_wanted: float | None = Field(description="Seconds that the words want; null without words.")
    lines: int
    syllables: int
    unsung: list[str] = Field(description="Lines that will not be sung.")
    sections: list[str] = Field(description="When each section is heard: 'verse 4.5-20.1 s'.")
    tempo_bpm: float | None
    key: str | None
    voice: str

    @classmethod
    def of(cls, outline: Outline) -> Self:
        plan = outline.outline
        return cls(
            remarks=remarks_of(outline),
            seconds_wanted=outline.seconds,
            lines=outline.lines,
            syllables=outline.syllables,
            unsung=[row.text for section in outline.sections for row in section.lines if not row.sung] if plan else [],
            sections=[f"{name} {start:.1f}-{end:.1f} s" for name, start, end in plan.sections] if plan else [],
            tempo_bpm=plan.bpm if plan else None,
            key=plan.key if plan else None,
            voice=outline.voice,
        )


def remarks_of(outline: Outline) -> list[str]:
    """Return the remarks on a request, each in a line."""
    return [remark.text if remark.line is None else f"line {remark.line}: {remark.text}" for remark in outline.remarks]
