"""Files: what is written can be read back, in every format; nothing half-written is ever left."""

import resource
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from khala.audio.files import ENCODINGS, format_of, read_audio, write_audio
from khala.audio.replacing import replacing
from khala.music.errors import InvalidRequest, OutputError

RATE = 44100


def tones(seconds: float, channels: int = 2) -> np.ndarray:
    n = round(seconds * RATE)
    t = np.arange(n) / RATE
    return np.stack([0.4 * np.sin(2 * np.pi * 440 * (c + 1) * t) for c in range(channels)]).astype(np.float32)


@contextmanager
def files_of_at_most(size: int):
    """A disk that is full after `size` bytes of a file, without needing to mount one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("format", ENCODINGS)
def test_round_trip(tmp_path: Path, format: str) -> None:
    samples = tones(2.3)
    path = write_audio(tmp_path / f"song.{format}", samples, RATE)
    back, rate = read_audio(path)
    assert rate == (48000 if format == "opus" else RATE)
    assert back.shape[0] == 2 and back.dtype == np.float32
    assert abs(back.shape[1] - samples.shape[1] * rate / RATE) <= 1
    if rate == RATE:
        bound = 2**-23 if format in ("wav", "flac") else 0.01
        assert np.abs(back - samples).max() <= bound
    middle = back[:, rate // 2 : rate // 2 + rate]
    spectrum = np.abs(np.fft.rfft(middle))  # one second: bin = Hz
    assert spectrum.argmax(1).tolist() == [440, 880]
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_resampling_stream_equals_the_whole(tmp_path: Path) -> None:
    """Opus is resampled second by second; the seams must not be heard: no energy beside the tone."""
    path = write_audio(tmp_path / "a.opus", tones(4), RATE)
    back, rate = read_audio(path)
    spectrum = np.abs(np.fft.rfft(back[0, rate // 2 : rate // 2 + 3 * rate] * np.hanning(3 * rate)))
    spectrum[3 * 430 : 3 * 450] = 0
    assert spectrum.max() < 0.002 * 0.4 * 3 * rate / 4


def test_format_beats_the_extension(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "song.bin", tones(0.2), RATE, format="flac")
    assert soundfile.info(path).format == "FLAC"


def test_more_than_full_scale_is_clipped_not_wrapped(tmp_path: Path) -> None:
    back, _ = read_audio(write_audio(tmp_path / "a.wav", 4 * tones(0.1), RATE))
    assert np.abs(back - np.clip(4 * tones(0.1), -1, 1)).max() < 1e-6


@pytest.mark.parametrize("format", ENCODINGS)
def test_full_disk(tmp_path: Path, format: str) -> None:
    old = tmp_path / f"song.{format}"
    old.write_text("an older song")
    samples = np.random.default_rng(0).normal(0, 0.2, (2, 8 * RATE)).astype(np.float32)
    with files_of_at_most(60_000), pytest.raises(OutputError, match=r"cannot write .*song.*: File too large") as caught:
        write_audio(old, samples, RATE)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == [old.name]
    assert old.read_text() == "an older song"


def test_interruption_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.wav") as part:
        part.write_bytes(b"half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "missing" / "a.wav", tmp_path / "file" / "a.wav", tmp_path, Path("/proc/a.wav")):
        with pytest.raises(OutputError, match="cannot write"):
            write_audio(path, tones(0.1), RATE, format="wav")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_nan_is_refused(tmp_path: Path) -> None:
    samples = tones(0.1)
    samples[1, 7] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        write_audio(tmp_path / "a.wav", samples, RATE)
    assert list(tmp_path.iterdir()) == []


def test_format_of() -> None:
    assert format_of("a/b.FLAC") == "flac"
    for name in ("a.ogg", "a", "wav"):
        with pytest.raises(InvalidRequest, match=r"\.wav, \.flac, \.mp3 or \.opus"):
            format_of(name)


def test_read_refuses_what_is_no_audio(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no audio")
    for path in (tmp_path / "a.wav", tmp_path / "missing.wav", tmp_path):
        with pytest.raises(InvalidRequest, match="cannot read audio"):
            read_audio(path)


def test_blocks_do_not_depend_on_the_length(tmp_path: Path) -> None:
    """Half a second, exactly a second, a sample more: all whole."""
    for n in (1, RATE // 2, RATE, RATE + 1):
        back, _ = read_audio(write_audio(tmp_path / "a.flac", tones(2)[:, :n], RATE))
        assert back.shape == (2, n)
    shutil.rmtree(tmp_path)
