from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.music.request import SongRequest
from khala.scoring.asked import targets_beside
from khala.scoring.listener import listener
from khala.scoring.words import (
    error_rate,
    lines_of,
    listen,
    lyric_score,
    phoneme_error_rate,
    phones_of,
    phones_of_prompt,
    transcript,
)

RATE = 44100


def lyrics_of(song: Path) -> str:
    asked = targets_beside(song)
    assert asked is not None and asked.lyrics
    return asked.lyrics


def test_phones_of_lyrics_line_by_line() -> None:
    lyrics = "[intro]\n\n[verse]\nSing it\n(Away)\n[chorus]\n你好"
    assert lines_of(lyrics) == [(1, ["S", "IH", "NG", "IH", "T"]), (1, ["AX", "W", "EY"]), (2, [])]
    assert phones_of(lyrics) == ["S", "IH", "NG", "IH", "T", "AX", "W", "EY"]
    assert phones_of_prompt("[verse]\nDon't go, 2 times!") == ["don't", "go", "2", "times"]


def test_error_rates() -> None:
    assert error_rate(["a", "x"], ["a", "b", "c", "d"]) == 0.75
    assert error_rate(["a"] * 4, ["a", "a"]) == 1
    with pytest.raises(ValueError, match="nothing"):
        error_rate(["a"], [])


def test_the_words_that_are_sung_are_likelier_than_others(sung: Path, played: Path) -> None:
    samples, rate = read_audio(sung)
    lyrics = lyrics_of(sung)
    backwards = "\n".join(reversed(lyrics.splitlines()))
    assert lyric_score(samples, rate, lyrics) > lyric_score(samples, rate, backwards)
    assert phoneme_error_rate(samples, rate, lyrics) < min(0.9, phoneme_error_rate(*read_audio(played), lyrics))


def test_it_hears_whether_somebody_sings(sung: Path, played: Path) -> None:
    voice, band = (listen(*read_audio(song)).sung for song in (sung, played))
    assert voice > 2 * band


def test_any_rate_and_any_number_of_channels_will_do(sung: Path) -> None:
    samples, rate = read_audio(sung)
    half = listen(samples[:, ::2], rate // 2)
    assert len(half.said) == pytest.approx(len(listen(samples, rate).said), abs=1)
    listen(samples[:1], rate)
    broken = samples.copy()
    broken[:, 1000:2000] = np.nan
    assert np.isfinite(listen(broken, rate).said.numpy()).all()
    assert transcript(listen(np.zeros((2, RATE)), RATE)) == []


def test_a_listener_prefers_what_was_asked_for(sung: Path, played: Path) -> None:
    song, band = read_audio(sung), read_audio(played)
    words = SongRequest(lyrics=lyrics_of(sung))
    instrumental, vocal = SongRequest(prompt="pop", instrumental=True), SongRequest(prompt="pop with a singer")
    assert listener(*song, words) > listener(*band, words)
    assert listener(*band, instrumental) > listener(*song, instrumental)
    assert listener(*song, vocal) > listener(*band, vocal)
