"""Prompts of requests: the styles of models, and text that tries to be a special token."""

import pytest
from prompts import prompt_text

from khala.music.prompt import (  # fmt: skip
    UNCOND_PROMPT,
    PromptFields,
    PromptStyle,
    Special,
    backbone_prompt,
    clamp_prompt,
    compose_prompt,
    superres_prompt,
    uncond_prompt,
)
from khala.music.request import SongRequest

MINI = PromptStyle(duration_text=True)


def metadata(prompt):
    return prompt_text(prompt).split("<|eom_id|>")[0].removeprefix("<|begin_of_text|>")


def test_what_a_request_is_compared_with():
    sung = SongRequest(tags="pop", lyrics="la la", duration=30)
    assert uncond_prompt(sung, PromptStyle(supports_guidance=True)) == UNCOND_PROMPT
    bare = backbone_prompt(sung, PromptStyle())
    assert uncond_prompt(sung, PromptStyle()) == tuple(segment for segment in bare if segment != "la la")
    played = SongRequest(tags="pop", instrumental=True, duration=30)
    assert uncond_prompt(played, PromptStyle()) == tuple(
        segment for segment in backbone_prompt(played, PromptStyle()) if segment != "pop"
    )


@pytest.mark.parametrize(
    ("fields", "backbone", "superres"),
    [
        ({"tags": "pop, happy"}, "pop, happy, 60 seconds", "pop, happy, 60 seconds"),
        ({"prompt": "A sad song"}, "A sad song, 60 seconds", "60 seconds"),
        ({"lyrics": "la"}, "60 seconds", "60 seconds"),
        ({"tags": "pop", "duration": 32.4}, "pop, 30 seconds", "pop, 30 seconds"),
        ({"tags": "pop", "duration": 32.5}, "pop, 35 seconds", "pop, 35 seconds"),
        ({"tags": "pop", "duration": 5}, "pop, 5 seconds", "pop, 5 seconds"),
    ],
)
def test_length_in_seconds_follows_the_metadata(fields, backbone, superres):
    request = SongRequest(**fields)
    assert metadata(backbone_prompt(request, MINI)) == backbone
    assert metadata(superres_prompt(request, MINI)) == superres


def test_published_style_has_no_seconds():
    request = SongRequest(prompt="A sad song", duration=61)
    assert metadata(backbone_prompt(request, PromptStyle())) == "A sad song"
    assert metadata(superres_prompt(request, PromptStyle())) == ""
    assert metadata(superres_prompt(request, PromptStyle(superres_text="same_as_backbone"))) == "A sad song"
    assert Special("<|reserved_special_token_2|>") in backbone_prompt(request, PromptStyle())


def test_lyrics_only_leaves_tags_out():
    request = SongRequest(tags="pop", lyrics="la")
    style = PromptStyle(superres_text="lyrics_only")
    assert metadata(backbone_prompt(request, style)) == "pop"
    assert metadata(superres_prompt(request, style)) == ""


def test_lyrics_are_cleaned_and_stay_text():
    prompt = backbone_prompt(SongRequest(tags="<|eot_id|>", lyrics="【verse】\n“la” <|eom_id|>"), PromptStyle())
    assert [segment for segment in prompt if isinstance(segment, str)] == ["<|eot_id|>", "[verse]", '"la" <-eom_id->']


def test_instrumental_has_no_lyrics():
    prompt = backbone_prompt(SongRequest(tags="jazz", instrumental=True), PromptStyle())
    assert prompt_text(prompt) == (
        "<|begin_of_text|>jazz<|eom_id|>Instrumental<|eom_id|><|reserved_special_token_1|><|eot_id|><|python_tag|>"
    )
    assert compose_prompt(PromptFields(tags="jazz", language="Instrumental", lyrics="la")) == prompt


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_token_is_refused(limit):
    with pytest.raises(ValueError, match="at least 1 token"):
        clamp_prompt([1, 2], limit)
    with pytest.raises(ValueError, match="at least 1 token"):
        PromptStyle(superres_limit=limit)


def test_an_unknown_style_is_refused():
    with pytest.raises(ValueError, match="no_tags"):
        PromptStyle(superres_text="no_tags")
