import numpy as np
import pytest

from khala.evaluation.reconstruction import log_mel_l1, multi_resolution_stft, si_sdr

RANDOM = np.random.default_rng(0)
SONG = RANDOM.normal(size=(2, 44100)).astype(np.float32) * 0.2
OTHER = RANDOM.normal(size=(2, 44100)).astype(np.float32) * 0.2


def test_a_perfect_copy_is_at_distance_zero() -> None:
    assert log_mel_l1(SONG, SONG) == 0
    assert multi_resolution_stft(SONG, SONG) == 0
    assert si_sdr(SONG, SONG) > 60


@pytest.mark.parametrize("measure", [log_mel_l1, multi_resolution_stft])
def test_more_noise_is_farther(measure) -> None:
    distances = [measure(SONG, SONG + amount * OTHER) for amount in (0.01, 0.1, 1.0)]
    assert distances == sorted(distances) and distances[0] > 0


def test_si_sdr_is_the_ratio_of_powers_whatever_the_scale() -> None:
    assert si_sdr(SONG, 3 * (SONG + 0.1 * OTHER)) == pytest.approx(20, abs=0.3)


def test_log_mel_sees_a_lost_side_signal() -> None:
    narrow = np.tile(SONG.mean(axis=0), (2, 1))
    assert log_mel_l1(SONG, narrow) > 0.2


def test_padding_to_whole_frames_does_not_count() -> None:
    assert log_mel_l1(SONG, np.pad(SONG, ((0, 0), (0, 500)))) == 0
