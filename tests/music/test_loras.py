"""Names and weights of adapters."""

import pytest

from khala.music.errors import InvalidRequest
from khala.music.loras import Lora, adapted, parted, require_distinct, require_trigger


def test_a_weight_follows_the_name() -> None:
    assert Lora.parse("folk") == Lora("folk", 1.0)
    assert Lora.parse("folk:0.8") == Lora("folk", 0.8)
    assert Lora.parse("./my/folk:-0.5") == Lora("./my/folk", -0.5)
    assert [str(Lora("folk", weight)) for weight in (1, 0.8, -0.25, 0)] == [
        "folk:1",
        "folk:0.8",
        "folk:-0.25",
        "folk:0",
    ]


@pytest.mark.parametrize("text", ["folk:", "folk:loud", "folk:2.5", "folk:-3", "folk:nan", "folk:inf"])
def test_other_weights_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Lora.parse(text)


@pytest.mark.parametrize("model", ["mini", "owner/name", "./a+b/model", "C:\\models\\mini"])
def test_a_model_with_adapters_has_one_name(model: str) -> None:
    loras = (Lora("folk", 0.8), Lora("x.y-z", -1))
    assert parted(adapted(model, loras)) == (model, loras)
    assert parted(adapted(model, ())) == (model, ())


def test_adapters_are_few_and_differ() -> None:
    with pytest.raises(InvalidRequest, match="at most 8"):
        require_distinct([Lora(f"a{number}") for number in range(9)])
    with pytest.raises(InvalidRequest, match="twice"):
        require_distinct([Lora("a"), Lora("a", 0.5)])


def test_a_trigger_is_a_tag() -> None:
    assert require_trigger("  nova   voice ") == "nova voice"
    for trigger in ("a, b", "x" * 61, "bell\x07"):
        with pytest.raises(InvalidRequest, match="tag"):
            require_trigger(trigger)
