import json
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.scoring.key import chroma, estimate_key
from khala.scoring.types import Array

RATE = 44100
CADENCES = {
    "major": ((0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 0), (7, 10, 2), (0, 3, 7)),
}


def played(tonic: int, mode: str, seconds: float = 1.0) -> Array:
    """A cadence of pure tones around 300 Hz [1, N]."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.concatenate(
        [
            sum(np.sin(2 * np.pi * 261.63 * 2 ** ((tonic + step) % 12 / 12) * time) for step in chord)
            for chord in CADENCES[mode]
        ]
    )[None]


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_cadence_has_its_key(tonic: int, mode: str) -> None:
    heard = estimate_key(chroma(played(tonic, mode), RATE))
    assert heard is not None and (heard.tonic, heard.mode) == (tonic, mode) and heard.lead > 0


def test_chroma_is_where_the_notes_are() -> None:
    time = np.arange(RATE) / RATE
    found = chroma(np.sin(2 * np.pi * 440 * time)[None], RATE)
    assert found.shape[1] == 12 and (found.argmax(axis=1) == 9).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_silence_has_no_key() -> None:
    silent = chroma(np.zeros((2, RATE)), RATE)
    assert estimate_key(silent) is None and estimate_key(silent[:0]) is None


def test_a_corpus_song_is_in_its_key(sung: Path) -> None:
    truth = json.loads(sung.with_suffix(".json").read_text())["truth"]
    heard = estimate_key(chroma(*read_audio(sung)))
    assert heard is not None and (heard.tonic, heard.mode) == (truth["key"], truth["mode"])
