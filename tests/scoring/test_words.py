from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.evaluation.targets import targets_beside
from khala.music.request import SongRequest
from khala.scoring.listener import listener
from khala.scoring.words import listen, lyric_score, phone_lines, phones_of


def lyrics_of(song: Path) -> str:
    asked = targets_beside(song)
    assert asked is not None and asked.lyrics
    return asked.lyrics


def test_phones_of_lyrics_line_by_line() -> None:
    lyrics = "[intro]\n\n[verse]\nSing it\n(Away)\n[chorus]\n你好"
    assert phone_lines(lyrics) == [(1, ["S", "IH", "NG", "IH", "T"]), (1, ["AX", "W", "EY"]), (2, [])]
    assert phones_of(lyrics) == ["S", "IH", "NG", "IH", "T", "AX", "W", "EY"]


def test_the_words_that_are_sung_are_likelier_than_others(sung: Path) -> None:
    samples, rate = read_audio(sung)
    lyrics = lyrics_of(sung)
    backwards = "\n".join(reversed(lyrics.splitlines()))
    assert -5 < lyric_score(samples, rate, lyrics) < 0, "nats per phone"
    assert lyric_score(samples, rate, lyrics) > lyric_score(samples, rate, backwards)


def test_it_hears_whether_somebody_sings(sung: Path, played: Path) -> None:
    voice, band = (listen(*read_audio(song)).sung_share for song in (sung, played))
    assert voice > 2 * band


def test_any_rate_and_any_number_of_channels_will_do(sung: Path) -> None:
    samples, rate = read_audio(sung)
    half = listen(samples[:, ::2], rate // 2)
    assert len(half.ctc) == pytest.approx(len(listen(samples, rate).ctc), abs=1)
    listen(samples[:1], rate)
    broken = samples.copy()
    broken[:, 1000:2000] = np.nan
    assert np.isfinite(listen(broken, rate).ctc).all()


def test_a_listener_prefers_what_was_asked_for(sung: Path, played: Path) -> None:
    song, band = read_audio(sung), read_audio(played)
    words = SongRequest(lyrics=lyrics_of(sung))
    instrumental, vocal = SongRequest(prompt="pop", instrumental=True), SongRequest(prompt="pop with a singer")
    assert listener(*song, words) > listener(*band, words)
    assert listener(*band, instrumental) > listener(*song, instrumental)
    assert listener(*song, vocal) > listener(*band, vocal)
