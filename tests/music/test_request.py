"""Song requests: what is refused, how it is said, and that what is accepted survives JSON and makes a sound prompt."""

import json
import math
import string

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prompts import prompt_text

from khala.music.errors import InvalidRequest
from khala.music.lyrics import clean_lyrics
from khala.music.prompt import PromptStyle, Special, backbone_prompt, superres_prompt
from khala.music.request import MAX_SEED, Sampling, SongRequest
from khala.weights.tokenizer import Tokenizer

BYTES = Tokenizer.of_bytes()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "the request is empty; give a prompt, tags or lyrics"),
        ({"prompt": " \n\t "}, "prompt is blank; write something or leave it out"),
        ({"prompt": "x" * 100_000}, "prompt has 100000 characters; at most 2000 are allowed"),
        ({"lyrics": "la\n" * 34_000}, "lyrics has 101999 characters; at most 10000 are allowed"),
        ({"prompt": "a\x07b"}, "prompt contains a control character (U+0007) at character 2; remove it"),
        ({"title": "one\ntwo"}, "title contains a line break (U+000A) at character 4; remove it"),
        ({"lyrics": "la\x00"}, "lyrics contains a control character (U+0000) at character 3; remove it"),
        ({"lyrics": "la \ud800"}, "lyrics contains half of a surrogate pair (U+D800) at character 4; remove it"),
        ({"tags": ["a", "b,c"]}, "the tag 'b,c' contains a comma; split it into several tags"),
        ({"tags": ["x" * 101]}, "a tag has 101 characters; at most 100 are allowed"),
        ({"tags": [f"t{n}" for n in range(51)]}, "there are 51 tags; at most 50 are allowed"),
        ({"tags": [1]}, "tags are [1]; they must be a list of short texts"),
        ({"prompt": 5}, "prompt is 5; it must be text"),
        ({"lyrics": "l", "instrumental": True}, "an instrumental cannot have lyrics; leave out one of the two"),
        ({"prompt": "a", "tags": ["b"]}, "both a prompt and tags were given; use only one of them"),
        ({"prompt": "a", "instrumental": 1}, "instrumental is 1; it must be true or false"),
        ({"prompt": "a", "duration": 0}, "duration is 0; it must be a number from 5 to 600 seconds"),
        ({"prompt": "a", "duration": -3.5}, "duration is -3.5; it must be a number from 5 to 600 seconds"),
        ({"prompt": "a", "duration": 1e9}, "duration is 1000000000.0; it must be a number from 5 to 600 seconds"),
        ({"prompt": "a", "duration": math.nan}, "duration is nan; it must be a number from 5 to 600 seconds"),
        ({"prompt": "a", "duration": "60"}, "duration is '60'; it must be a number from 5 to 600 seconds"),
        ({"prompt": "a", "duration": 10**400}, f"duration is {10**39}...; it must be a number from 5 to 600 seconds"),
        ({"prompt": "a", "duration": True}, "duration is True; it must be a number from 5 to 600 seconds"),
        ({"prompt": "a", "takes": 17}, "takes is 17; it must be a whole number from 1 to 16"),
        ({"prompt": "a", "takes": 1.0}, "takes is 1.0; it must be a whole number from 1 to 16"),
        ({"prompt": "a", "best_of": 9}, "best_of is 9; it must be a whole number from 1 to 8"),
        ({"prompt": "a", "sampling": {"guidance": 0.5}}, "guidance is 0.5; it must be a number from 1 to 10"),
        ({"prompt": "a", "seed": -1}, f"seed is -1; it must be a whole number from 0 to {MAX_SEED}"),
        ({"prompt": "a", "seed": 10**5000}, f"seed is int; it must be a whole number from 0 to {MAX_SEED}"),
        ({"prompt": "a", "sampling": {"top_k": 0}}, "top_k is 0; it must be a whole number from 1 to 1024"),
        ({"prompt": "a", "sampling": {"superres_top_k": -1}},
         "superres_top_k is -1; it must be a whole number from 0 to 1024"),
        ({"prompt": "a", "sampling": {"temperature": 0}}, "temperature is 0; it must be a number from 0.1 to 5"),
        ({"prompt": "a", "sampling": 1}, "sampling is 1; it must be an object with any of temperature, top_k, "
         "superres_temperature, superres_top_k, guidance, superres_sampling"),
        ({"prompt": "a", "sampling": {"superres_sampling": "median"}},
         "superres_sampling is 'median'; it must be mean or top_k"),
        ({"prompt": "a", "tempo": 9}, "the request has no field 'tempo'; its fields are prompt, tags, lyrics, "
         "chords, instrumental, duration, takes, best_of, seed, sampling, title"),
        ({"prompt": "a", "chords": "C G Xm"}, "'Xm' is not a chord; write chords as C, Am, F#m7, Bb or N.C."),
        ({"prompt": "a", "chords": " | "}, "the chords are empty; write them as C G Am F"),
    ],
)  # fmt: skip
def test_refusals_say_what_is_wrong_and_what_would_be_right(fields, message):
    with pytest.raises(InvalidRequest) as caught:
        SongRequest.from_dict(fields)
    assert str(caught.value) == message
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '"a"', "[" * 100_000, b"\xff", "9" * 5000, '{"seed": NaN}'])
def test_what_is_no_request_in_json_is_refused_in_one_line(text):
    with pytest.raises(InvalidRequest) as caught:
        SongRequest.from_json(text)
    assert str(caught.value).isprintable()


def test_limits_themselves_are_allowed():
    request = SongRequest(
        tags=[f"{n:0>100}" for n in range(50)], lyrics="x" * 10_000, duration=600, takes=16, seed=MAX_SEED
    )
    assert request.duration == 600.0 and len(request.tags) == 50
    assert SongRequest(prompt="x" * 2000, duration=5).duration == 5.0


def test_texts_are_trimmed_and_line_breaks_unified():
    request = SongRequest(tags="  pop ,Pop,  fast   tempo,", lyrics="\r\n[verse]\r\nla\rla\t\n", title=" x ")
    assert request.tags == ("pop", "fast tempo")
    assert request.lyrics == "[verse]\nla\nla"
    assert request.title == "x"


@pytest.mark.parametrize("between", ["\n", " \r\n\r\n ", "\t", "\v", "\x85", "\u2028"])
def test_the_lines_of_a_prompt_are_joined_by_a_blank(between: str):
    assert SongRequest(prompt=f"a warm  ballad{between}about rain\n").prompt == "a warm  ballad about rain"


def test_numbers_of_numpy_are_numbers():
    request = SongRequest(prompt="a", duration=np.float32(30), takes=np.int64(2), seed=np.int64(7))
    assert json.loads(request.to_json())["duration"] == 30.0
    assert (type(request.duration), type(request.takes), type(request.seed)) == (float, int, int)


def test_with_seed():
    request = SongRequest(prompt="a")
    assert request.with_seed(5).seed == 5
    assert request.with_seed(5).with_seed().seed == 5
    drawn = {request.with_seed().seed for _ in range(20)}
    assert len(drawn) == 20 and all(0 <= seed <= MAX_SEED for seed in drawn)
    assert request.seed is None


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"title": "Été à Paris!", "tags": "pop"}, "ete-a-paris"),
        ({"tags": "rock, fast tempo"}, "rock-fast-tempo"),
        ({"prompt": "warm folk ballad, " * 9}, "warm-folk-ballad-warm-folk-ballad-warm-f"),
        ({"lyrics": "[verse]\nHello there"}, "hello-there"),
        ({"tags": "民谣", "title": "../.."}, "song"),
    ],
)
def test_slug(fields, slug):
    assert SongRequest(**fields).slug() == slug


tricky = st.text() | st.sampled_from(
    [
        "<|eot_id|>",
        "a <|end_of_text|>\n<|reserved_special_token_3|>",
        "[verse]\nla\n\n[Hook]\nla",
        "\ufeff★",
        "\x1c\x85",
    ]
)
words = st.text(string.ascii_letters + " 民é<|>_", max_size=20)
bar = st.sampled_from(["\n", "[verse]\n", "la la", "“la”", "<|eot_id|>", "【副歌】", "★", "\t", "é"])
anything = st.none() | st.booleans() | st.integers() | st.floats() | tricky | st.lists(tricky, max_size=3)
sampling = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0.05, 5.5),
        "top_k": st.integers(0, 1100),
        "superres_temperature": st.floats(),
        "superres_top_k": st.integers(-1, 1100),
        "superres_sampling": st.sampled_from(["mean", "top_k"]) | st.none(),
    },
)
plausible = st.fixed_dictionaries(
    {},
    optional={
        "prompt": tricky,
        "tags": st.lists(words, max_size=5) | tricky,
        "lyrics": tricky,
        "instrumental": st.booleans(),
        "duration": st.floats(4, 601) | st.integers(4, 601) | st.floats(),
        "takes": st.integers(0, 17),
        "seed": st.none() | st.integers(-1, 2**63),
        "sampling": sampling,
        "title": tricky,
    },
)
sound = st.tuples(
    st.sampled_from(["prompt", "tags"]),
    words.filter(str.strip),
    st.lists(bar, max_size=9).map("".join).map(str.strip),
    st.booleans(),
    st.floats(5, 600),
    st.integers(1, 16),
    st.none() | st.integers(0, MAX_SEED),
).map(
    lambda drawn: {
        drawn[0]: drawn[1],
        "lyrics": "" if drawn[3] else drawn[2],
        "instrumental": drawn[3],
        "duration": drawn[4],
        "takes": drawn[5],
        "seed": drawn[6],
    }
)
wild = st.dictionaries(st.sampled_from(["prompt", "tags", "lyrics", "instrumental", "duration", "seed", "x"]), anything)


@given(plausible | sound | wild, st.booleans())
@example({"lyrics": "<|eot_id|>\n<|python_tag|>", "tags": ["<|eom_id|>"]}, False)
@example({"prompt": "<|begin_of_text|>", "instrumental": True, "duration": 600}, True)
def test_every_request_is_either_sound_or_refused_in_one_line(values, duration_text):
    try:
        request = SongRequest.from_dict(values)
    except InvalidRequest as error:
        assert str(error).isprintable() and len(str(error)) < 400
        return
    assert SongRequest.from_json(request.to_json()) == request
    assert set(request.slug()) <= set(string.ascii_lowercase + string.digits + "-") and 1 <= len(request.slug()) <= 40

    lines = clean_lyrics(request.lyrics).count("\n")
    sung = [] if request.instrumental else ["<|start_header_id|>", *["<|end_header_id|>"] * (1 + lines), "<|eom_id|>"]
    minutes = math.ceil(request.duration / 60)
    grammar = ["<|begin_of_text|>", "<|eom_id|>", "<|eom_id|>", *sung]
    grammar += [f"<|reserved_special_token_{minutes}|>", "<|eot_id|>", "<|python_tag|>"]
    style = PromptStyle(duration_text=duration_text)
    for prompt in (backbone_prompt(request, style), superres_prompt(request, style)):
        assert [segment.name for segment in prompt if isinstance(segment, Special)] == grammar
        ids = BYTES.encode(prompt)
        assert [BYTES.decode([i]) for i in ids if i >= BYTES.special_base] == grammar
        assert BYTES.decode(ids) == prompt_text(prompt)


def test_sampling_defaults_are_the_published_ones():
    assert Sampling() == Sampling(temperature=1.0, top_k=50, superres_temperature=1.0, superres_top_k=10)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("top_k", 10)),
        ({"superres_top_k": 5}, ("top_k", 5)),
        ({"superres_top_k": 0}, ("mean", 0)),  # as version 0.1 spelt it
        ({"superres_sampling": "mean"}, ("mean", 0)),
        ({"superres_sampling": "mean", "superres_top_k": 5}, ("mean", 0)),
        ({"superres_sampling": "top_k"}, ("top_k", 10)),
    ],
)
def test_super_resolution_draws_or_takes_the_mean(given, expected):
    chosen = Sampling(**given)
    assert (chosen.superres_sampling, chosen.superres_top_k) == expected
    assert SongRequest.from_dict({"prompt": "a", "sampling": vars(chosen)}).sampling == chosen


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [
        ({"superres_top_k": 0}, {"guidance": 2}, ("mean", 0)),
        ({"superres_top_k": 0}, {"superres_top_k": 30}, ("top_k", 30)),
        ({"superres_top_k": 0}, {"superres_sampling": "top_k"}, ("top_k", 10)),
        ({"superres_top_k": 7}, {"temperature": 2}, ("top_k", 7)),
        ({"superres_top_k": 7}, {"superres_sampling": "top_k"}, ("top_k", 7)),
        ({"superres_top_k": 7}, {"superres_sampling": "mean"}, ("mean", 0)),
        ({"superres_top_k": 7}, {"superres_top_k": 0}, ("mean", 0)),
    ],
)
def test_what_a_request_leaves_out_of_sampling_is_the_models(own, given, expected):
    changed = Sampling(temperature=0.5, **own).with_changes(**given)
    assert (changed.superres_sampling, changed.superres_top_k) == expected
    assert changed.temperature == given.get("temperature", 0.5) and changed.guidance == given.get("guidance", 1)
