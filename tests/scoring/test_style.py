from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.corpus.composer.compose import STYLES
from khala.scoring.style import EMBEDDING_SIZE, LAGS, classify_style, embed

RATE = 44100
NOISE = np.random.default_rng(0).normal(size=(2, 60 * RATE)).astype(np.float32) * 0.1


def test_a_corpus_song_is_of_its_style(sung: Path, played: Path) -> None:
    for song in (sung, played):
        found = classify_style(embed(*read_audio(song)))
        assert found is not None and set(found.probability) == set(STYLES)
        assert sum(found.probability.values()) == pytest.approx(1, abs=0.01)
        assert "pop" in sorted(found.probability, key=lambda name: -found.probability[name])[:3]


def test_the_embedding_knows_no_loudness_and_takes_any_length() -> None:
    rows = embed(NOISE[:, : 12 * RATE], RATE)
    assert rows.shape == (3, EMBEDDING_SIZE)
    np.testing.assert_allclose(embed(0.1 * NOISE[:, : 12 * RATE], RATE), rows, atol=0.05)
    assert embed(NOISE[:, :RATE], RATE).shape == (1, EMBEDDING_SIZE)
    assert embed(0 * NOISE, RATE).shape == (0, EMBEDDING_SIZE) and classify_style(embed(0 * NOISE, RATE)) is None


def test_the_rhythms_of_low_and_high_bands_are_told_apart() -> None:
    time = np.arange(8 * RATE) / RATE
    kicks = np.sin(2 * np.pi * 80 * time) * np.exp(-20 * (time % 0.5))
    hats = NOISE[0, : len(time)] * np.exp(-40 * (time % 0.3))
    low, _, high = np.split(embed((kicks + hats)[None], RATE)[0, -3 * LAGS :], 3)
    assert low.argmax() != high.argmax()


def test_a_classifier_averages_over_stretches() -> None:
    fitted = {
        "names": np.array(["a", "b"]),
        "mean": np.zeros(1),
        "spread": np.ones(1),
        "weights": np.array([[1.0, -1.0]]),
        "bias": np.zeros(2),
    }
    found = classify_style(np.array([[2.0], [2.0], [-1.0]]), fitted)
    assert found.name == "a" and found.probability["a"] + found.probability["b"] == pytest.approx(1, abs=1e-3)
