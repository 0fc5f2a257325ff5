import numpy as np
import pytest

from khala.audio.fades import fade_out
from khala.audio.limiter import limit, true_peak
from khala.audio.loudness import integrated_loudness
from khala.generation.preview import Preview

RATE, HOP, FRAMES, GAIN_DB = 44100, 2048, 150, 2.0


def song(level: float, seed: int = 0) -> np.ndarray:
    """Noise with loud beats."""
    rng, n = np.random.default_rng(seed), FRAMES * HOP
    beats = 0.3 + 5 * np.exp(-(np.arange(n) % 22050) / 100)
    return (level * beats * rng.standard_normal((2, n))).astype(np.float32)


def heard(raw: np.ndarray, blocks: list[int], truncated: bool = True) -> np.ndarray:
    """A song in blocks of so many frames, that much being written beyond the block."""
    preview, pieces, at = Preview(RATE, HOP, FRAMES, GAIN_DB), [], 0
    for frames in blocks:
        preview.add(raw[:, at * HOP : (at + frames) * HOP])
        at += frames
        pieces.append(preview.go_on(min(at + 30, FRAMES)))
        assert preview.heard == sum(piece.shape[1] for piece in pieces) // HOP
    pieces.append(preview.end(truncated))
    assert np.array_equal(preview.raw, raw) and preview.heard == FRAMES
    return np.concatenate(pieces, 1)


@pytest.mark.parametrize("blocks", [[150], [60, 90], [40, 50, 59, 1], [50] * 3])
def test_a_song_in_blocks_sounds_as_in_one(blocks: list[int]) -> None:
    raw = song(0.1)
    found = heard(raw, blocks)
    factor = 10 ** (min(GAIN_DB, -14 - integrated_loudness(raw[:, : blocks[0] * HOP], RATE)) / 20)
    wanted = limit(fade_out(raw, 1.5, RATE), RATE, factor=factor)
    assert np.abs(wanted).max() > 0.8, "the limiter is at work"
    assert np.abs(found - wanted).max() < 1e-4
    assert found[0, -1] == 0


def test_the_gain_is_no_more_than_songs_need_and_less_for_a_loud_beginning() -> None:
    quiet, loud = heard(song(0.01), [50, 100]), heard(song(0.3), [50, 100])
    assert np.median(np.abs(quiet) / np.abs(song(0.01))) == pytest.approx(10 ** (GAIN_DB / 20), rel=0.05)
    assert integrated_loudness(loud[:, : 50 * HOP], RATE) < -13.5
    assert true_peak(loud) <= -1


def test_the_end_is_held_back_until_it_is_known() -> None:
    preview = Preview(RATE, HOP, FRAMES, GAIN_DB)
    preview.add(song(0.1)[:, : 100 * HOP])
    assert preview.go_on(100).shape[1] == (100 - 33) * HOP, "all but a fade"
    assert preview.go_on(120).shape[1] == (120 - 33 - 67) * HOP
    assert preview.go_on(140).shape[1] == (99 - 87) * HOP, "all but what the limiter looks ahead"


def test_silence_and_nothing() -> None:
    preview = Preview(RATE, HOP, 10, GAIN_DB)
    assert preview.go_on(0).shape == (2, 0)
    preview.add(np.zeros((2, 5 * HOP), np.float32))
    assert not preview.end(False).any() and preview.heard == 5
    assert Preview(RATE, HOP, 10, GAIN_DB).end(True).shape == (2, 0)
