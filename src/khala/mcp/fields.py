"""The arguments of the tools, described for an agent."""

from typing import Annotated, TypeAlias

from pydantic import Field

Lyrics: TypeAlias = Annotated[
    str | None,
    Field(
        description="The words to sing, with a header such as [verse] or [chorus] on its own line before each section; "
        "4 to 8 words a line. See the resource khala://guide."
    ),
]
Tags: TypeAlias = Annotated[
    str | None,
    Field(
        description="How it sounds, as tags separated by commas: style, tempo, key, voice, instruments. "
        "Example: 'folk, slow tempo, A minor, female vocals'. Tags or a prompt, not both."
    ),
]
Prompt: TypeAlias = Annotated[str | None, Field(description="How it sounds, as a sentence, instead of tags.")]
Instrumental: TypeAlias = Annotated[bool, Field(description="Without singing; leave the lyrics out then.")]
Duration: TypeAlias = Annotated[
    float | None, Field(description="Length of the song in seconds, from 5. Khala Mini: at most about 60.")
]
Takes: TypeAlias = Annotated[int, Field(ge=1, le=16, description="How many renditions to make, to choose from.")]
Seed: TypeAlias = Annotated[int | None, Field(description="The same seed makes the same song. Default: a random one.")]
Title: TypeAlias = Annotated[str | None, Field(description="A title for the song; it names files, too.")]
SongId: TypeAlias = Annotated[str, Field(description="song_id of an earlier answer.")]
TakeId: TypeAlias = Annotated[str, Field(description="take_id of a finished take in an earlier answer.")]
From: TypeAlias = Annotated[float | None, Field(ge=0, description="Seconds from the beginning; all before is kept.")]
Waiting: TypeAlias = Annotated[float, Field(ge=0, le=600, description="Most seconds to wait before answering.")]
