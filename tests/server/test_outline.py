"""A request is read before a song is made of it."""

import pytest
from serving import NEW, Service

LYRICS = "Verse 1\nStanding in the rain\n\n[snare roll]\n[Chorus: all]\nCome back (x2)\n"


def test_lyrics_are_read_by_the_rules_of_the_models(service: Service) -> None:
    answer = service.client.post("/api/v1/outline", json={"tags": ["pop"], "lyrics": LYRICS, "duration": 20})
    assert answer.status_code == 200
    told = answer.json()
    assert [(s["name"], s["label"], s["line"]) for s in told["sections"]] == [
        ("verse", "Verse 1", 1),
        ("chorus", "Chorus: all", 5),
    ]
    assert [(line["text"], line["line"], line["sung"]) for s in told["sections"] for line in s["lines"]] == [
        ("Standing in the rain", 2, True),
        ("Come back", 6, True),
        ("Come back", 6, True),
    ]
    assert (told["lines"], told["syllables"]) == (3, 9) and told["seconds"] > 5
    assert [remark["kind"] for remark in told["remarks"]] == ["header-guessed", "cue-dropped", "repeated"]
    assert told["remarks"][0]["line"] == 1 and "Verse 1" in told["remarks"][0]["text"]
    assert service.client.get("/api/v1/songs").json()["songs"] == [], "nothing is made"


def test_the_embedded_model_tells_its_outline_and_what_it_does_not_sing(mini_service: Service) -> None:
    lyrics = "[verse]\nStanding in the rain\n我在等你"
    told = mini_service.client.post("/api/v1/outline", json={"tags": ["pop", "110 bpm"], "lyrics": lyrics}).json()
    assert [line["sung"] for line in told["sections"][0]["lines"]] == [True, False]
    assert told["languages"] == ["en"] and told["voice"] in ("female", "male")
    assert told["outline"]["bpm"] == pytest.approx(110, rel=0.02) and len(told["outline"]["lines"]) == 1
    assert told["outline"]["sections"][-1][2] == pytest.approx(told["outline"]["seconds"], abs=0.01)
    assert "script" in [remark["kind"] for remark in told["remarks"]]


def test_chords_that_the_model_does_not_play_give_a_remark(service: Service) -> None:
    told = service.client.post("/api/v1/outline", json={**NEW, "chords": "C G Am F"}).json()
    assert [(remark["kind"], remark["line"]) for remark in told["remarks"]] == [("chords-unknown", None)]


def test_it_refuses_what_a_song_is_refused_for(service: Service) -> None:
    answer = service.client.post("/api/v1/outline", json={**NEW, "lyrics": "la"})
    assert answer.status_code == 422 and "instrumental" in answer.text
