"""Adapters in the API: which are offered, and songs made with them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from adapters import write_adapter
from serving import NEW, Service

from khala.jobs.queue_estimate import QueueEstimate
from khala.music.errors import ModelError
from khala.weights.names import verified_digest


@pytest.fixture
def home(tmp_path: Path, singer: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installed adapters: two of the service's model, one of another."""
    home = tmp_path / "loras"
    monkeypatch.setenv("KHALA_LORAS", str(home))
    for number, name in enumerate(("folk", "voice")):
        write_adapter(home / name, singer, verified_digest(singer), seed=number, trigger=f"{name} word")
    write_adapter(home / "other", singer, "0" * 64)
    return home


def test_adapters_of_the_models_are_offered(home: Path, service: Service) -> None:
    found = service.client.get("/api/v1/loras").json()["loras"]
    assert [(one["name"], one["trigger"], one["songs"]) for one in found] == [
        ("folk", "folk word", 3),
        ("voice", "voice word", 3),
    ]
    assert {one["model"] for one in found} == {service.client.get("/api/v1/models").json()["models"][0]["name"]}


def test_the_operator_chooses(home: Path, serve: Callable[..., Service]) -> None:
    service = serve(offered_loras="folk")
    assert [one["name"] for one in service.client.get("/api/v1/loras").json()["loras"]] == ["folk"]
    with pytest.raises(ModelError, match="no adapter"):
        serve(offered_loras="none")


def test_a_song_names_its_adapters_and_can_be_sent_again(home: Path, service: Service) -> None:
    loras = [{"name": "folk", "weight": 0.8}, {"name": "voice", "weight": 1.0}]
    song = service.ask(loras=loras, seed=3)
    assert song["request"]["loras"] == loras
    assert song["request"]["model"] == service.ask()["request"]["model"]
    again = service.client.post("/api/v1/songs", json=song["request"])
    assert again.status_code == 202 and again.json()["request"] == song["request"]


def test_takes_with_other_adapters_are_made_apart(home: Path, service: Service) -> None:
    folk = [service.ask(loras=[{"name": "folk"}])["id"] for _ in range(2)]
    plain = service.ask()["id"]
    first, second = service.claims.claim(4), service.claims.claim(4)
    assert [claim.song_id for claim in first] == folk and [claim.song_id for claim in second] == [plain]
    assert {claim.model for claim in first} == {f"{second[0].model}+folk:1"}
    for claim in (*first, *second):
        service.finish(claim)
    with service.library.database.read() as connection:  # all of them tell how fast the model is
        assert list(QueueEstimate(connection)._seconds_per_second) == [second[0].model]
    assert 'model="' + second[0].model + "+" not in service.client.get("/metrics").text


def test_a_rework_has_the_adapters_of_its_take(home: Path, service: Service) -> None:
    take = service.make(loras=[{"name": "folk", "weight": 0.5}], duration=10)["takes"][0]["id"]
    varied = service.client.post(f"/api/v1/takes/{take}/vary", json={})
    assert varied.status_code == 202, varied.text
    assert varied.json()["request"]["loras"] == [{"name": "folk", "weight": 0.5}]


@pytest.mark.parametrize(
    ("loras", "reason"),
    [
        ([{"name": "none"}], "choose folk"),
        ([{"name": "other"}], "belongs to"),
        ([{"name": "folk"}, {"name": "folk"}], "twice"),
        ([{"name": "../folk"}], "loras"),
        ([{"name": "folk", "weight": 3}], "loras"),
        ([{"name": f"a{number}"} for number in range(9)], "loras"),
    ],
)
def test_others_are_refused(home: Path, service: Service, loras: list[dict[str, object]], reason: str) -> None:
    answer = service.client.post("/api/v1/songs", json={**NEW, "loras": loras})
    assert answer.status_code in (400, 422) and reason in answer.text
