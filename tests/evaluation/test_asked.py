import json
from pathlib import Path

import pytest

from khala.evaluation.asked import Asked, asked, asked_beside, stated_limits
from khala.music.errors import InvalidRequest


def request(**fields: object) -> Asked:
    return asked({"request": {"prompt": "", "tags": [], "lyrics": "", "instrumental": False, **fields}})


def test_numbers_go_before_words() -> None:
    assert request(tags=["pop", "96 bpm", "slow"]).bpm == 96
    assert request(tags=["pop", "96 bpm", "slow"]).limits is None
    assert request(prompt="A happy pop song at 120 BPM.").bpm == 120


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("slow", (0, 90)),
        ("mid tempo", (90, 120)),
        ("fast tempo", (120, 1000)),
        ("A tender folk song at a slow tempo with flute.", (0, 90)),
        ("at a moderate tempo", (90, 120)),
        ("slow dancing in the dark", None),
        ("pop", None),
    ],
)
def test_tempo_words_are_ranges(text: str, limits: tuple[float, float] | None) -> None:
    assert stated_limits([text]) == limits


def test_a_tempo_is_met_within_8_percent_of_a_number_or_inside_a_range() -> None:
    assert request(tags=["100 bpm"]).tempo_met(107)
    assert not request(tags=["100 bpm"]).tempo_met(200)
    assert request(tags=["slow"]).tempo_met(89) and not request(tags=["slow"]).tempo_met(91)
    assert request(tags=["pop"]).tempo_met(91) is None


@pytest.mark.parametrize(
    ("fields", "voice"),
    [
        ({"lyrics": "la la"}, True),
        ({"tags": ["female vocals"]}, True),
        ({"prompt": "a man sings of rain"}, True),
        ({"tags": ["instrumental"], "lyrics": ""}, False),
        ({"instrumental": True, "tags": ["rock"]}, False),
        ({"tags": ["rock"]}, None),
    ],
)
def test_who_is_to_sing(fields: dict[str, object], voice: bool | None) -> None:
    assert request(**fields).voice is voice


def test_the_truth_of_a_corpus_song(sung: Path, played: Path) -> None:
    found = asked_beside(sung)
    assert found is not None and found.voice is True
    truth = json.loads(sung.with_suffix(".json").read_text())["truth"]
    assert found.bpm == truth["bpm"]
    assert [part.energy for part in found.parts] == [section["energy"] for section in truth["sections"]]
    assert asked_beside(played).voice is False  # type: ignore[union-attr]


def test_no_sidecar_asks_for_nothing_and_a_foreign_one_is_refused(tmp_path: Path) -> None:
    assert asked_beside(tmp_path / "a.wav") is None
    for text in ("{", "[]", "{}", '{"request": 3}', '{"truth": {"bpm": "fast"}}'):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(InvalidRequest, match="neither a take's sidecar nor"):
            asked_beside(tmp_path / "a.wav")
