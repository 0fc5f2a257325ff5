from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.audio.resample import resample
from khala.audio.speech_pcm import SPEECH_RATE_HZ, SpeechPcm, speech_pcm
from khala.audio.wav_stream import pcm, wav_header

RATE = 44_100
SOUND = np.stack([0.8 * np.sin(np.arange(RATE) / 30), 0.2 * np.sin(np.arange(RATE) / 70)]).astype(np.float32)


def test_a_stream_is_converted_however_its_bytes_come() -> None:
    content = wav_header(RATE) + pcm(SOUND)
    whole = SpeechPcm()(content, last=True)
    for size in (1000, 40_001):
        convert = SpeechPcm()
        parts = [convert(content[at : at + size]) for at in range(0, len(content), size)]
        assert b"".join([*parts, convert(b"", last=True)]) == whole
    expected = resample(SOUND.mean(axis=0, keepdims=True), RATE, SPEECH_RATE_HZ)[0]
    got = np.frombuffer(whole, "<i2") / 32767
    assert len(got) == SPEECH_RATE_HZ and np.abs(got - expected).max() < 1e-4


@pytest.mark.parametrize("name", ["a.flac", "a.wav"])
def test_a_file_is_converted_like_its_stream(tmp_path: Path, name: str) -> None:
    file = write_audio(tmp_path / name, SOUND, RATE)
    streamed = SpeechPcm()(wav_header(RATE) + pcm(SOUND), last=True)
    its, expected = (np.frombuffer(content, "<i2").astype(int) for content in (speech_pcm(file.read_bytes()), streamed))
    assert len(its) == len(expected) and np.abs(its - expected).max() <= 1, "but for rounding"
