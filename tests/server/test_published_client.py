"""The published web client: what it sends, what it polls, what it plays."""

from dataclasses import replace

import pytest
from serving import Service

from khala.jobs.claims import StageProgress

ASKED = {
    "mode": "vocal",
    "prompt_mode": "natural",
    "prompt": "a warm reggae groove",
    "tags": "",
    "lyrics": "[Verse]\n“La la”，la",
    "duration": 3,
    "top_k_bb": 40,
    "temperature": 1.0,
}
GROUPS = ["genre_style", "vocal_instrument", "emotion_mood", "production_other"]


def test_a_job_from_its_request_to_its_tracks(service: Service) -> None:
    accepted = service.client.post("/generate", json=ASKED).json()
    assert (accepted["status"], accepted["num_tracks"], accepted["queue_position"]) == ("queued", 2, 1)
    path = f"/job/{accepted['job_id']}"

    job = service.client.get(path).json()
    assert (job["job_id"], job["status"], job["queue_position"]) == (accepted["job_id"], "queued", 1)
    assert job["cleaned_lyrics"] == '[Verse]\n"La la",la' and job["created_at"] > 1.7e9
    assert [(track["index"], track["status"], track["progress"]) for track in job["tracks"]] == [
        (0, "queued", 0),
        (1, "queued", 0),
    ]
    less = " (shortened from 180 s to 30 s, the model's maximum)"
    assert [track["phase_display"] for track in job["tracks"]] == [f"Queued, number {n}{less}" for n in (1, 2)]
    assert service.client.get(f"{path}/track/0/mp3").status_code == 404

    claims = service.claims.claim(1)
    phases = {
        None: ("generating", "loading_model", "Loading the model 0%"),
        "load": ("generating", "loading_model", "Loading the model 0%"),
        "backbone": ("generating", "backbone", "Composing 50%"),
        "superres": ("superres", "superres", "Refining 50%"),
        "decode": ("decoding", "decoding", "Rendering 50%"),
        "finish": ("decoding", "decoding", "Finishing 50%"),
    }
    progress = []
    for stage, (status, phase, shown) in phases.items():
        service.claims._last_heartbeat = 0.0  # it writes at most once a second
        done = 0.0 if stage in (None, "load") else 0.5
        service.claims.heartbeat({(claims[0].take_id, claims[0].attempt): StageProgress(stage, done)}, "noise")
        job = service.client.get(path).json()
        track = job["tracks"][0]
        assert (job["status"], job["queue_position"]) == ("generating", 0)
        assert (track["status"], track["worker_phase"], track["phase_display"]) == (status, phase, shown + less)
        progress.append(track["progress"])
    assert progress == sorted(progress) and progress[0] == 0 and 90 < progress[-1] < 100

    service.finish(claims[0])
    assert service.client.get(path).json()["status"] == "pending"
    service.work()
    job = service.client.get(path).json()
    assert job["status"] == "completed"
    assert [(track["status"], track["progress"], track["duration_sec"]) for track in job["tracks"]] == [
        ("done", 100, 1.0)
    ] * 2
    mp3 = service.client.get(f"{path}/track/1/mp3", headers={"Range": "bytes=0-99"})
    assert (mp3.status_code, len(mp3.content), mp3.headers["content-type"]) == (206, 100, "audio/mpeg")
    wav = service.client.get(f"{path}/track/0/wav")
    assert wav.headers["content-disposition"] == 'attachment; filename="track_0.wav"' and wav.content[:4] == b"RIFF"
    assert service.client.get(f"{path}/track/2/wav").status_code == 404


def test_it_is_asked_as_the_published_service_asks(service: Service) -> None:
    def request(**fields: object) -> dict[str, object]:
        id = service.client.post("/generate", json={**ASKED, **fields}).json()["job_id"]
        asked: dict[str, object] = service.client.get(f"/api/v1/songs/{id}").json()["request"]
        return asked

    natural = request()
    assert (natural["prompt"], natural["tags"], natural["takes"]) == ("a warm reggae groove", [], 2)
    assert natural["duration"] == 30.0  # all that this model can
    assert service.claims.claim(1)[0].asked_seconds == 180.0
    tags = request(prompt_mode="tags", tags="Reggae, Male Vocals", mode="instrumental", top_k_bb=999, temperature=0.1)
    assert (tags["prompt"], tags["tags"], tags["instrumental"], tags["lyrics"]) == (
        "",
        ["Reggae", "Male Vocals"],
        True,
        "",
    )
    assert tags["sampling"] == {
        "temperature": 0.6,
        "top_k": 200,
        "superres_temperature": 1.0,
        "superres_top_k": 10,
        "superres_sampling": "top_k",
        "guidance": 1.0,
    }


def test_a_song_as_long_as_asked_is_not_remarked_on(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    models = service.app.state.context.models
    longer = replace(models.config(service.settings.model), max_seconds=600.0)
    monkeypatch.setattr(models, "config", lambda name: longer)
    accepted = service.client.post("/generate", json=ASKED).json()
    (track, _) = service.client.get(f"/job/{accepted['job_id']}").json()["tracks"]
    assert track["phase_display"] == "Queued, number 1"
    (claim,) = service.claims.claim(1)
    assert (claim.request.duration, claim.asked_seconds) == (180.0, None)


def test_a_job_of_which_a_track_fails_is_partial(service: Service) -> None:
    id = service.client.post("/generate", json=ASKED).json()["job_id"]
    (claim,) = service.claims.claim(1)
    service.claims.fail(claim, "the words fill all", "invalid")
    service.work()
    job = service.client.get(f"/job/{id}").json()
    failed = job["tracks"][claim.number - 1]
    assert job["status"] == "partial" and (failed["status"], failed["error"]) == ("error", "the words fill all")


def test_a_job_is_accepted_at_once_where_a_worker_is_free(service: Service) -> None:
    service.claims.heartbeat({}, None)
    accepted = service.client.post("/generate", json=ASKED).json()
    assert (accepted["status"], accepted["queue_position"]) == ("accepted", 0)


def test_what_it_shows_beside(service: Service) -> None:
    service.claims.heartbeat({}, "noise")
    pool = service.client.get("/status").json()
    assert (pool["total_gpus"], pool["idle_gpus"], pool["active_jobs"], pool["queued_jobs"]) == (1, 1, 0, 0)
    assert pool["workers"][0]["status"] == "idle"
    groups = service.client.get("/tags").json()
    assert list(groups) == GROUPS and all(group["label"] and group["tags"] for group in groups.values())
    assert groups == service.client.get("/api/v1/tags").json()
