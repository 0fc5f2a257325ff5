import io
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.audio.wav_stream import pcm, wav_header


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("length", [1, 1000])
def test_a_stream_is_read_as_far_as_it_goes(bits: int, length: int, tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, (2, length)).astype(np.float32)
    stream = io.BytesIO()
    stream.write(wav_header(44100, bits=bits))
    for part in np.array_split(samples, 3, axis=1):
        stream.write(pcm(part, bits))
    (tmp_path / "a.wav").write_bytes(stream.getvalue())
    found, rate = read_audio(tmp_path / "a.wav")
    assert rate == 44100 and found.shape == samples.shape
    assert np.abs(found - samples).max() < 1.5 * 2 ** (1 - bits)


def test_what_is_too_loud_is_clipped() -> None:
    assert np.frombuffer(pcm(np.array([[2.0], [-2.0]], np.float32), 16), "<i2").tolist() == [32767, -32767]
