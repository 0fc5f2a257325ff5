"""Songs that leave the service: a page with its sound, and a zip file of many takes."""

import base64
import io
import re
from zipfile import ZipFile

import soundfile
from serving import Service

from khala.server.archive import unique_names

HOSTILE = '</title><script>alert("x")</script>'
LINES = [
    {
        "line": 2,
        "section": "verse",
        "text": "Sing <b>it</b>",
        "start": 0.2,
        "end": 0.9,
        "sung": True,
        "words": [{"text": "Sing", "start": 0.2, "end": 0.5}, {"text": "<b>it</b>", "start": 0.5, "end": 0.9}],
    }
]


def test_a_take_as_a_page(service: Service) -> None:
    service.lyrics = LINES
    take = f"/api/v1/takes/{service.make(title=HOSTILE)['takes'][0]['id']}"
    answer = service.client.get(f"{take}/share.html")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<b>" not in answer.text and answer.text.count("<script") == 1
    policy = answer.headers["content-security-policy"]
    assert "script-src 'sha256-" in policy and policy.endswith("sandbox allow-scripts") and "'self'" not in policy
    assert "content-disposition" not in answer.headers
    saved = service.client.get(f"{take}/share.html?audio=opus&download=true")
    assert saved.headers["content-disposition"].startswith("attachment") and "data:audio/ogg" in saved.text
    assert service.client.get(f"{take}/share.html?audio=wav").status_code == 422


def test_a_page_has_the_title_that_the_song_has_now(service: Service) -> None:
    song = service.make(title="Old")
    service.client.patch(f"/api/v1/songs/{song['id']}", json={"title": "New"})
    page = service.client.get(f"/api/v1/takes/{song['takes'][0]['id']}/share.html").text
    encoded = re.search(r'src="data:audio/mpeg;base64,([^"]*)"', page)[1]  # type: ignore[index]
    assert "<title>New</title>" in page and "Old" not in page.replace(encoded, "")
    sound = base64.b64decode(encoded)
    assert b"Old" not in sound and len(soundfile.read(io.BytesIO(sound))[0]) > 40_000


def test_a_page_of_what_is_not_made_is_not_found(service: Service) -> None:
    for id in (service.ask()["takes"][0]["id"], "0" * 32):
        assert service.client.get(f"/api/v1/takes/{id}/share.html").status_code == 404
        assert service.client.get(f"/api/v1/takes.zip?take={id}").status_code == 404


def test_many_takes_as_one_zip(service: Service) -> None:
    songs = [service.make(title=title, seed=7, takes=2) for title in ("Über", "Über", "a/b")]
    takes = [take["id"] for song in songs for take in song["takes"]]
    query = "&".join(f"take={id}" for id in (*takes, takes[0]))
    for format in ("flac", "mp3"):
        answer = service.client.get(f"/api/v1/takes.zip?{query}&format={format}")
        assert answer.headers["content-type"] == "application/zip"
        with ZipFile(io.BytesIO(answer.content)) as zip:
            assert zip.testzip() is None
            assert zip.namelist() == [
                *(f"Über-7-{number}.{format}" for number in (1, 2)),
                *(f"Über-7-{number} (2).{format}" for number in (1, 2)),
                *(f"a-b-7-{number}.{format}" for number in (1, 2)),
            ]
            alone = service.client.get(f"/api/v1/takes/{takes[4]}/audio.{format}?download=true").content
            assert zip.read(f"a-b-7-1.{format}") == alone


def test_a_zip_needs_takes_but_not_too_many(service: Service) -> None:
    for query in ("", "take=..", "&".join(["take=" + "0" * 32] * 201)):
        assert service.client.get(f"/api/v1/takes.zip?{query}").status_code == 422


def test_names_differ_in_more_than_case() -> None:
    assert unique_names(["a.wav", "A.wav", "a (2).wav", "a.wav"]) == [
        "a.wav",
        "A (2).wav",
        "a (2) (2).wav",
        "a (3).wav",
    ]
