from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.evaluation.error_rate import error_rate, normalised_words, phoneme_error_rate, transcript
from khala.evaluation.targets import targets_beside
from khala.scoring.words import listen


def test_error_rates() -> None:
    assert error_rate(["a", "x"], ["a", "b", "c", "d"]) == 0.75
    assert error_rate(["a"] * 4, ["a", "a"]) == 1
    with pytest.raises(ValueError, match="nothing"):
        error_rate(["a"], [])


def test_words_have_no_case_no_punctuation_and_no_tags() -> None:
    assert normalised_words("[verse]\nDon't go, 2 times!") == ["don't", "go", "2", "times"]


def test_lyrics_are_recognised_where_they_are_sung(sung: Path, played: Path) -> None:
    targets = targets_beside(sung)
    assert targets is not None
    singer, band = (phoneme_error_rate(*read_audio(song), targets.lyrics) for song in (sung, played))
    assert singer < min(0.9, band)


def test_silence_has_no_transcript() -> None:
    assert transcript(listen(np.zeros((2, 44100)), 44100)) == []
