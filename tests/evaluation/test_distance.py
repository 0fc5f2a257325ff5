from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.evaluation.distance import AXES, distance, frechet
from khala.music.errors import InvalidRequest
from khala.scoring.style import EMBEDDING_SIZE, embed

RATE = 44100
NOISE = np.random.default_rng(0).normal(size=(2, 60 * RATE)).astype(np.float32) * 0.1


def test_the_distance_of_two_normals_in_closed_form() -> None:
    mean, covariance = np.array([1.0, 2.0]), np.array([[2.0, 0.3], [0.3, 1.0]])
    assert frechet(mean, covariance, mean, covariance) == pytest.approx(0, abs=1e-6)
    assert frechet(mean, covariance, mean + np.array([3, 4]), covariance) == pytest.approx(25)
    assert frechet(mean, np.diag([4.0, 1.0]), mean, np.diag([1.0, 9.0])) == pytest.approx(1 + 4)


def test_noise_is_farther_from_the_corpus_than_its_songs(sung: Path, played: Path) -> None:
    songs = [embed(*read_audio(song)) for song in (sung, played)] * 4
    assert distance(songs) < distance([embed(NOISE, RATE)] * 2)
    with pytest.raises(InvalidRequest, match="too few"):
        distance([np.zeros((AXES, EMBEDDING_SIZE))])
