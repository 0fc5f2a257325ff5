"""Fades."""

import numpy as np
import pytest

from khala.audio.fades import fade_in, fade_out

RATE = 44100


def test_fades() -> None:
    ones = np.ones((2, RATE), np.float32)
    out = fade_out(ones, 0.1, RATE)
    assert out[:, -1].max() == 0 and (np.diff(out[0]) <= 0).all()
    assert (out[:, : RATE - 4410] == 1).all() and out[0, RATE - 2206] == pytest.approx(0.5, abs=1e-3)
    assert np.array_equal(fade_in(ones, 0.1, RATE), out[:, ::-1])
    assert (ones == 1).all()


@pytest.mark.parametrize("n", [0, 1, 5])
def test_fade_longer_than_the_sound(n: int) -> None:
    faded = fade_out(np.ones((2, n), np.float32), 1.5, RATE)
    assert faded.shape == (2, n) and not faded[:, -1:].any()
