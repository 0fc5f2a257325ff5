import errno
import io
import json
import os
import shlex
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
import typer
from serving import RATE, Service
from tinytag import TinyTag

from khala.audio.tags.cover import cover_png
from khala.audio.tags.tagging import read_tags
from khala.music.errors import OutputError, StoreError


@pytest.fixture
def take(service: Service) -> str:
    """The path of a take that is done."""
    return f"/api/v1/takes/{service.make(title='Über den Wolken')['takes'][0]['id']}"


@pytest.mark.parametrize(
    ("format", "media_type", "container", "subtype"),
    [
        ("wav", "audio/wav", "WAV", "PCM_24"),
        ("flac", "audio/flac", "FLAC", "PCM_24"),
        ("mp3", "audio/mpeg", "MP3", "MPEG_LAYER_III"),
        ("opus", "audio/ogg", "OGG", "OPUS"),
    ],
)
def test_audio_in_four_formats(
    service: Service, take: str, format: str, media_type: str, container: str, subtype: str
) -> None:
    answer = service.client.get(f"{take}/audio.{format}")
    assert answer.status_code == 200 and answer.headers["content-type"] == media_type
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "immutable" in answer.headers["cache-control"] and answer.headers["accept-ranges"] == "bytes"
    with soundfile.SoundFile(io.BytesIO(answer.content)) as file:
        assert (file.format, file.subtype, file.channels) == (container, subtype, 2)
        assert abs(file.frames / file.samplerate - 1.0) < 0.05
    assert service.client.get(f"{take}/audio.{format}").content == answer.content


def test_wav_holds_the_samples_of_flac(service: Service, take: str) -> None:
    wav, flac = (
        soundfile.read(io.BytesIO(service.client.get(f"{take}/audio.{format}").content), dtype="int32")[0]
        for format in ("wav", "flac")
    )
    assert len(wav) == RATE and np.array_equal(wav, flac)


def test_a_format_is_made_once_however_many_ask(service: Service, take: str) -> None:
    with service.live() as live, ThreadPoolExecutor(8) as pool:
        tags = list(pool.map(lambda _: live.http.get(f"{take}/audio.mp3").headers["etag"], range(8)))
    assert len(set(tags)) == 1
    kinds = [artifact.kind for artifact in service.library.take(None, take.rpartition("/")[2]).artifacts]
    assert kinds.count("audio.mp3") == 1
    assert len(list((service.folder / "artifacts").rglob("*.mp3"))) == 1


def test_parts(service: Service, take: str) -> None:
    whole = service.client.get(f"{take}/audio.flac")
    size, tag = len(whole.content), whole.headers["etag"]

    def get(**headers: str) -> tuple[int, bytes, str | None]:
        answer = service.client.get(
            f"{take}/audio.flac", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        return answer.status_code, answer.content, answer.headers.get("content-range")

    assert get(range="bytes=100-199") == (206, whole.content[100:200], f"bytes 100-199/{size}")
    assert get(range="bytes=-5") == (206, whole.content[-5:], f"bytes {size - 5}-{size - 1}/{size}")
    assert get(range="bytes=0-0", if_range=tag) == (206, whole.content[:1], f"bytes 0-0/{size}")
    assert get(range="bytes=0-0", if_range='"another"') == (200, whole.content, None)
    assert get(range="nonsense") == (200, whole.content, None)
    assert get(if_none_match=tag) == (304, b"", None)
    assert get(if_none_match=f'"a", W/{tag}') == (304, b"", None)
    status, content, where = get(range=f"bytes={size}-")
    assert (status, where) == (416, f"bytes */{size}") and b'"status":416' in content
    head = service.client.head(f"{take}/audio.flac", headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
    assert get(range="bytes=0-0,5-9") == (200, whole.content, None)


def test_audio_is_never_packed(service: Service, take: str) -> None:
    for part in ({}, {"Range": "bytes=0-4999"}):
        answer = service.client.get(f"{take}/audio.flac", headers={"Accept-Encoding": "gzip", **part})
        assert "content-encoding" not in answer.headers
        assert int(answer.headers["content-length"]) == len(answer.content) > 1024


def test_a_download_has_a_telling_name(service: Service, take: str) -> None:
    named = service.client.get(f"{take}/audio.mp3", params={"download": True}).headers["content-disposition"]
    song = service.client.get("/api/v1/songs").json()["songs"][0]
    name = f"-{song['request']['seed']}-1.mp3"
    assert named == f"attachment; filename=\"uber-den-wolken{name}\"; filename*=UTF-8''%C3%9Cber%20den%20Wolken{name}"
    assert "content-disposition" not in service.client.get(f"{take}/audio.mp3").headers


@pytest.mark.parametrize(
    ("title", "plain", "name"),
    [
        ("月亮代表我的心", "folk", "月亮代表我的心"),
        ("夜空の花 & Ünïcode/“quote”", "unicode-quote", "夜空の花 & Ünïcode-“quote”"),
        ('a"; filename="../../etc/passwd', "a-filename-etc-passwd", "a-; filename=-..-..-etc-passwd"),
        ("..", "folk", ""),
        ("Cafe\u0301 \u202egpj", "cafe-gpj", "Café gpj"),
        ("夜" * 200, "folk", "夜" * 50),
        ("", "folk", ""),
    ],
)
def test_a_download_is_called_as_the_song_is(service: Service, title: str, plain: str, name: str) -> None:
    song = service.make(title=title)
    header = service.client.get(f"/api/v1/takes/{song['takes'][0]['id']}/audio.flac?download=1").headers
    message, end = Message(), f"-{song['request']['seed']}-1.flac"
    message["Content-Disposition"], _, rest = header["content-disposition"].partition("; filename*=")
    assert message.get_content_disposition() == "attachment" and message.get_filename() == plain + end
    assert unquote(rest) == (f"UTF-8''{name}{end}" if name else "")
    assert header["content-disposition"].isascii()


@pytest.mark.parametrize("format", ["wav", "flac", "mp3", "opus"])
def test_a_download_says_what_it_is(service: Service, take: str, format: str, tmp_path: Path) -> None:
    """Under the title that the song has now; with the picture of the studio."""
    (song,) = service.client.get("/api/v1/songs").json()["songs"]

    def fetch(**query: object) -> tuple[bytes, dict[str, str]]:
        answer = service.client.get(f"{take}/audio.{format}", params=query)
        (tmp_path / "file").write_bytes(answer.content)
        return answer.content, read_tags(tmp_path / "file")

    played, tags = fetch()
    assert (tags["TITLE"], tags["MODEL"], json.loads(tags["KHALA_RECORD"])["seed"]) == (
        "Über den Wolken",
        song["request"]["model"],
        song["request"]["seed"],
    )
    assert fetch(download=True)[0] == played
    service.client.patch(f"/api/v1/songs/{song['id']}", json={"title": "雨"})
    renamed, tags = fetch(download=True)
    assert tags["TITLE"] == "雨" and fetch()[0] == played
    image = TinyTag.get(tmp_path / "file", image=True).images.front_cover
    assert image is not None and image.data == cover_png(song["id"])
    bare, none = fetch(tags=False)
    assert none == {} and fetch(tags=False, download=True)[0] == bare
    samples = [soundfile.read(io.BytesIO(content), dtype="int32")[0] for content in (played, renamed, bare)]
    assert np.array_equal(samples[0], samples[1]) and np.array_equal(samples[0], samples[2])


def test_a_download_that_may_change_is_asked_for_again(service: Service, take: str) -> None:
    def fetch(**headers: str) -> tuple[int, str, str]:
        answer = service.client.get(f"{take}/audio.flac", params={"download": True}, headers=headers)
        return answer.status_code, answer.headers["etag"], answer.headers["cache-control"]

    status, tag, kept = fetch()
    assert (status, kept) == (200, "private, no-cache") and fetch(**{"If-None-Match": tag})[0] == 304
    (song,) = service.client.get("/api/v1/songs").json()["songs"]
    service.client.patch(f"/api/v1/songs/{song['id']}", json={"title": "other"})
    status, changed, _ = fetch(**{"If-None-Match": tag})
    assert status == 200 and changed != tag
    part = service.client.get(f"{take}/audio.flac?download=1", headers={"Range": "bytes=0-3", "If-Range": changed})
    assert (part.status_code, part.content) == (206, b"fLaC")


def test_peaks_and_metadata(service: Service, take: str) -> None:
    peaks = service.client.get(f"{take}/peaks").json()
    assert peaks["duration"] == 1.0 and peaks["peaks"] == [[-0.1, 0.1]] * 8
    metadata = service.client.get(f"{take}/metadata").json()
    assert metadata["request"]["tags"] == ["folk"] and metadata["duration"] == 1.0


def test_the_command_makes_the_same_take(service: Service) -> None:
    lyrics = '[verse]\nit\'s "quoted" $HOME'
    more = {"chords": "C G/B N.C.", "takes": 2, "sampling": {"top_k": 9}}
    song = service.make(lyrics=lyrics, instrumental=False, tags=["folk", "piano"], **more)
    second = song["takes"][1]
    command = service.client.get(f"/api/v1/takes/{second['id']}/metadata").json()["command"]
    words = shlex.split(command)
    assert words[:2] == ["khala", "generate"]
    verb = typer.main.get_command(import_module("khala.cli.generate").app)
    asked = verb.make_context("generate", words[2:]).params
    assert (asked["seed"], asked["lyrics"], asked["tags"]) == (second["seed"], lyrics, "folk, piano")
    assert asked["chords"] == more["chords"]
    assert (asked["top_k"], asked["takes"], asked["model"]) == (9, 1, service.settings.model)


def test_a_song_that_no_option_describes_has_no_command(service: Service) -> None:
    song = service.make(sampling={"superres_temperature": 0.5})
    assert service.client.get(f"/api/v1/takes/{song['takes'][0]['id']}/metadata").json()["command"] is None


def test_a_take_that_is_not_done_has_nothing_yet(service: Service) -> None:
    take = f"/api/v1/takes/{service.ask()['takes'][0]['id']}"
    for what in ("audio.flac", "audio.mp3", "peaks", "metadata"):
        answer = service.client.get(f"{take}/{what}")
        assert answer.status_code == 404 and " yet" in answer.json()["detail"]


def test_a_file_that_is_gone_from_the_store_is_no_failure(service: Service, take: str) -> None:
    for file in (service.folder / "artifacts").rglob("*.flac"):
        file.unlink()
    assert service.client.get(f"{take}/audio.flac").status_code == 404
    assert service.client.get(f"{take}/audio.mp3").status_code == 404


def test_a_damaged_file_is_told_without_its_place(service: Service, take: str) -> None:
    for file in (service.folder / "artifacts").rglob("*.flac"):
        file.write_bytes(b"damaged")
    answer = service.client.get(f"{take}/audio.mp3")
    assert answer.status_code == 404 and "damaged" in answer.text and str(service.folder) not in answer.text
    damaged = service.client.get(f"{take}/audio.flac", params={"tags": False})
    assert (damaged.status_code, damaged.json()["detail"]) == (404, "the audio of the take was damaged in the store")


def test_what_cannot_be_stored_is_served_from_memory(
    service: Service, take: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = service.client.get("/api/v1/songs").json()["songs"][0]
    artifacts = service.folder / "artifacts"

    def full(path: Path) -> None:
        raise OutputError("no space") from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("khala.jobs.artifacts.replacing", full)
        for format in ("mp3", "wav", "opus"):
            whole = service.client.get(f"{take}/audio.{format}")
            assert whole.status_code == 200 and whole.headers["content-length"] == str(len(whole.content))
            headers = {"Range": "bytes=1000-", "If-Range": whole.headers["etag"]}
            part = service.client.get(f"{take}/audio.{format}", headers=headers)
            assert (part.status_code, part.content) == (206, whole.content[1000:])
        assert service.client.get(f"/job/{song['id']}/track/0/mp3").status_code == 200
    assert {path.suffix for path in artifacts.rglob("*.*")} == {".flac", ".json", ".safetensors"}
    service.client.delete(f"/api/v1/songs/{song['id']}")
    assert service.client.get(f"{take}/audio.opus").status_code == 404, "what is deleted is not served from memory"


def test_little_is_held_in_memory(service: Service, take: str, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = service.app.state.context.renderer
    monkeypatch.setattr("khala.server.audio.MAX_HELD_BYTES", 100_000)
    monkeypatch.setattr(service.library.store, "put", refuse)
    for format in ("mp3", "opus", "wav", "mp3"):
        assert service.client.get(f"{take}/audio.{format}").status_code == 200
    assert [format for _, format in renderer._held] == ["mp3"]
    monkeypatch.undo()
    assert service.client.get(f"{take}/audio.wav").status_code == 200
    assert list((service.folder / "artifacts").rglob("*.wav")), "with room again it is stored"


def test_a_file_that_the_database_cannot_note_is_not_left_behind(
    service: Service, take: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.library.database, "write", refuse)
    assert service.client.get(f"{take}/audio.wav").status_code == 200
    assert not list((service.folder / "artifacts").rglob("*.wav"))


def refuse(*_: object) -> None:
    raise StoreError("no room", "storage-full")


TIMED = [
    {
        "line": 2,
        "section": "verse",
        "text": "Sing <it>",
        "start": 0.2,
        "end": 0.9,
        "sung": True,
        "words": [{"text": "Sing", "start": 0.2, "end": 0.5}, {"text": "<it>", "start": 0.5, "end": 0.9}],
    },
    {"line": 3, "section": "verse", "text": "Oh", "start": None, "end": None, "sung": False, "words": []},
]


@pytest.mark.parametrize(
    ("format", "media_type", "name", "content"),
    [
        ("lrc", "text/plain", "-1.lrc", "[ti:Über den Wolken]\n[00:00.20]Sing <it>\n[00:00.90]\n"),
        ("elrc", "text/plain", "-1.elrc.lrc", "[00:00.20] <00:00.20> Sing <00:00.50> <it> <00:00.90>"),
        ("vtt", "text/vtt", "-1.vtt", "00:00:00.200 --> 00:00:00.900\nSing <00:00:00.500><c>&lt;it&gt;</c>"),
        ("srt", "application/x-subrip", "-1.srt", "1\n00:00:00,200 --> 00:00:00,900\nSing <it>\n"),
        ("json", "application/json", "-1.lyrics.json", '"text": "Oh"'),
    ],
)
def test_timed_lyrics_in_five_formats(service: Service, format: str, media_type: str, name: str, content: str) -> None:
    service.lyrics = TIMED
    take = f"/api/v1/takes/{service.make(title='Über den Wolken')['takes'][0]['id']}"
    answer = service.client.get(f"{take}/lyrics.{format}")
    assert answer.status_code == 200 and answer.headers["content-type"].split(";")[0] == media_type
    assert content in answer.content.decode()
    assert "content-disposition" not in answer.headers
    saved = service.client.get(f"{take}/lyrics.{format}?download=true").headers["content-disposition"]
    assert saved.endswith(name) and "%C3%9Cber%20den%20Wolken" in saved
    if format == "json":
        assert answer.json() == TIMED


def test_lyrics_without_times_are_not_found(service: Service, take: str) -> None:
    for path in (take, f"/api/v1/takes/{'0' * 32}"):
        answer = service.client.get(f"{path}/lyrics.lrc")
        assert answer.status_code == 404 and answer.json()["type"].endswith("#not-found")
    service.lyrics = TIMED[1:]
    untimed = service.make(seed=2)["takes"][0]["id"]
    assert service.client.get(f"/api/v1/takes/{untimed}/lyrics.json").status_code == 404
