"""Both clients against a service, verb by verb."""

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
from calling import Caller
from serving import Service

from khala.client import AsyncClient, Client, ServiceError, verbs
from khala.client.calls import Call, Pause, Steps
from khala.client.records import Outline, Playlist, Request, Song, Take, Version
from khala.music.errors import Conflict, InvalidRequest, NotFound, OutputError

ROOT = Path(__file__).parents[2]
SCHEMAS = json.loads((ROOT / "web" / "openapi.json").read_text())["components"]["schemas"]
LYRICS = "[verse]\nOne line of words\nAnother line of words\n[chorus]\nWords that come again"
SUNG: dict[str, Any] = {"lyrics": LYRICS, "tags": ["folk"], "title": "Sung", "duration": 8}


@pytest.fixture(scope="module")
def take(service: Service) -> str:
    """The id of a finished take of eight seconds."""
    service.lyrics = [{"text": "Oh", "line": 1, "sung": True, "start": 1.0, "end": 2.0, "words": []}]
    song = service.ask(**SUNG, instrumental=False)
    service.work(8.0)
    return str(song["takes"][0]["id"])


@pytest.mark.usefixtures("at_work")
def test_takes_are_made_and_saved(client: Caller, tmp_path: Path) -> None:
    first, second = client.generate(tags="folk, piano", instrumental=True, duration=5, takes=2, seed=7)
    assert (first.number, first.seed, second.number) == (1, 7, 2) and first.duration == 8
    for name in ("a.wav", "b.mp3"):
        assert client.await_(first.save(tmp_path / name)) == tmp_path / name
        assert soundfile.info(tmp_path / name).duration == pytest.approx(8, abs=0.1)
    client.await_(second.save(str(tmp_path / "c"), format="flac", tags=False))
    assert (tmp_path / "c").read_bytes()[:4] == b"fLaC" and len(list(tmp_path.iterdir())) == 3
    assert b"".join(client.blocks(client.client.live(first)))[:4] == b"RIFF"


def test_a_stream_of_a_take_that_is_finished_in_between_goes_on_with_its_file(
    client: Caller, take: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = iter([f"/takes/{take}/live", f"/takes/{take}/audio.wav", f"/takes/{'0' * 32}/live"])

    def audible(*_: Any) -> Steps[Call]:
        yield Pause(0.0)
        return Call("GET", next(paths))

    monkeypatch.setattr(verbs, "audible", audible)
    assert b"".join(client.blocks(client.client.live(take)))[:4] == b"RIFF"
    with pytest.raises(NotFound):
        client.blocks(client.client.live(take))


@pytest.mark.usefixtures("at_work")
def test_songs_are_made_of_songs(client: Caller, take: str) -> None:
    (longer,) = client.extend(take, start=5.0, lyrics="[chorus]\nWords that follow now", duration=14, seed=5)
    song = client.song(longer.song_id)
    assert (song.derived.kind, song.derived.parent, song.derived.start) == ("extend", take, 5.0)
    assert (song.request.duration, song.request.seed) == (14, 5) and "follow" in song.request.lyrics
    edited = client.submit_edit(take, start=2, stop=4.5, candidates=2)
    assert (edited.derived.kind, edited.derived.start, edited.derived.end) == ("edit", 2, 4.5)
    assert client.submit_edit(take, section="chorus").derived.kind == "edit"
    assert client.submit_vary(take, start=2).derived.start == 2
    assert client.submit_refine_anew(take, takes=2).derived.kind == "refine"
    tree = client.versions(take)
    assert tree.root == take and {"extend", "edit", "vary", "refine"} <= {one.kind for one in tree.versions}
    assert client.wait(edited).state == "done"


@pytest.mark.usefixtures("at_work")
def test_a_file_is_uploaded(client: Caller, take: str, tmp_path: Path) -> None:
    client.download(take, tmp_path / "song.flac")
    (uploaded,) = client.upload(tmp_path / "song.flac", title="Mine", tags=["folk", "90 bpm"])
    song = client.song(uploaded.song_id)
    assert (song.title, song.derived.kind) == ("Mine", "upload") and song.request.tags[:2] == ["folk", "90 bpm"]
    with pytest.raises(InvalidRequest, match=r"cannot read .*none\.flac"):
        client.upload(tmp_path / "none.flac")


@pytest.mark.usefixtures("take")  # there is another song
def test_a_song_is_watched_changed_and_deleted(client: Caller) -> None:
    song = client.submit(**SUNG)
    seen: list[Song[Any]] = []
    assert client.wait(song, timeout=0, progress=seen.append).state == "queued" and seen[0].id == song.id
    assert client.update(song, title="Another", liked=True).title == "Another"
    assert client.songs("another", limit=1).songs[0].liked
    page = client.songs(limit=1)
    assert page.next and client.songs(limit=1, cursor=page.next).songs[0].id != song.id
    assert client.cancel(song.id).state == "cancelled"
    with pytest.raises(ServiceError, match="cancelled"):
        verbs.finished(client.wait(song))
    with pytest.raises(ServiceError, match="cancelled"):
        client.blocks(client.client.live(song.takes[0]))
    assert client.retry(song).state == "queued"
    client.delete(song)
    with pytest.raises(NotFound):
        client.song(song)


def test_what_is_known_of_a_take(client: Caller, take: str) -> None:
    assert client.metadata(take)["duration"] == 8
    assert "[00:01.00]Oh" in client.lyrics(take)
    assert [(line.text, line.start) for line in client.timing(take)] == [("Oh", 1.0)]


def test_a_request_is_previewed(client: Caller) -> None:
    outline = client.outline(**SUNG)
    assert (outline.lines, [section.name for section in outline.sections]) == (3, ["verse", "chorus"])
    assert outline.syllables > 10 and outline.sections[0].lines[1].text == "Another line of words"


def test_takes_are_kept_in_playlists(client: Caller, take: str) -> None:
    made = client.create_playlist("Mine")
    assert client.put_takes(made, [take]).takes == [take]
    assert made.id in [one.id for one in client.playlists()]
    client.delete_playlist(made)
    assert made.id not in [one.id for one in client.playlists()]


def test_refusals_are_the_services_own(client: Caller, take: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="duration"):
        client.submit(tags="folk", duration=1)
    with pytest.raises(InvalidRequest, match="an instrumental cannot have lyrics"):
        client.outline(**SUNG, instrumental=True)
    with pytest.raises(NotFound):
        client.song("../status")
    waiting = client.submit(**SUNG)
    with pytest.raises(Conflict):
        client.submit_extend(waiting.takes[0])
    with pytest.raises(NotFound):
        client.download(waiting.takes[0], tmp_path / "a.wav")
    with pytest.raises(InvalidRequest, match="does not end in"):
        client.download(take, tmp_path / "a.ogg")
    with pytest.raises(OutputError):
        client.download(take, tmp_path / "no" / "a.wav")
    assert not list(tmp_path.iterdir())
    client.delete(waiting)


def test_both_clients_have_the_same_verbs() -> None:
    def of(kind: type) -> dict[str, str]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {name: inspect.getdoc(method) or "" for name, method in methods if name[0] != "_"}

    blocking, awaited = of(Client), of(AsyncClient)
    assert blocking.pop("close") and awaited.pop("aclose") and blocking == awaited
    assert all(blocking.values()) and len(blocking) > 25


@pytest.mark.parametrize("module", ["khala.client", "khala.mcp.server"])
def test_neither_models_nor_a_service_are_imported(module: str) -> None:
    heavy = {"torch", "numpy", "soundfile", "sqlalchemy", "fastapi"}
    code = f"import sys, {module}; print(*{heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "\n"


@pytest.mark.parametrize("kind", [Take, Song, Request, Version, Playlist])
def test_answers_are_those_that_the_service_describes(kind: type[Any]) -> None:
    assert set(kind.model_fields) == set(SCHEMAS[kind.__name__]["properties"])


def test_requests_are_those_that_the_service_describes() -> None:
    assert set(verbs.NewSong.__annotations__) == set(SCHEMAS["NewSong"]["properties"])
    assert set(Outline.model_fields) == set(SCHEMAS["RequestOutline"]["properties"])
