"""What is said of a request before a song is made of it."""

from dataclasses import replace

import pytest

from khala.conditioning.preview import Preview, count_syllables, preview
from khala.conditioning.rows import CONDITION_ROWS
from khala.conditioning.singers import LEADS
from khala.models.presets import tiny
from khala.music.prompt import PromptStyle
from khala.music.request import SongRequest

PHONES = PromptStyle(duration_text=True, superres_text="no_lyrics", lyrics="phones", supports_guidance=True)
ENGLISH = "[verse]\nStanding in the pouring rain\nCalling out your secret name\n[chorus]\nCome back to me tonight"


def seen(lyrics: str, style: PromptStyle = PHONES, **fields: object) -> Preview:
    request = SongRequest(**{"tags": ("pop", "110 bpm"), "lyrics": lyrics, "duration": 25.0, "seed": 1, **fields})  # type: ignore[arg-type]
    backbone = replace(tiny().backbone, condition_rows=CONDITION_ROWS if style is PHONES else 0)
    return preview(request, replace(tiny(), prompt=style, backbone=backbone))


def kinds(found: Preview) -> list[str]:
    return [remark.kind for remark in found.remarks]


def test_nothing_is_said_of_what_is_right() -> None:
    found = seen(ENGLISH)
    assert kinds(found) == [] and found.unsung == 0 and found.placed == {0, 1, 2}
    assert found.request == SongRequest(tags=("pop", "110 bpm"), lyrics=ENGLISH, duration=25.0, seed=1)
    assert kinds(seen("", instrumental=True)) == []


def test_a_language_that_is_not_sung_is_told() -> None:
    found = seen(ENGLISH.replace("Calling", "我在等你\nCalling"))
    (remark,) = found.remarks
    assert (remark.kind, remark.line) == ("script", 3) and found.unsung == 1
    assert remark.text == "The model sings English alone: 1 line in Chinese script is left out."
    silent = seen("[verse]\n我在等你\n请你不要离开我", tags=())
    assert silent.remarks[0].text.endswith("2 lines in Chinese script are left out, so nobody sings.")
    assert silent.outline is not None and silent.outline.voice == "none"
    (spanish,) = seen("Quiero bailar contigo\nporque eres mi amor").remarks
    assert (spanish.kind, spanish.values["language"]) == ("language", "es")
    assert kinds(seen("我在等你\n" * 4, PromptStyle(), duration=15.0)) == []


def test_a_description_that_is_not_read_is_told() -> None:
    (remark,) = seen(ENGLISH, tags=(), prompt="一首慢速民谣，女声，木吉他").remarks
    assert (remark.kind, remark.values) == ("description-script", {"script": "han"})
    assert "in Chinese script; the model reads English alone" in remark.text
    assert kinds(seen(ENGLISH, tags=("民谣", "慢速"))) == ["description-script"]
    assert kinds(seen(ENGLISH, PromptStyle(), tags=(), prompt="一首慢速民谣")) == []
    assert kinds(seen(ENGLISH, tags=(), prompt="A folk song, 民谣, at 100 bpm")) == []


def test_what_a_description_cannot_have_is_told_by_the_model_that_cannot() -> None:
    assert kinds(seen(ENGLISH, tags=("waltz", "150 bpm"))) == ["tempo-range"]
    assert kinds(seen("", tags=("female vocals",))) == ["nothing-to-sing"]
    assert kinds(seen(ENGLISH, tags=("instrumental", "999 bpm"))) == ["tempo-range", "voice-contradiction"]
    assert kinds(seen(ENGLISH, PromptStyle(), tags=("waltz", "150 bpm", "duet of a man and a woman"))) == []


def test_lines_without_letters_move_no_other() -> None:
    dirty = ENGLISH.replace("Calling", "♪ ♪ ♪\n...\nCalling")
    assert seen(dirty).outline == seen(ENGLISH).outline
    assert seen(dirty).request.lyrics == ENGLISH


def test_words_that_do_not_fit_are_counted() -> None:
    found = seen(
        "\n".join(f"[verse]\nLine {word} is here to stay\nand goes away" for word in "abcdefgh" * 3), duration=20.0
    )
    (remark,) = found.remarks
    assert remark.kind == "lines-unsung" and remark.values["count"] == found.unsung > 0
    assert found.outline is not None and found.outline.frames <= 1.15 * 20 * tiny().frame_rate
    assert remark.values["seconds"] > 60
    assert kinds(seen(ENGLISH, duration=120.0)) == ["too-little"]
    assert kinds(seen(ENGLISH * 8, PromptStyle(), duration=20.0)) == ["too-much"]


@pytest.mark.parametrize("lyrics", ["[Instrumental]", "[verse]\n\n[chorus]\n\n[outro]", "♪ ♪", "[snare roll]"])
def test_lyrics_without_words_are_no_error(lyrics: str) -> None:
    found = seen(lyrics, tags=(), prompt="")
    assert "no-words" in kinds(found)
    assert found.outline is not None and found.outline.voice == "none" and found.outline.lines == ()


@pytest.mark.parametrize(
    ("line", "syllables"),
    [
        ("Morning light is in the street", 7),
        ("table wishes wanted loved little", 9),
        ("Mañana café", 5),
        ("你好世界", 4),
        ("사랑해", 3),
        ("любовь моя", 5),
        ("... —", 0),
        ("In 1999", 6),
    ],
)
def test_syllables(line: str, syllables: int) -> None:
    assert count_syllables(line) == syllables


def test_chords_of_headers_are_in_the_outline_of_a_model_that_plays_them() -> None:
    lyrics = ENGLISH.replace("[verse]", "[verse: C G Am F]")
    found = seen(lyrics)
    verse = next(part for part in found.outline.parts if part.name == "verse")
    assert kinds(found) == [] and found.outline.chords[0] == (verse.begin, verse.begin + found.outline.bar, 0)
    assert {number for _, _, number in found.outline.chords} <= {0, 7, 21, 5}
    assert found.outline.singer in LEADS and not seen("", instrumental=True).outline.singer
    older = replace(tiny(), prompt=PHONES, backbone=replace(tiny().backbone, condition_rows=436))
    (remark,) = preview(SongRequest(tags=("pop",), lyrics=lyrics, seed=1, duration=25.0), older).remarks
    assert remark.kind == "chords-unknown"
    assert kinds(seen(lyrics, PromptStyle())) == ["chords-unknown"]


def test_chords_of_a_request_are_in_the_outline_of_a_model_that_plays_them() -> None:
    config = replace(tiny(), prompt=PHONES, backbone=replace(tiny().backbone, condition_rows=CONDITION_ROWS))
    request = SongRequest(tags=("pop", "E major"), lyrics=ENGLISH, chords="C G", seed=1, duration=25.0)
    found = preview(request, config)
    assert found.outline is not None and found.outline.chords[0] == (0, found.outline.bar, 0)
    assert found.outline.chords[-1][1] == found.outline.frames
    assert {number for _, _, number in found.outline.chords} == {0, 7}
    assert [remark.kind for remark in found.remarks] == ["chords-key"]
    assert preview(replace(request, chords=""), config).outline == replace(found.outline, chords=())
