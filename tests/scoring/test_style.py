from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.corpus.composer.compose import STYLES
from khala.music.errors import InvalidRequest
from khala.scoring.style import AXES, SIZE, classify, distance, embed, frechet, style

RATE = 44100
NOISE = np.random.default_rng(0).normal(size=(2, 60 * RATE)).astype(np.float32) * 0.1


def test_a_corpus_song_is_of_its_style(sung: Path, played: Path) -> None:
    for song in (sung, played):
        found = style(embed(*read_audio(song)))
        assert found is not None and set(found.probability) == set(STYLES)
        assert sum(found.probability.values()) == pytest.approx(1, abs=0.01)
        assert "pop" in sorted(found.probability, key=lambda name: -found.probability[name])[:3]


def test_the_embedding_knows_no_loudness_and_takes_any_length() -> None:
    rows = embed(NOISE[:, : 12 * RATE], RATE)
    assert rows.shape == (3, SIZE)
    np.testing.assert_allclose(embed(0.1 * NOISE[:, : 12 * RATE], RATE), rows, atol=0.05)
    assert embed(NOISE[:, :RATE], RATE).shape == (1, SIZE)
    assert embed(0 * NOISE, RATE).shape == (0, SIZE) and style(embed(0 * NOISE, RATE)) is None


def test_a_classifier_averages_over_stretches() -> None:
    fitted = {
        "names": np.array(["a", "b"]),
        "mean": np.zeros(1),
        "spread": np.ones(1),
        "weights": np.array([[1.0, -1.0]]),
        "bias": np.zeros(2),
    }
    found = classify(np.array([[2.0], [2.0], [-1.0]]), fitted)
    assert found.name == "a" and found.probability["a"] + found.probability["b"] == pytest.approx(1, abs=1e-3)


def test_the_distance_of_two_normals_in_closed_form() -> None:
    mean, covariance = np.array([1.0, 2.0]), np.array([[2.0, 0.3], [0.3, 1.0]])
    assert frechet(mean, covariance, mean, covariance) == pytest.approx(0, abs=1e-6)
    assert frechet(mean, covariance, mean + np.array([3, 4]), covariance) == pytest.approx(25)
    assert frechet(mean, np.diag([4.0, 1.0]), mean, np.diag([1.0, 9.0])) == pytest.approx(1 + 4)


def test_noise_is_farther_from_the_corpus_than_its_songs(sung: Path, played: Path) -> None:
    songs = [embed(*read_audio(song)) for song in (sung, played)] * 4
    assert distance(songs) < distance([embed(NOISE, RATE)] * 2)
    with pytest.raises(InvalidRequest, match="too few"):
        distance([np.zeros((AXES, SIZE))])
