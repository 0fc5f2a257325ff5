import json
from pathlib import Path

import pytest

from khala.evaluation.targets import RequestTargets, request_targets, targets_beside
from khala.music.errors import InvalidRequest
from khala.scoring.key import Key


def request(**fields: object) -> RequestTargets:
    return request_targets({"request": {"prompt": "", "tags": [], "lyrics": "", "instrumental": False, **fields}})


def test_numbers_go_before_words() -> None:
    assert request(tags=["pop", "96 bpm", "slow"]).bpm == 96
    assert request(tags=["pop", "96 bpm", "slow"]).bpm_range is None
    assert request(prompt="A happy pop song at 120 BPM.").bpm == 120
    assert request(prompt="Rock at 128.50 bpm.").bpm == 128.5
    assert request(tags=["pop", "0 bpm", "slow"]).bpm_range == (0, 90)


def test_a_key_matches_itself_alone_and_a_mode_any_key_of_it() -> None:
    a_minor, c_major = Key(9, "minor", 0.1), Key(0, "major", 0.1)
    wanted = request(tags=["a minor"])
    assert (
        wanted.matches_key(a_minor) and not wanted.matches_key(c_major) and not wanted.matches_key(Key(0, "minor", 0.1))
    )
    assert request(tags=["minor"]).matches_key(a_minor) and not request(tags=["minor"]).matches_key(None)
    assert request(tags=["pop"]).matches_key(a_minor) is None


def test_a_song_ends_by_itself_and_in_time() -> None:
    whole = request_targets({"request": {"tags": [], "duration": 40}, "truncated": False})
    assert whole.matches_length(45) and whole.matches_length(35) and not whole.matches_length(30)
    cut = request_targets({"request": {"tags": [], "duration": 40}, "truncated": True})
    assert cut.matches_length(40) is False
    assert request(tags=["pop"]).matches_length(40) is None


def test_a_tempo_matches_within_4_percent_of_a_number_or_inside_a_range() -> None:
    assert request(tags=["100 bpm"]).matches_tempo(103.9) and not request(tags=["100 bpm"]).matches_tempo(105)
    assert not request(tags=["100 bpm"]).matches_tempo(200)
    assert request(tags=["slow"]).matches_tempo(89) and not request(tags=["slow"]).matches_tempo(91)
    assert request(tags=["pop"]).matches_tempo(91) is None and request(tags=["pop"]).matches_tempo(None) is None
    assert request(tags=["slow"]).matches_tempo(None) is False and request(tags=["96 bpm"]).matches_tempo(None) is False


def test_any_of_the_styles_will_do_and_a_voice_must_be_heard_exactly_where_requested() -> None:
    rock = request(tags=["rock"])
    assert rock.matches_style("rock") and rock.matches_style("pop") is False and rock.matches_style(None) is False
    assert request(tags=["loud"]).matches_style("rock") is None
    assert request(lyrics="la").matches_voice(True) and request(lyrics="la").matches_voice(False) is False
    assert rock.matches_voice(True) is None


def test_a_key_is_named_as_far_as_it_was_requested() -> None:
    names = [request(tags=tags).key_name for tags in (["f sharp minor"], ["minor"], ["pop"])]
    assert names == ["F# minor", "minor", None]


@pytest.mark.parametrize(
    ("fields", "voice"),
    [
        ({"lyrics": "la la"}, True),
        ({"tags": ["female vocals"]}, True),
        ({"prompt": "a man sings of rain"}, True),
        ({"tags": ["instrumental"], "lyrics": ""}, False),
        ({"instrumental": True, "tags": ["rock"]}, False),
        ({"tags": ["rock"]}, None),
        ({"tags": ["instrumental"], "lyrics": "la la"}, True),
        ({"tags": ["no vocals", "jazz"]}, False),
        ({"tags": ["not instrumental"]}, True),
        ({"tags": ["jazz", "piano"], "lyrics": "[Instrumental]"}, False),
        ({"tags": ["jazz", "piano"], "lyrics": "[intro]\n\n[verse]\n[chorus]"}, False),
    ],
)
def test_who_is_to_sing(fields: dict[str, object], voice: bool | None) -> None:
    assert request(**fields).voice is voice


def test_the_truth_of_a_corpus_song(sung: Path, played: Path) -> None:
    found = targets_beside(sung)
    assert found is not None and found.voice is True
    truth = json.loads(sung.with_suffix(".json").read_text())["truth"]
    assert found.bpm == truth["bpm"]
    assert [(part.name, part.energy) for part in found.parts] == [(s["name"], s["energy"]) for s in truth["sections"]]
    assert (found.tonic, found.mode, found.styles) == (truth["key"], truth["mode"], {"pop"})
    assert "[verse]" in found.lyrics and len(found.chords) == len(truth["chords"])
    assert all(truth["chords"][0]["root"] in chord.classes for chord in found.chords[:1])
    assert targets_beside(played).voice is False  # type: ignore[union-attr]


def test_no_sidecar_asks_for_nothing_and_a_foreign_one_is_refused(tmp_path: Path) -> None:
    assert targets_beside(tmp_path / "a.wav") is None
    for text in (
        "{",
        "[]",
        "{}",
        "[" * 50_000,
        "\x00",
        '{"request": 3}',
        '{"truth": {"bpm": "fast"}}',
        '{"tags": "rock", "bpm": 120}',
        '{"request": {"duration": 1%s}}' % ("0" * 400),
        '{"request": {}, "outline": {"sections": [["verse", 0, "end"]]}}',
    ):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(InvalidRequest, match="neither a record of khala generate nor the truth"):
            targets_beside(tmp_path / "a.wav")


def test_a_record_is_known_by_its_name_in_any_spelling(tmp_path: Path) -> None:
    (tmp_path / "SONG.JSON").write_text('\ufeff{"request": {"tags": ["96 bpm"]}}', encoding="utf-8")
    assert targets_beside(tmp_path / "song.wav").bpm == 96  # type: ignore[union-attr]


def test_a_song_that_somebody_brought_answers_nothing() -> None:
    fields = {
        "generator": 0,
        "vocal": "voice",
        "lyrics": "la",
        "style": "",
        "truth": {"bpm": 120.0, "sha256": ""},
    }
    assert request_targets(fields) == RequestTargets()
    assert request_targets({"request": {"duration": 0}, "truncated": False}).matches_length(3.0) is None


def test_songs_of_one_name_are_judged_each_by_its_own_record(tmp_path: Path) -> None:
    for name, audio, bpm in ("a.json", "a.wav", 90), ("a.mp3.json", "a.mp3", 120):
        fields = {"file": audio, "seed": 1, "model": {}, "request": {"tags": [f"{bpm} bpm"], "instrumental": True}}
        (tmp_path / name).write_text(json.dumps(fields))
    wanted = {name: targets_beside(tmp_path / name) for name in ("a.wav", "a.mp3", "a.flac")}
    # a.flac has none of its own: it is a copy of the song that bears the plain name
    assert {name: found and found.bpm for name, found in wanted.items()} == {"a.wav": 90, "a.mp3": 120, "a.flac": 90}
