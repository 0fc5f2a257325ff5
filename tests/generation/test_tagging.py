import json
from typing import Any

import pytest

from khala.audio.tags.cover import cover_png
from khala.generation.tagging import tags_of
from khala.music.request import SongRequest


def record(outline: dict[str, Any] | None = None, sung: Any = None, **request: Any) -> dict[str, Any]:
    asked = SongRequest(**{"lyrics": "[verse]\nla 雨", "seed": 3, **request})
    return {
        "request": asked.to_dict(),
        "seed": 9,
        "model": {"name": "mini", "digest": "ab" * 32, "license": "Apache-2.0"},
        "versions": {"khala": "1.2"},
        "outline": outline,
        "lyrics": sung,
        "seconds": {"backbone": 1.5},
    }


def test_the_fields_of_a_take() -> None:
    lines = [
        {"line": 2, "text": "la 雨", "start": 0.5, "end": 1.0, "sung": True},
        {"line": 3, "text": "no", "start": None, "end": None, "sung": False},
    ]
    made = record({"bpm": 99.51, "key": "F# minor", "style": "folk"}, lines, tags=["warm", "lo-fi", "pop"])
    tags = tags_of(made)
    kept = json.loads(tags.fields["KHALA_RECORD"])
    assert kept == {name: value for name, value in made.items() if name != "seconds"}
    assert {name: text for name, text in tags.fields.items() if name != "KHALA_RECORD"} == {
        "TITLE": "la 雨",
        "ARTIST": "Khala",
        "GENRE": "lo-fi",
        "BPM": "100",
        "INITIALKEY": "F#m",
        "LYRICS": "[verse]\nla 雨",
        "COMMENT": "Made by AI: Khala 1.2, model mini, seed 9",
        "ENCODER": "Khala 1.2",
        "GENERATOR": "Khala 1.2",
        "MODEL": "mini",
        "MODEL_DIGEST": "ab" * 32,
        "MODEL_LICENSE": "Apache-2.0",
        "SEED": "9",
        "DIGITALSOURCETYPE": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    }
    assert tags.lines == ((0.5, "la 雨"),)
    assert tags.cover == tags_of(record(None, None, tags=["warm", "lo-fi", "pop"])).cover


def test_a_model_without_an_outline_claims_no_tempo_and_no_key() -> None:
    fields = tags_of(record(prompt="a folk song at 100 bpm in C major")).fields
    assert not {"BPM", "INITIALKEY"} & fields.keys() and fields["GENRE"] == "folk"
    assert tags_of(record({"bpm": None, "key": "C major", "style": ""})).fields["INITIALKEY"] == "C"


def test_tempo_and_key_that_were_heard_are_tags() -> None:
    heard = tags_of({**record(), "heard": {"bpm": 99.6, "key": "Eb minor"}}).fields
    assert (heard["BPM"], heard["INITIALKEY"]) == ("100", "Ebm")
    assert not {"BPM"} & tags_of({**record(), "heard": {"key": "Eb minor"}}).fields.keys()
    planned = {**record({"bpm": 80, "key": None, "style": ""}), "heard": {"bpm": 99.6, "key": "Eb minor"}}
    assert tags_of(planned).fields["BPM"] == "80" and "INITIALKEY" not in tags_of(planned).fields


@pytest.mark.parametrize(
    ("request_fields", "title", "expected"),
    [
        ({"title": "Named", "tags": ["pop"]}, None, "Named"),
        ({"title": "Named", "tags": ["pop"]}, "Renamed", "Renamed"),
        ({"title": "Named", "tags": ["pop"]}, "", "la 雨"),
        ({"prompt": "x" * 200, "lyrics": "[intro]"}, None, "x" * 100),
        ({"tags": ["pop", "slow"], "lyrics": "", "instrumental": True}, None, "pop, slow"),
    ],
)
def test_titles(request_fields: dict[str, Any], title: str | None, expected: str) -> None:
    assert tags_of(record(**request_fields), title).fields["TITLE"] == expected


def test_covers_differ_from_song_to_song() -> None:
    assert tags_of(record(seed=4)).cover != tags_of(record(seed=5)).cover
    assert tags_of(record(), cover="song-id").cover == cover_png("song-id")
