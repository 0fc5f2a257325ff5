"""Requests become outlines that keep to what was asked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.conditioning.form import LONGEST, TEMPI, plan_form, playable_tempi, wanted_seconds
from khala.conditioning.outline import Outline
from khala.conditioning.phone_sequence import MIN_FRAMES_PER_PHONE
from khala.corpus.composer.compose import compose
from khala.music.request import SongRequest

RATE = 44100 / 2048
LYRICS = "[verse]\nOne line\nAnd two\n\n[chorus]\nSing it\n(sing it)\nAgain\n(again)\n\n[outro]"


def outline(**fields: object) -> Outline:
    return plan_form(SongRequest(**{"seed": 1, "duration": 30.0, **fields}), RATE)  # type: ignore[arg-type]


def bpm(found: Outline) -> float:
    return 60 * RATE * found.beats / found.bar


@pytest.mark.parametrize(("words", "beats", "fastest"), [(("pop",), 4, 161), (("folk", "waltz"), 3, 107)])
def test_a_tempo_by_number_is_kept(words: tuple[str, ...], beats: int, fastest: int) -> None:
    for tempo in range(72, fastest + 1):
        found = outline(tags=(*words, f"{tempo} bpm"), instrumental=True)
        assert found.beats == beats and bpm(found) == pytest.approx(tempo, rel=0.016)
    beyond = outline(tags=(*words, f"{fastest + 20} bpm"), instrumental=True)
    assert beyond.bar == TEMPI[beats][0]


@pytest.mark.parametrize(("word", "low", "high"), [("slow", 0, 90), ("mid tempo", 90, 120), ("fast tempo", 120, 999)])
@pytest.mark.parametrize("style", ["ballad", "rock", "folk", ""])
def test_a_tempo_by_word_is_kept_whatever_the_style(word: str, low: float, high: float, style: str) -> None:
    for seed in range(5):
        assert low <= bpm(outline(tags=tuple(filter(None, (style, word))), instrumental=True, seed=seed)) < high


def test_a_style_has_its_own_tempi() -> None:
    assert {outline(tags=("ballad",), instrumental=True, seed=seed).bar for seed in range(20)} <= {60, 64, 68, 72}


def test_a_waltz_has_three_beats() -> None:
    found = outline(prompt="A slow folk waltz", instrumental=True)
    assert (found.beats, found.bar in TEMPI[3], found.style) == (3, True, "folk")
    assert {outline(tags=("fast waltz",), instrumental=True, seed=seed).bar for seed in range(9)} == {TEMPI[3][0]}


@pytest.mark.parametrize(("words", "beats"), [("folk in 3/4 time", 3), ("a 6/8 ballad", 3), ("12/8 blues", 4)])
def test_a_time_signature_has_its_beats(words: str, beats: int) -> None:
    assert outline(prompt=words, instrumental=True).beats == beats


def test_words_want_less_time_in_bars_of_three_beats() -> None:
    four, three = (
        wanted_seconds(SongRequest(tags=(*tags, "100 bpm"), lyrics=LYRICS), RATE) for tags in ((), ("waltz",))
    )
    assert four is not None and three == pytest.approx(0.75 * four, rel=0.01)


@pytest.mark.parametrize(("tags", "limits"), [(("pop",), (71.8, 161.5)), (("waltz",), (71.8, 107.7))])
def test_the_tempi_that_can_be_played(tags: tuple[str, ...], limits: tuple[float, float]) -> None:
    found = [bpm(outline(tags=(*tags, f"{tempo} bpm"), instrumental=True)) for tempo in (1, 999)]
    assert tuple(found) == playable_tempi(SongRequest(tags=tags), RATE) == pytest.approx(limits, abs=0.1)


@pytest.mark.parametrize(
    ("prompt", "low", "high"),
    [
        ("a slow rock song about rain", 0, 90),
        ("a fast, angry rock song", 120, 999),
        ("slow, sad pop", 0, 90),
        ("rock at 128.50 bpm", 127, 130),
        ("pop, the bpm is 125.", 123, 127),
    ],
)
def test_a_tempo_within_a_sentence_is_kept(prompt: str, low: float, high: float) -> None:
    assert all(low <= bpm(outline(prompt=prompt, instrumental=True, seed=seed)) < high for seed in range(12))


@pytest.mark.parametrize(
    "prompt",
    ["rock, male vocals, a song about a girl", "male vocals, she left me", "alto sax ballad, male vocals"],
)
def test_persons_of_whom_is_sung_do_not_sing(prompt: str) -> None:
    assert {outline(prompt=prompt, lyrics="La", seed=seed).voice for seed in range(12)} == {"male"}


def test_words_have_their_place() -> None:
    found = outline(prompt="A soul ballad in e flat minor with a woman singing, 99 bpm", lyrics=LYRICS)
    assert [part.name for part in found.parts] == ["intro", "verse", "chorus", "outro"]
    assert (found.style, found.key, found.voice) == ("soul", 15, "female")
    assert len(found.lines) == 6
    (_, verse, chorus, _) = found.parts
    assert [(begin // found.bar, end // found.bar) for begin, end in found.lines[:2]] == [
        (verse.begin // found.bar + bar, verse.begin // found.bar + bar + 2) for bar in (0, 2)
    ]
    assert found.lines[2][0] == chorus.begin and found.lines[5][1] == chorus.end
    assert chorus.end - chorus.begin == 4 * found.bar, "answers take no time of their own"


def test_nobody_sings_without_words() -> None:
    assert outline(tags=("pop", "female vocals")).voice == "none"
    assert outline(tags=("pop",), instrumental=True).voice == "none"
    assert {outline(tags=("pop",), lyrics="La", seed=seed).voice for seed in range(20)} == {"female", "male"}


def test_a_long_line_has_more_time_if_there_is_any() -> None:
    long = "Everybody in the whole wide world is waiting for the moment when the morning comes again"
    found = outline(tags=("rock", "144 bpm"), lyrics=f"[verse]\nDance with me\n{long}\nDance with me", duration=60.0)
    bars = [(end - begin) / found.bar for begin, end in found.lines]
    assert bars[0] == bars[2] == 2 and bars[1] > 4 and bars[1] % 2 == 0
    short = outline(tags=("rock", "144 bpm"), lyrics="[verse]\n" + f"{long}\n" * 8, duration=30.0)
    assert len(short.lines) < 8, "some are left out, rather than all of them hurried"
    assert all(end - begin >= MIN_FRAMES_PER_PHONE * 59 for begin, end in short.lines)


def test_words_that_do_not_fit_are_left_out() -> None:
    found = outline(lyrics="\n".join(f"[verse]\nLine {n}\nand {n}\nand {n}\nand more" for n in range(40)))
    assert 4 <= len(found.lines) < 40
    assert found.frames <= LONGEST * 30 * RATE


def test_few_words_do_not_make_a_short_song() -> None:
    found = outline(lyrics="[verse]\nOne line\nAnd two\n[chorus]\nSing", duration=60.0)
    assert found.frames == pytest.approx(60 * RATE, rel=0.1)
    assert sum(part.name == "inst" for part in found.parts) >= 1
    assert outline(instrumental=True, tags=("pop",), duration=600.0).frames == pytest.approx(600 * RATE, rel=0.05)


def test_corpus_songs_are_arranged_nearly_as_they_were_composed() -> None:
    for seed in range(9000, 9040):
        score = compose(seed)
        request = SongRequest(
            tags=(f"{score.bpm:.0f} bpm", *score.tags, *(["waltz"] if score.beats_per_bar == 3 else [])),
            lyrics=score.lyrics if score.voice else "",
            instrumental=not score.voice,
            duration=score.seconds,
            seed=seed,
        )
        found = plan_form(request, RATE)
        assert (found.bar, found.beats) == (score.frames_per_bar, score.beats_per_bar)
        assert abs(found.frames - score.frames) <= 2 * score.frames_per_bar
        assert len(found.lines) == len(score.lines)
        assert found.style == score.style


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(["[verse]", "[chorus]", "[inst]", "[what]", "la la la", "(hey)", "", "One"]), max_size=60),
    st.floats(5, 600),
    st.lists(st.sampled_from(["waltz", "slow", "300 bpm", "10 bpm", "rock", "dance", "c minor"]), unique=True),
    st.integers(0, 99),
)
def test_any_request_has_an_outline(lyrics: list[str], seconds: float, tags: list[str], seed: int) -> None:
    words = "\n".join(lyrics).strip()
    request = SongRequest(tags=("pop", *tags), lyrics=words, duration=seconds, seed=seed)
    found = plan_form(request, RATE)
    assert found == plan_form(request, RATE)
    assert [part.begin for part in found.parts] == [0, *(part.end for part in found.parts[:-1])]
    assert found.parts[-1].end == found.frames
    assert all(begin < end <= found.frames for begin, end in found.lines)
    rows = found.condition_ids(0, found.frames + 1)
    assert len(rows) == found.frames + 1
