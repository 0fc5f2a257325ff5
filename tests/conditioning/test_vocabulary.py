"""The vocabulary of conditions: it survives JSON, and every other order of its names is told apart."""

import json
from dataclasses import replace
from typing import Any

import pytest

from khala.conditioning import vocabulary as conditions
from khala.conditioning.rows import CONDITION_ROWS
from khala.conditioning.styles import STYLE_NAMES
from khala.conditioning.vocabulary import differences, knows, vocabulary, with_vocabulary
from khala.models.presets import tiny


def saved(**changes: Any) -> Any:
    return json.loads(json.dumps({**vocabulary(), **changes}))


def test_the_same_vocabulary_differs_in_nothing() -> None:
    assert differences(saved()) == []
    first_rows = list(vocabulary()["first_rows"].values())
    assert first_rows[0] == 1 and first_rows == sorted(first_rows)
    assert first_rows[-1] < CONDITION_ROWS == vocabulary()["rows"]


def test_two_names_in_each_other_s_place_are_named() -> None:
    rock, pop, *others = STYLE_NAMES
    assert differences(saved(styles=[pop, rock, *others])) == [
        "styles[0] is 'rock' (here 'pop')",
        "styles[1] is 'pop' (here 'rock')",
    ]


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"styles": [*STYLE_NAMES, "polka"]}, "styles[18] is 'polka' (here nothing)"),
        ({"styles": [*STYLE_NAMES[:-1]]}, "styles[17] is nothing (here 'latin')"),
        ({"voices": ["none", "female", "male", "choir"]}, "voices[3] is 'choir' (here 'voice')"),
        ({"first_rows": {**vocabulary()["first_rows"], "bar": 50}}, "first_rows.bar is 50 (here 49)"),
        ({"rows": 12}, f"rows is 12 (here {CONDITION_ROWS})"),
        ({"weather": {"rain": True}}, "weather.rain is True (here nothing)"),
        ({"letters": "@A" + vocabulary()["letters"][2:]}, "letters is '@A^*O0IE381!957UBCDXFGHJKLMNQPRS$T+VWYZ (here"),
    ],
)
def test_any_other_difference_is_named_too(changes: dict[str, Any], phrase: str) -> None:
    (said,) = differences(saved(**changes))
    assert said.startswith(phrase)


@pytest.mark.parametrize("values", [3, "pop", [], {}, {"styles": "pop"}, {"rows": None}, [[1]]])
def test_what_is_no_vocabulary_differs_in_all(values: Any) -> None:
    assert len(differences(values)) >= len(STYLE_NAMES)


@pytest.mark.parametrize("names", ["SECTION_TAGS", "STYLE_NAMES", "VOICES", "PHONES", "SINGER_NAMES"])
def test_another_order_in_the_code_shows(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved()
    monkeypatch.setattr(conditions, names, tuple(reversed(getattr(conditions, names))))
    assert differences(before)


@pytest.mark.parametrize("part", ["backbone", "superres"])
def test_a_model_of_which_one_part_takes_conditions_has_their_vocabulary(part: str) -> None:
    config = replace(tiny(), **{part: replace(getattr(tiny(), part), condition_rows=CONDITION_ROWS)})
    assert with_vocabulary(config).conditions == vocabulary()
    assert with_vocabulary(tiny()) == tiny()


def test_a_model_from_before_there_were_chords_has_its_rows_and_lacks_theirs() -> None:
    older = vocabulary(436)
    assert "chord" not in older["first_rows"] and "singers" not in older
    assert older["first_rows"].items() < vocabulary()["first_rows"].items()
    assert differences(json.loads(json.dumps(older))) == []
    assert differences({**older, "voices": ["none"]}), "what it has must be the same"
    backbone = replace(tiny().backbone, condition_rows=436)
    config = replace(tiny(), backbone=backbone)
    assert with_vocabulary(config).conditions == older
    assert knows(config, "phone_frame") and not knows(config, "chord")
    assert not knows(tiny(), "beat")
