"""The listener prefers the song that was asked for."""

import numpy as np
import pytest

from khala.corpus.composer.compose import LEXICON, compose
from khala.corpus.composer.render import render_score
from khala.corpus.composer.voice import VoiceBank
from khala.music.request import SongRequest
from khala.scoring.listener import listener


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    """An instrumental that nothing was fitted to, 12 s of it."""
    score = next(
        score for score in map(compose, range(8_000_000, 8_001_000)) if not score.voice and score.style == "rock"
    )
    return render_score(score, VoiceBank(LEXICON)).samples[:, : 12 * 44100]


def test_the_right_style_counts(song: np.ndarray) -> None:
    rock, ballad = (SongRequest(tags=(style,), instrumental=True) for style in ("rock", "ballad"))
    assert listener(song, 44100, rock) > listener(song, 44100, ballad) + 0.5


def test_the_right_key_counts(song: np.ndarray) -> None:
    scores = [
        listener(song, 44100, SongRequest(tags=(f"{tonic} {mode}",), instrumental=True))
        for tonic in ("c", "d flat", "d", "e flat", "e", "f", "f sharp", "g", "a flat", "a", "b flat", "b")
        for mode in ("major", "minor")
    ]
    assert max(scores) - min(scores) == pytest.approx(1.0), "nats"
    assert sum(score > min(scores) + 0.5 for score in scores) == 1


def test_silence_is_no_reason_to_fail() -> None:
    quiet = np.zeros((2, 44100), dtype=np.float32)
    assert np.isfinite(listener(quiet, 44100, SongRequest(tags=("rock", "c major"), lyrics="Sing it")))
