"""The tools and resources of the server. Each tool is a verb of `khala.client`; agents read its docstring."""

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from khala import __version__
from khala.client import Song
from khala.mcp import fields
from khala.mcp.answers import PreviewAnswer, SongAnswer, SongsAnswer, remarks_of
from khala.mcp.guide import GUIDE, INSTRUCTIONS
from khala.mcp.service import Service
from khala.music.errors import InvalidRequest, KhalaError, NotFound
from khala.music.lyric_files import LyricFormat

P = ParamSpec("P")
T = TypeVar("T")
READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
MAKES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
STOPS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)


def make_server(service: Service) -> MCPServer[None]:
    """Return the server, which ends `service` when it ends."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[None]) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await service.close()

    server: MCPServer[None] = MCPServer(
        "khala", title="Khala", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING", lifespan=lifespan
    )
    tools, resources = Tools(service), Resources(service)
    for tool, hints in (
        (tools.preview_song, READS),
        (tools.make_song, MAKES),
        (tools.wait_for_song, READS),
        (tools.list_songs, READS),
        (tools.cancel_song, STOPS),
        (tools.extend_take, MAKES),
        (tools.edit_take, MAKES),
        (tools.vary_take, MAKES),
        (tools.get_timing, READS),
        (tools.download_take, MAKES),
    ):
        server.add_tool(_explained(tool, ToolError), description=inspect.getdoc(tool), annotations=hints)
    text, values = "text/markdown", "application/json"
    server.resource("khala://guide", mime_type=text)(resources.guide)
    for uri, read, kind in (
        ("khala://songs/{song_id}", resources.song, values),
        ("khala://songs/{song_id}/lyrics", resources.lyrics, "text/plain"),
        ("khala://takes/{take_id}/record", resources.record, values),
    ):
        server.resource(uri, mime_type=kind, description=inspect.getdoc(read))(_explained(read, ResourceError))
    return server


def _explained(ask: Callable[P, Awaitable[T]], kind: type[Exception]) -> Callable[P, Awaitable[T]]:
    """`ask`, whose errors of ours tell the agent what is wrong."""

    @wraps(ask)
    async def explained(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await ask(*args, **kwargs)
        except NotFound as error:
            raise (ResourceNotFoundError if kind is ResourceError else kind)(str(error)) from error
        except KhalaError as error:
            raise kind(str(error)) from error

    return explained


class Tools:
    """The tools, over a service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def preview_song(
        self,
        lyrics: fields.Lyrics = None,
        tags: fields.Tags = None,
        prompt: fields.Prompt = None,
        instrumental: fields.Instrumental = False,
        duration: fields.Duration = None,
    ) -> PreviewAnswer:
        """Preview a song without making it, in a moment: how its lyrics are read, how long the words take, which lines
        do not fit, when each section comes, and remarks on what cannot be had. Use it to get lyrics and length right
        before make_song."""
        request = _request(lyrics, tags, prompt, instrumental, duration)
        return PreviewAnswer.of(await (await self._service.client()).outline(**request))

    async def make_song(
        self,
        lyrics: fields.Lyrics = None,
        tags: fields.Tags = None,
        prompt: fields.Prompt = None,
        instrumental: fields.Instrumental = False,
        duration: fields.Duration = None,
        takes: fields.Takes = 1,
        seed: fields.Seed = None,
        title: fields.Title = None,
    ) -> SongAnswer:
        """Begin to make a song, and return at once: it is made in the background, even if this server stops. Then call
        wait_for_song. A minute of song takes Khala Mini about ten seconds on two idle cores."""
        client, request = await self._service.client(), _request(lyrics, tags, prompt, instrumental, duration)
        remarks = remarks_of(await client.outline(**request))
        more = _given(title=title, seed=seed, takes=takes)
        return SongAnswer.of(await client.submit(**request, **more), remarks)

    async def wait_for_song(self, song_id: fields.SongId, ctx: Context, seconds: fields.Waiting = 45) -> SongAnswer:
        """Wait until a song is done, and return it with its takes: or as it is after so many seconds (then call it
        again). 0 seconds tell how far it is now."""
        client = await self._service.client()
        song: Song[Any] = await client.song(song_id)
        for _ in range(round(seconds)):
            if song.has_ended:
                break
            done = sum(take.progress for take in song.takes)
            await ctx.report_progress(done, len(song.takes), f"{song.title or 'the song'}: {song.state}")
            song = await client.wait(song, timeout=1)
        return SongAnswer.of(song)

    async def list_songs(
        self,
        query: Annotated[str, Field(description="Words to find in title, tags, prompt or lyrics.")] = "",
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        cursor: Annotated[str | None, Field(description="`next` of the page before.")] = None,
    ) -> SongsAnswer:
        """List the songs that were made, newest first, or find some by their words."""
        page = await (await self._service.client()).songs(query, limit, cursor)
        return SongsAnswer(songs=[SongAnswer.of(song) for song in page.songs], next=page.next)

    async def cancel_song(self, song_id: fields.SongId) -> SongAnswer:
        """Stop making a song: takes that are waiting or being made are cancelled, finished ones stay."""
        return SongAnswer.of(await (await self._service.client()).cancel(song_id))

    async def extend_take(
        self,
        take_id: fields.TakeId,
        start: fields.From = None,
        lyrics: Annotated[str | None, Field(description="The words that come after that point, with headers.")] = None,
        duration: Annotated[float | None, Field(description="Length of the whole new song in seconds.")] = None,
        takes: fields.Takes = 1,
        seed: fields.Seed = None,
    ) -> SongAnswer:
        """Make a longer song out of a finished take: it goes on from a point (by default where its outro begins), with
        other lyrics. All before stays exactly what it is. Returns the new song at once; then call wait_for_song."""
        client = await self._service.client()
        more = _given(takes=takes, seed=seed)
        return SongAnswer.of(await client.submit_extend(take_id, start=start, lyrics=lyrics, duration=duration, **more))

    async def edit_take(
        self,
        take_id: fields.TakeId,
        lyrics: Annotated[
            str | None, Field(description="ALL lyrics of the song, changed where they are to change.")
        ] = None,
        section: Annotated[str | None, Field(description="A section to sing anew: 'chorus', 'chorus:2'.")] = None,
        start: Annotated[float | None, Field(description="Or a range: its beginning in seconds.")] = None,
        stop: Annotated[float | None, Field(description="Its end in seconds.")] = None,
        takes: fields.Takes = 1,
        seed: fields.Seed = None,
    ) -> SongAnswer:
        """Make a song in which a part of a finished take is sung anew: the lines that differ in the new lyrics, or a
        section, or a range of seconds. All else stays exactly what it is. Then call wait_for_song."""
        client = await self._service.client()
        where = _given(section=section, start=start, stop=stop)
        return SongAnswer.of(
            await client.submit_edit(take_id, lyrics=lyrics, **where, **_given(takes=takes, seed=seed))
        )

    async def vary_take(
        self,
        take_id: fields.TakeId,
        start: fields.From = None,
        refine: Annotated[bool, Field(description="Keep melody and words, and make the sound alone anew.")] = False,
        takes: fields.Takes = 1,
        seed: fields.Seed = None,
    ) -> SongAnswer:
        """Make another song of the form of a finished take: as a whole, or from a point on. Then call wait_for_song."""
        client, more = await self._service.client(), _given(takes=takes, seed=seed)
        if refine and start is not None:
            raise InvalidRequest("refine makes the sound of the whole take anew; leave out start, or refine")
        if refine:
            return SongAnswer.of(await client.submit_refine_anew(take_id, **more))
        return SongAnswer.of(await client.submit_vary(take_id, start=start, **more))

    async def get_timing(
        self,
        take_id: fields.TakeId,
        format: Annotated[
            LyricFormat, Field(description="lrc and elrc (karaoke), vtt and srt (subtitles), json (every word).")
        ] = "lrc",
    ) -> str:
        """Return when the lines and words of a finished take are sung, as the text of a lyrics file."""
        return await (await self._service.client()).lyrics(take_id, format)

    async def download_take(
        self,
        take_id: fields.TakeId,
        path: Annotated[
            str, Field(description="Absolute path of the file to write; ends in .wav, .flac, .mp3 or .opus.")
        ],
    ) -> str:
        """Write the audio of a finished take to a file on the user's machine, with title, lyrics and the mark of
        synthetic audio in its tags. Never overwrites a file. Returns the path."""
        place = Path(path).expanduser()
        if not place.is_absolute():
            raise InvalidRequest(f"{path!r} is relative; give an absolute path")
        if place.exists():
            raise InvalidRequest(f"{place} exists; choose another name")
        return str(await (await self._service.client()).download(take_id, place))


class Resources:
    """The resources, over a service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def guide(self) -> str:
        """How to write lyrics and descriptions that work. Read it before making a song."""
        return GUIDE

    async def song(self, song_id: str) -> str:
        """A song with its request and its takes, as JSON."""
        return (await (await self._service.client()).song(song_id)).model_dump_json(indent=1)

    async def lyrics(self, song_id: str) -> str:
        """The lyrics of a song as they were given."""
        return (await (await self._service.client()).song(song_id)).request.lyrics

    async def record(self, take_id: str) -> str:
        """The record of how a finished take was made: request, seed, model, times of the words."""
        return json.dumps(await (await self._service.client()).metadata(take_id), indent=1, ensure_ascii=False)


def _request(
    lyrics: str | None, tags: str | None, prompt: str | None, instrumental: bool, duration: float | None
) -> dict[str, Any]:
    return {
        "instrumental": instrumental,
        **_given(lyrics=lyrics, tags=tags, prompt=prompt, duration=duration),
    }


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
