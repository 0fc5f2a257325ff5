"""Playlists and presets."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from khala.jobs import playlists, presets
from khala.jobs.playlists import MAX_NAME, MAX_PLAYLIST_TAKES
from khala.server.schemas.requests import NewSong, StrictModel
from khala.server.schemas.songs import Song

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
TakeId = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=["019f0000000000000000000000000000"])]
TakeIds = Annotated[list[TakeId], Field(max_length=MAX_PLAYLIST_TAKES)]


class Playlist(BaseModel):
    """A named list of takes, as their ids in order."""

    id: str
    name: str
    created: datetime
    takes: list[str]

    @classmethod
    def of(cls, playlist: playlists.Playlist) -> Self:
        created = datetime.fromtimestamp(playlist.created, UTC)
        return cls(id=playlist.id, name=playlist.name, created=created, takes=list(playlist.takes))


class Playlists(BaseModel):
    playlists: list[Playlist]


class PlaylistSongs(Playlist):
    """A playlist, with the songs that its takes belong to."""

    songs: list[Song]


class NewPlaylist(StrictModel):
    name: Name
    takes: TakeIds = Field([], description="Takes that are in it at once, in order.")


class PlaylistChange(StrictModel):
    name: Name


class PutTakes(StrictModel):
    """Takes to put into a playlist; those that are in it already move."""

    takes: TakeIds
    before: TakeId | None = Field(None, description="The take to put them before; null is the end.")


class NewPreset(StrictModel):
    name: Name
    settings: NewSong


class PresetSettings(NewSong):
    """Settings of a song, as they were saved; fields left out are null."""


class Preset(BaseModel):
    """Settings under a name."""

    id: str
    name: str
    settings: PresetSettings

    @classmethod
    def of(cls, preset: presets.Preset) -> Self:
        return cls(id=preset.id, name=preset.name, settings=PresetSettings.model_validate(dict(preset.settings)))


class Presets(BaseModel):
    presets: list[Preset]
