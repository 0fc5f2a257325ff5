"""What words ask for."""

import pytest

from khala.conditioning.request_terms import (
    description_remarks,
    parse_beats,
    parse_bpm,
    parse_key,
    parse_styles,
    parse_tempo_range,
)
from khala.corpus.composer.compose import compose
from khala.music.request import SongRequest

MINI = (72.0, 161.0)
"""The tempi of a model that is led by an outline."""


@pytest.mark.parametrize(
    ("text", "bpm"),
    [
        ("96 bpm", 96),
        ("120BPM", 120),
        ("A happy pop song at 120 BPM.", 120),
        ("female, dark, pop, sad, piano and drums, the bpm is 125.", 125),
        ("rock at 128.50 bpm", 128.5),
        ("synthwave, 92.50 bpm", 92.5),
        ("techno 128.00 BPM", 128),
        ("128,5 bpm, rock", 128.5),
        ("pop,120bpm", 120),
        ("pop 120-130 bpm", 130),
        ("BPM: 125", 125),
        ("bpm 125 rock", 125),
        ("tempo 125", 125),
        ("at a tempo of about 125", 125),
        ("120 beats per minute", 120),
        ("90 bpm, then 120 bpm", 90),
        ("999 bpm", 999),
        ("0 bpm", None),
        ("mid tempo 80s synth pop", None),
        ("fast tempo 12 string guitar", None),
        ("tempo 3/4", None),
        ("the 1980s", None),
    ],
)
def test_a_tempo_by_number(text: str, bpm: float | None) -> None:
    assert parse_bpm([text]) == bpm


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("slow", (0, 90)),
        ("mid tempo", (90, 120)),
        ("fast tempo", (120, 1000)),
        ("A tender folk song at a slow tempo with flute.", (0, 90)),
        ("at a moderate tempo", (90, 120)),
        ("mid-tempo", (90, 120)),
        ("A fast-paced rock track.", (120, 1000)),
        ("an up-tempo song", (120, 1000)),
        ("Create a downtempo lo-fi song in f major.", (0, 90)),
        ("a slow rock song about rain", (0, 90)),
        ("a fast, angry rock song", (120, 1000)),
        ("slow, sad pop", (0, 90)),
        ("Super Fast", (120, 1000)),
        ("at a slow pace", (0, 90)),
        ("slow rock song", (0, 90)),
        ("a slow and sad folk tune", (0, 90)),
        ("make it slow", (0, 90)),
        ("at a medium tempo", (90, 120)),
        ("a fast guitar solo in a slow rock song", (0, 90)),
        ("a song about slow days at a fast tempo", (120, 1000)),
        ("slow, fast tempo", (0, 90)),
        ("slow burn", None),
        ("a slow-burning rock ballad", None),
        ("a song about a fast car", None),
        ("fast car", None),
        ("slow dancing in the dark", None),
        ("a pop song, not too fast", None),
        ("no slow songs", None),
        ("pop", None),
    ],
)
def test_tempo_words_are_ranges(text: str, limits: tuple[float, float] | None) -> None:
    assert parse_tempo_range([text]) == limits


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a minor", (9, "minor")),
        ("a song in E flat major at 80 bpm", (3, "major")),
        ("F# minor", (6, "minor")),
        ("Bb major", (10, "major")),
        ("c-sharp minor", (1, "minor")),
        ("a sad song in a minor key", (None, "minor")),
        ("major", (None, "major")),
        ("Cm", (0, "minor")),
        ("F#m", (6, "minor")),
        ("Bb maj", (10, "major")),
        ("C#min", (1, "minor")),
        ("key of G", (7, "major")),
        ("key: Am", (9, "minor")),
        ("A# minor", (10, "minor")),
        ("E-flat major", (3, "major")),
        ("the key of a minor", (9, "minor")),
        ("a song in A minor with strings", (9, "minor")),
        ("A minor ballad", (9, "minor")),
        ("C major scale", (0, "major")),
        ("a sad minor ballad", (None, "minor")),
        ("A major anthem", (None, None)),
        ("a major hit pop anthem", (None, None)),
        ("a minor setback, blues", (None, None)),
        ("a calm song with a major twist", (None, None)),
        ("Am I dreaming", (None, None)),
        ("a key change, low key", (None, None)),
        ("not in a minor key", (None, None)),
        ("pop", (None, None)),
    ],
)
def test_keys_and_modes(text: str, key: tuple[int | None, str | None]) -> None:
    assert parse_key(["rock", text]) == key


@pytest.mark.parametrize(
    ("text", "styles"),
    [
        ("pop", {"pop"}),
        ("An upbeat country pop song", {"country"}),
        ("dance", {"disco", "electronic"}),
        ("Hip-Hop", {"hip hop"}),
        ("a lo-fi beat, jazz", {"lo-fi", "jazz"}),
        ("popular rocks", set()),
        ("lofi", {"lo-fi"}),
        ("lofi hiphop", {"lo-fi"}),
        ("hiphop", {"hip hop"}),
        *((word, {"soul"}) for word in ("rnb", "r'n'b", "R ’n’ B", "r and b", "R&B", "rhythm and blues")),
        *((word, {"synthwave"}) for word in ("synthpop", "synth-pop", "80s synth pop")),
        ("bossanova", {"bossa nova"}),
        ("k-pop", {"pop"}),
        ("drum & bass", set()),
        ("no rock, jazz", {"jazz"}),
        ("not pop but folk", {"folk"}),
        ("rock, not pop", {"rock"}),
        ("a jazz tune without rock drums", {"jazz"}),
    ],
)
def test_styles(text: str, styles: set[str]) -> None:
    assert set(parse_styles([text])) == styles


def test_styles_come_in_the_order_of_the_text() -> None:
    assert parse_styles(["a soul ballad"]) == ("soul", "ballad")
    assert parse_styles(["ballad", "neo-soul"]) == ("ballad", "soul")


@pytest.mark.parametrize(
    ("text", "beats"),
    [
        ("folk in 3/4 time", 3),
        ("a 6/8 ballad", 3),
        ("12/8 blues", 4),
        ("4/4", 4),
        ("a slow folk waltz", 3),
        ("A folk song in three.", 3),
        ("not a waltz", None),
        ("a song in three parts", None),
        ("written on 3/4/2024, 24/7", None),
        ("7/8", None),
        ("pop", None),
    ],
)
def test_beats_of_a_bar(text: str, beats: int | None) -> None:
    assert parse_beats([text]) == beats


def test_the_corpus_is_described_in_words_that_are_understood() -> None:
    for seed in range(7000, 7100):
        score = compose(seed)
        for words in score.tags, (score.description,):
            low, high = parse_tempo_range(words) or (0, 1000)
            assert low <= score.bpm < high
            assert parse_key(words)[0] in (None, score.key)
        assert score.style in parse_styles(score.tags)
        request = {"lyrics": score.lyrics} if score.voice else {"instrumental": True}
        assert not description_remarks(SongRequest(prompt=score.description, **request), MINI)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "values"),
    [
        ("pop, 999 bpm", {"asked": 999, "low": 72, "high": 161}),
        ("20 bpm", {"asked": 20, "low": 72, "high": 161}),
        ("0 bpm", {"asked": 0, "low": 72, "high": 161}),
        ("161 bpm", None),
        ("70 bpm", None),
        ("fast tempo", None),
    ],
)
def test_a_tempo_that_the_model_does_not_play(tags: str, values: dict[str, float] | None) -> None:
    found = description_remarks(SongRequest(tags=tags), MINI)  # type: ignore[arg-type]
    assert [(remark.kind, remark.values) for remark in found] == ([("tempo-range", values)] if values else [])


def test_a_number_that_is_no_tempo() -> None:
    (remark,) = description_remarks(SongRequest(tags=("999 bpm",)))
    assert remark.text == "999 BPM is asked for; songs have 20 to 400 BPM."
    assert not description_remarks(SongRequest(tags=("400 bpm",)))


def test_a_tempo_word_that_the_model_has_no_bars_for() -> None:
    (remark,) = description_remarks(SongRequest(tags=("fast waltz",)), (72.0, 108.0))
    assert remark.text == "120 BPM or more is asked for; the model plays 72 to 108 BPM."


@pytest.mark.parametrize(
    ("tags", "kind", "kept", "other"),
    [
        ("90 bpm, 120 bpm", "tempo-contradiction", "90 BPM", "120 BPM"),
        ("slow, 140 bpm", "tempo-contradiction", "140 BPM", "slow"),
        ("slow rock, fast tempo", "tempo-contradiction", "slow rock", "fast tempo"),
        ("a minor, c major", "key-contradiction", "A minor", "C major"),
    ],
)
def test_two_of_what_a_song_has_one_of(tags: str, kind: str, kept: str, other: str) -> None:
    (remark,) = description_remarks(SongRequest(tags=tags), MINI)  # type: ignore[arg-type]
    assert (remark.kind, remark.values) == (kind, {"kept": kept, "other": other})
    assert remark.text == f'"{kept}" and "{other}" are both asked for; the first of them counts.'


@pytest.mark.parametrize("tags", ["slow, 95 bpm", "slow, slow tempo", "120 bpm, 120 BPM, fast tempo", "a minor, Am"])
def test_what_is_said_twice_is_no_contradiction(tags: str) -> None:
    assert not description_remarks(SongRequest(tags=tags), MINI)  # type: ignore[arg-type]


def test_a_time_signature_that_the_model_has_no_bars_for() -> None:
    (remark,) = description_remarks(SongRequest(prompt="a 7/8 rock song"), MINI)
    assert (remark.kind, remark.values) == ("time-signature", {"asked": "7/8"})
    assert not description_remarks(SongRequest(prompt="a 7/8 rock song"))
