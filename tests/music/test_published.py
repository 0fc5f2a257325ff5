"""The outputs of the published text functions and its token ids, reproduced from the reference fixtures."""

import json
from pathlib import Path

import pytest
from prompts import prompt_text

from khala.music.layout import TokenLayout
from khala.music.lyrics import clean_lyrics
from khala.music.prompt import PromptFields, clamp_prompt, compose_prompt, prompt_pair
from khala.music.published_request import published_parameters


@pytest.fixture(scope="module")
def reference(fixtures: Path) -> dict:
    groups = json.loads((fixtures / "official-a" / "text_ref.json").read_text(encoding="utf-8"))
    assert {name: len(cases) for name, cases in groups.items()} == {
        "compose_prompt_text": 12,
        "prepare_prompt_texts": 36,
        "clean_lyrics": 22,
        "api_requests": 6,
        "clamp_prompt_ids": 6,
    }
    return groups


def fields_of(request: dict) -> PromptFields:
    words = {name: request[name] for name in ("description", "tags", "genre", "language", "lyrics")}
    return PromptFields(**words, minutes=request["duration"])


def test_compose_prompt(reference):
    for case in reference["compose_prompt_text"]:
        assert prompt_text(compose_prompt(fields_of(case["request"]))) == case["text"]


def test_prompt_pair_in_every_mode(reference):
    for case in reference["prepare_prompt_texts"]:
        mode = case["request"]["superres_text_mode"]
        pair = prompt_pair(fields_of(case["request"]), "lyrics_only" if mode == "no_tags" else mode)
        assert [prompt_text(p) for p in pair] == [case["backbone_prompt_text"], case["superres_prompt_text"]]


def test_clean_lyrics(reference):
    for case in reference["clean_lyrics"]:
        assert clean_lyrics(case["text"]) == case["out"]


def test_requests_of_the_published_client(reference):
    for case in reference["api_requests"]:
        got, expected = published_parameters(case["request"]), case["worker_params"]
        fields = got.fields()
        assert {
            "genre": fields.genre,
            "language": fields.language,
            "tags": got.tags,
            "description": got.description,
            "duration": got.duration,
            "lyrics": got.lyrics,
            "top_k_bb": got.top_k,
            "top_k_sr": got.superres_top_k,
            "temperature": got.temperature,
        }.items() <= expected.items()
        pair = prompt_pair(fields, expected["superres_text_mode"])
        assert [prompt_text(p) for p in pair] == [case["backbone_prompt_text"], case["superres_prompt_text"]]


def test_clamp_prompt(reference):
    for case in reference["clamp_prompt_ids"]:
        assert clamp_prompt(case["ids"], case["max_len"]) == case["out"]


@pytest.mark.parametrize("name", ["official-a", "official-c"])
def test_token_layout(fixtures, name):
    constants = json.loads((fixtures / name / "constants.json").read_text())
    for sizes in (constants, constants["release_values"]):
        layout = TokenLayout(sizes["text_vocab"], sizes["codebook_size"], sizes["num_quantizers"])
        assert layout.filler == sizes["NO_USE_TOKEN_ID"]
        assert layout.marker(0) == sizes["TASK0_MARKER"]
        assert layout.eos == sizes["EOD_ID"]
        assert layout.audio_id(0, 0) == layout.level_rows(0).start == sizes["VQ0_START_ID"]
        assert layout.audio_id(1, 0) == layout.level_rows(0).stop == sizes["VQ1_START_ID"]
        assert layout.backbone_vocab == sizes["backbone_vocab_size"]
        assert layout.superres_vocab == layout.level_rows(63).stop == sizes["superres_vocab_size"]
    layout = TokenLayout(constants["text_vocab"], constants["codebook_size"], constants["num_quantizers"])
    assert layout.level_rows(0).stop == constants["VQ0_END_ID"]
    assert layout.level_rows(1).stop == constants["VQ1_END_ID"]
    assert {text: layout.special_id(text) for text in constants["special_ids"]} == constants["special_ids"]
