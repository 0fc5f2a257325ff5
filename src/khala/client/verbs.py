"""The verbs that both clients have, each written once, as steps (`calls`), with the client that saves their takes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, TypedDict, TypeVar, Unpack, get_args
from urllib.parse import quote

from khala.audio.replacing import replacing
from khala.client.calls import Call, Pause, Steps, ask
from khala.client.records import AudioFormat, Outline, Playlist, Saver, Song, Songs, Take, Versions, Watcher
from khala.client.refusals import ServiceError
from khala.music.errors import InvalidRequest
from khala.music.lyric_files import LyricFormat
from khala.music.timing import TimedLine

S = TypeVar("S")
POLL_SECONDS = 0.5
"""How often a song that is waited for is looked at."""


class NewSong(TypedDict, total=False):
    """The fields of a request: `prompt` or `tags`, with `lyrics` or `instrumental`; `duration` in seconds;
    `loras` are adapters, each a `name` and a `weight`."""

    prompt: str
    tags: Sequence[str] | str
    lyrics: str
    chords: str
    instrumental: bool
    duration: float
    takes: int
    best_of: int
    seed: int
    model: str
    loras: Sequence[dict[str, Any]]
    sampling: dict[str, Any]
    title: str


class Renditions(TypedDict, total=False):
    """What every rework takes: how many `takes`, from which `seed`."""

    takes: int
    seed: int


def submit(client: Saver[S], **fields: Unpack[NewSong]) -> Steps[Song[S]]:
    """Submit a song and return it at once: it will be made even if the service stops. The fields are those of
    `POST /songs`. Raises InvalidRequest, and TooMany if too many takes are waiting."""
    return (yield from _submitted(client, Call.submission("/songs", json=dict(fields))))


def submit_extend(
    client: Saver[S],
    take: Take[Any] | str,
    *,
    start: float | None = None,
    lyrics: str | None = None,
    duration: float | None = None,
    **renditions: Unpack[Renditions],
) -> Steps[Song[S]]:
    """Submit a song that goes on from a take: from `start` in seconds (by default where the outro begins), with the
    `lyrics` that come then, to a `duration` of all of it."""
    fields = {"from": start, "lyrics": lyrics, "duration": duration, **renditions}
    return (yield from _reworked(client, take, "extend", fields))


def submit_edit(
    client: Saver[S],
    take: Take[Any] | str,
    *,
    lyrics: str | None = None,
    section: str | None = None,
    start: float | None = None,
    stop: float | None = None,
    candidates: int | None = None,
    **renditions: Unpack[Renditions],
) -> Steps[Song[S]]:
    """Submit a song with a part sung anew: where the whole of its new `lyrics` differs from the old, or a `section`
    ("chorus:2"), or from `start` to `stop` in seconds. All else stays as it is."""
    where = {"section": section, "start": start, "end": stop}
    return (
        yield from _reworked(client, take, "edit", {"lyrics": lyrics, **where, "candidates": candidates, **renditions})
    )


def submit_vary(
    client: Saver[S], take: Take[Any] | str, *, start: float | None = None, **renditions: Unpack[Renditions]
) -> Steps[Song[S]]:
    """Submit a song in the form of a take, made anew from `start` in seconds on, or as a whole."""
    return (yield from _reworked(client, take, "vary", {"from": start, **renditions}))


def submit_refine_anew(client: Saver[S], take: Take[Any] | str, **renditions: Unpack[Renditions]) -> Steps[Song[S]]:
    """Submit a song with the melody and words of a take, whose sound is refined anew."""
    return (yield from _reworked(client, take, "vary", {"refine": True, **renditions}))


def submit_upload(
    client: Saver[S],
    path: str | Path,
    *,
    title: str | None = None,
    tags: Sequence[str] | str | None = None,
    lyrics: str | None = None,
    model: str | None = None,
) -> Steps[Song[S]]:
    """Submit an audio file as a song, whose take can then be extended, edited and varied."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InvalidRequest(f"cannot read {path}: {error.strerror or error}") from error
    joined = tags if tags is None or isinstance(tags, str) else ", ".join(tags)
    params = {"title": title, "tags": joined, "lyrics": lyrics, "model": model}
    return (yield from _submitted(client, Call.submission("/uploads", params=params, content=content)))


def wait(
    client: Saver[S], song: Song[Any] | str, timeout: float | None = None, progress: Watcher | None = None
) -> Steps[Song[S]]:
    """Wait until all takes of a song have ended, or for `timeout` seconds, and return it as it is then. `progress` is
    called with it twice a second."""
    deadline = None if timeout is None else monotonic() + timeout
    while True:
        now = yield from get(client, song)
        if progress is not None:
            progress(now)
        left = POLL_SECONDS if deadline is None else min(POLL_SECONDS, deadline - monotonic())
        if now.has_ended or left <= 0:
            return now
        yield Pause(left)


def get(client: Saver[S], song: Song[Any] | str) -> Steps[Song[S]]:
    """Return a song in its current state. Raises NotFound."""
    return Song.of(client, (yield from ask(Call("GET", _path("songs", song)))).json())


def songs(client: Saver[S], query: str = "", limit: int | None = None, cursor: str | None = None) -> Steps[Songs[S]]:
    """Return a page of songs, newest first: those in which the words of `query` are found. `cursor` is `next` of the
    page before."""
    answer = (yield from ask(Call("GET", "/songs", params={"q": query, "limit": limit, "cursor": cursor}))).json()
    return Songs(songs=[Song.of(client, one) for one in answer["songs"]], next=answer["next"])


def update(
    client: Saver[S], song: Song[Any] | str, title: str | None = None, liked: bool | None = None
) -> Steps[Song[S]]:
    """Rename or like a song."""
    change = {"title": title, "liked": liked}
    return Song.of(client, (yield from ask(Call("PATCH", _path("songs", song), json=_given(change)))).json())


def cancel(client: Saver[S], song: Song[Any] | str) -> Steps[Song[S]]:
    """Cancel the takes of a song that are waiting or being made."""
    return Song.of(client, (yield from ask(Call("POST", _path("songs", song, "cancel")))).json())


def retry(client: Saver[S], song: Song[Any] | str) -> Steps[Song[S]]:
    """Queue the failed and cancelled takes of a song again."""
    return Song.of(client, (yield from ask(Call("POST", _path("songs", song, "retry")))).json())


def delete(client: Saver[Any], song: Song[Any] | str) -> Steps[None]:
    """Delete a song with all of its takes and their files."""
    yield from ask(Call("DELETE", _path("songs", song)))


def outline(client: Saver[Any], **fields: Unpack[NewSong]) -> Steps[Outline]:
    """Preview a request without making a song: how its lyrics are read, when each line will be sung, and remarks."""
    return Outline.model_validate((yield from ask(Call("POST", "/outline", json=dict(fields)))).json())


def download(
    client: Saver[Any], take: Take[Any] | str, path: str | Path, format: AudioFormat | None = None, tags: bool = True
) -> Steps[Path]:
    """Write the audio of a finished take to a file: `Take.save`."""
    path = Path(path)
    suffix = format or path.suffix.lower().removeprefix(".")
    if suffix not in get_args(AudioFormat):
        raise InvalidRequest(f"{str(path)!r} does not end in .wav, .flac, .mp3 or .opus; rename it, or give a format")
    with replacing(path) as part, part.open("wb") as file:
        yield from ask(Call("GET", _path("takes", take, f"audio.{suffix}"), params={"tags": tags}, into=file))
    return path


def audible(client: Saver[Any], take: Take[Any]) -> Steps[Call]:
    """Wait until a take can be heard, and return the call that streams it as WAV: while it is made, or the whole."""
    while True:
        song = yield from get(client, take.song_id)
        now = next(one for one in song.takes if one.id == take.id)
        if now.state in ("failed", "cancelled"):
            raise ServiceError(now.error or "the take was cancelled")
        if now.live or now.state == "done":
            return Call("GET", _path("takes", take, "audio.wav" if now.state == "done" else "live"))
        yield Pause(POLL_SECONDS)


def lyrics(client: Saver[Any], take: Take[Any] | str, format: LyricFormat = "lrc") -> Steps[str]:
    """Return when the words of a take are sung, as the text of a file. Raises NotFound where that is not known."""
    return (yield from ask(Call("GET", _path("takes", take, f"lyrics.{format}")))).text


def timing(client: Saver[Any], take: Take[Any] | str) -> Steps[list[TimedLine]]:
    """Return the lines of a take with the times of their words. Raises NotFound where these are not known."""
    answer = yield from ask(Call("GET", _path("takes", take, "lyrics.json")))
    return [TimedLine.from_dict(line) for line in answer.json()]


def metadata(client: Saver[Any], take: Take[Any] | str) -> Steps[dict[str, Any]]:
    """Return the record of how a take was made."""
    record: dict[str, Any] = (yield from ask(Call("GET", _path("takes", take, "metadata")))).json()
    return record


def versions(client: Saver[Any], take: Take[Any] | str) -> Steps[Versions]:
    """Return the tree of all takes that were made out of one another, this one among them."""
    return Versions.model_validate((yield from ask(Call("GET", _path("takes", take, "versions")))).json())


def playlists(client: Saver[Any]) -> Steps[list[Playlist]]:
    """Return your playlists, oldest first."""
    answer = (yield from ask(Call("GET", "/playlists"))).json()
    return [Playlist.model_validate(one) for one in answer["playlists"]]


def create_playlist(client: Saver[Any], name: str, takes: Sequence[Take[Any] | str] = ()) -> Steps[Playlist]:
    """Make a playlist of takes in order."""
    body = {"name": name, "takes": [_id(take) for take in takes]}
    return Playlist.model_validate((yield from ask(Call("POST", "/playlists", json=body))).json())


def put_takes(
    client: Saver[Any],
    playlist: Playlist | str,
    takes: Sequence[Take[Any] | str],
    before: Take[Any] | str | None = None,
) -> Steps[Playlist]:
    """Put takes into a playlist, before another one or at its end; those that are in it move there."""
    body = {"takes": [_id(take) for take in takes], "before": before and _id(before)}
    answer = yield from ask(Call("POST", _path("playlists", playlist, "takes"), json=body))
    return Playlist.model_validate(answer.json())


def delete_playlist(client: Saver[Any], playlist: Playlist | str) -> Steps[None]:
    """Delete a playlist; its songs stay."""
    yield from ask(Call("DELETE", _path("playlists", playlist)))


def finished(song: Song[S]) -> list[Take[S]]:
    """Return the finished takes of a song that has ended. Raises ServiceError, with what went wrong, if there is
    none."""
    if not song.done:
        first = song.takes[0]
        raise ServiceError(first.error or "the song was cancelled before a take was finished")
    return song.done


def waiting_doc(submit: Callable[..., Any]) -> str:
    """Return the docstring of the verb that waits for what `submit` submits."""
    waits = f"Do as `{submit.__name__}`, wait, and return the finished takes. Raises ServiceError if there is none."
    return f"{waits}\n\n{submit.__doc__}"


def _submitted(client: Saver[S], call: Call) -> Steps[Song[S]]:
    return Song.of(client, (yield from ask(call)).json())


def _reworked(client: Saver[S], take: Take[Any] | str, verb: str, fields: dict[str, Any]) -> Steps[Song[S]]:
    return (yield from _submitted(client, Call.submission(_path("takes", take, verb), json=_given(fields))))


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _id(one: Song[Any] | Take[Any] | Playlist | str) -> str:
    return one if isinstance(one, str) else one.id


def _path(kind: str, one: Song[Any] | Take[Any] | Playlist | str, *rest: str) -> str:
    return "/".join(("", kind, quote(_id(one), safe=""), *rest))
