import numpy as np
import pytest

from khala.audio.mel import mel_filters, mel_sums

RATE = 44100


def test_bands_are_triangles_of_height_one_that_cover_all_bins_but_the_ends() -> None:
    filters = mel_filters(128, 1025, RATE)
    assert filters.shape == (128, 1025) and filters.min() >= 0 and filters.max() <= 1
    assert (filters.sum(axis=0)[1:-1] > 0).all() and (filters.sum(axis=1) > 0).all()
    inside = filters.sum(axis=0)[200:900]  # each falls as the next one rises
    np.testing.assert_allclose(inside, 1)


def test_the_scale_is_linear_to_one_kilohertz_and_logarithmic_above() -> None:
    centres = mel_filters(41, 6401, 12800).argmax(axis=1)  # whole mels, the last corner 42 at 6.4 kHz; a bin is a hertz
    assert np.diff(centres[:15]) == pytest.approx(200 / 3, abs=1) and centres[14] == 1000
    assert centres[15:] == pytest.approx(1000 * 6.4 ** (np.arange(1, 27) / 27), abs=1)


def test_a_bank_below_one_kilohertz_is_linear() -> None:
    centres = mel_filters(9, 101, 1000).argmax(axis=1)
    assert centres.tolist() == list(range(10, 100, 10))


def test_nobody_can_change_the_bank_of_another() -> None:
    with pytest.raises(ValueError, match="read-only"):
        mel_filters(128, 1025, RATE)[0, 0] = 1


@pytest.mark.parametrize("bins", [187, 12])
def test_sums_are_those_of_a_product(bins: int) -> None:
    """With 12 bins some bands are narrower than a bin, and hold nothing."""
    filters = mel_filters(64, bins, 16020)
    magnitudes = np.random.default_rng(0).random((2, 50, bins), np.float32)
    sums = mel_sums(magnitudes, filters)
    assert sums.dtype == np.float32
    np.testing.assert_allclose(sums, magnitudes @ filters.T, rtol=1e-5)
