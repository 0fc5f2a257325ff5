import numpy as np

from khala.evaluation.clipping import clipping

RATE = 44100
SINE = 0.9 * np.sin(2 * np.pi * 40 * np.arange(RATE) / RATE)[None]


def test_a_clean_wave_is_not_clipped_even_at_16_bits() -> None:
    assert clipping(SINE).clipped == 0
    assert clipping(np.round(SINE * 32767) / 32768).clipped == 0


def test_flat_tops_are_counted_at_full_scale_and_after_turning_down() -> None:
    driven = np.clip(2 * SINE, -1, 1)
    flat = int((np.abs(driven) == 1).sum())
    assert clipping(driven).clipped == flat > 1000
    assert clipping(driven * 0.3).clipped == flat


def test_a_top_is_flat_from_two_samples_at_full_scale_and_from_four_below_it() -> None:
    wave = np.tile(np.linspace(-0.5, 0.5, 50), 4)
    for height, longest in ((1.0, 1), (0.8, 3)):
        for length, counted in ((longest, 0), (longest + 1, longest + 1)):
            topped = wave.copy()
            topped[80 : 80 + length] = height
            assert clipping(topped[None]).clipped == counted


def test_what_is_not_a_number_is_counted() -> None:
    broken = np.vstack([SINE, SINE])
    broken[1, 5] = np.nan
    broken[0, 9] = np.inf
    assert clipping(broken).not_finite == 2


def test_digital_silence_is_not_clipped() -> None:
    found = clipping(np.zeros((2, 1000)))
    assert (found.clipped, found.peak) == (0, 0.0)
