"""Raw samples as OpenAI's speech API defines its format "pcm": 16 bits, one channel, 24 kHz, no header."""

import io
import struct

import numpy as np
import soundfile
import soxr

from khala.audio.files import Encoding
from khala.audio.transcode import transcode
from khala.audio.wav_stream import pcm, wav_header

SPEECH_RATE_HZ = 24_000
_HEADER_BYTES = len(wav_header(SPEECH_RATE_HZ))
_RATE_AT = 24
"""Where the rate is in a header."""
_FRAME_BYTES = 6
"""Of 24 bits, in stereo."""


class SpeechPcm:
    """Converts a stereo stream of `wav_stream`, whatever parts its bytes come in."""

    def __init__(self) -> None:
        self._rest = b""
        self._resampler: soxr.ResampleStream | None = None

    def __call__(self, content: bytes, last: bool = False) -> bytes:
        """Return the samples that `content`, the next bytes of the stream, leads to; all that are left with `last`."""
        content = self._rest + content
        if self._resampler is None:
            if len(content) < _HEADER_BYTES:
                self._rest = content
                return b""
            (rate,) = struct.unpack_from("<I", content, _RATE_AT)
            self._resampler = soxr.ResampleStream(rate, SPEECH_RATE_HZ, 1, dtype="float32", quality="VHQ")
            content = content[_HEADER_BYTES:]
        whole = len(content) - len(content) % _FRAME_BYTES
        self._rest = content[whole:]
        mono_N1 = _samples(content[:whole]).mean(axis=1, keepdims=True, dtype=np.float32)
        return pcm(self._resampler.resample_chunk(mono_N1, last=last).T, bits=16)


def speech_pcm(content: bytes) -> bytes:
    """Return the same of a whole stereo file. Raises InvalidRequest for content that cannot be read."""
    samples = transcode(content, Encoding("RAW", "PCM_24"))
    return SpeechPcm()(wav_header(soundfile.info(io.BytesIO(content)).samplerate) + samples, last=True)


def _samples(content: bytes) -> np.ndarray:
    """Return little-endian samples of 24 bits as float32 [n, 2], full scale 1."""
    bytes_N3 = np.frombuffer(content, np.uint8).reshape(-1, 3)
    padded_N4 = np.concatenate([np.zeros((len(bytes_N3), 1), np.uint8), bytes_N3], axis=1)
    return (padded_N4.view("<i4") / np.float32(2**31)).astype(np.float32).reshape(-1, 2)
