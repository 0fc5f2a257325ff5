"""Kokoro-82M, a natural voice: reads a line, with the times of its phones.

The network predicts the number of frames of 25 ms of every token; that prediction becomes a further output of its
graph. recipes/kokoro fetches model and voices; reading needs the package onnxruntime.
"""

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from khala.corpus.composer.voice.errors import ToolMissing
from khala.corpus.composer.voice.phones import VOWEL_PHONES

KOKORO_RATE = 24000
"""Sample rate of Kokoro's output, Hz."""
_FRAME = 0.025
_SPEED = 0.9
_LATE = 0.0125
"""Seconds by which phones begin earlier than the predicted durations imply; chosen by the words a recogniser hears."""
READING_VERSION = "2"
"""Version of everything that changes how a line is read."""
_DURATIONS = "/encoder/Clip_output_0"
_IPA = {
    **{"aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "W", "ax": "ə", "ay": "I", "b": "b", "ch": "ʧ", "d": "d"},
    **{"dh": "ð", "eh": "ɛ", "er": "ɜɹ", "ey": "A", "f": "f", "g": "ɡ", "hh": "h", "ih": "ɪ", "iy": "i", "jh": "ʤ"},
    **{
        "k": "k",
        "l": "l",
        "m": "m",
        "n": "n",
        "ng": "ŋ",
        "ow": "O",
        "oy": "Y",
        "p": "p",
        "r": "ɹ",
        "s": "s",
        "sh": "ʃ",
    },
    **{"t": "t", "th": "θ", "uh": "ʊ", "uw": "u", "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʒ"},
}
_TOKENS = {
    **{" ": 16, "A": 24, "I": 25, "O": 31, "W": 39, "Y": 41, "b": 44, "d": 46, "f": 48, "h": 50, "i": 51, "j": 52},
    **{"k": 53, "l": 54, "m": 55, "n": 56, "p": 58, "s": 61, "t": 62, "u": 63, "v": 64, "w": 65, "z": 68, "ɑ": 69},
    **{"æ": 72, "ɔ": 76, "ð": 81, "ʤ": 82, "ə": 83, "ɛ": 86, "ɜ": 87, "ɡ": 92, "ɪ": 102, "ŋ": 112, "θ": 119, "ɹ": 123},
    **{"ʃ": 131, "ʧ": 133, "ʊ": 135, "ʌ": 138, "ʒ": 147, "ˈ": 156},
}


def kokoro_folder() -> Path:
    """Return the folder of the model and its voices."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "khala" / "kokoro"


def require_kokoro() -> None:
    """Raise `ToolMissing` unless the model and onnxruntime are installed."""
    if not (kokoro_folder() / "model.onnx").is_file():
        raise ToolMissing(f"{kokoro_folder() / 'model.onnx'}", "fetch Kokoro with recipes/kokoro/fetch.sh")
    _session()


def speak(voice: str, words: Sequence[tuple[tuple[str, ...], int]]) -> tuple[np.ndarray, np.ndarray]:
    """Read words in one breath: samples float64 [n] at `KOKORO_RATE`, the starts of their phones in seconds and the end
    of the last. A word is its phones and the index of the stressed vowel (-1 for none)."""
    text, owners = _spelled(words)
    ids = [0, *(_TOKENS[char] for char in text), 0]
    style = np.fromfile(kokoro_folder() / f"{voice}.bin", np.float32).reshape(-1, 1, 256)[len(text)]
    inputs = {"tokens": np.array([ids], np.int64), "style": style, "speed": np.array([_SPEED], np.float32)}
    samples, durations = _session().run(None, inputs)
    ends = np.cumsum(durations.ravel()) * _FRAME
    phones = max(owners) + 1
    firsts = [owners.index(phone) for phone in range(phones)]  # token k + 1: token 0 is the silence before
    bounds = np.array([*ends[firsts], ends[len(owners)]])
    return samples.ravel().astype(np.float64), np.maximum(bounds - _LATE, 0.0)


def _spelled(words: Sequence[tuple[tuple[str, ...], int]]) -> tuple[str, list[int]]:
    """Return Kokoro's spelling, and the index of the phone that each of its characters belongs to.

    A stress mark belongs to its vowel. The gap between two words belongs to the consonant next to it.
    """
    text, owners, phone = "", [], 0
    for number, (phones, stressed) in enumerate(words):
        if number:
            text += " "
            owners.append(
                phone if phones[0] not in VOWEL_PHONES and words[number - 1][0][-1] in VOWEL_PHONES else phone - 1
            )
        for place, name in enumerate(phones):
            spelled = "ˈ" * (place == stressed) + _IPA[name]
            text += spelled
            owners += [phone] * len(spelled)
            phone += 1
    return text, owners


@cache
def _session() -> Any:
    try:
        onnxruntime: Any = import_module("onnxruntime")
    except ImportError:
        raise ToolMissing("the package onnxruntime", "Kokoro is read by it: pip install onnxruntime") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = (kokoro_folder() / "model.onnx").read_bytes()
    return onnxruntime.InferenceSession(_with_output(model, _DURATIONS), options)


def _with_output(model: bytes, name: str) -> bytes:
    """Return a model with a further float output: concatenated protobuf messages are merged."""
    value = _field(1, name.encode()) + _field(2, _field(1, b"\x08\x01"))  # name, type: a tensor of floats
    return model + _field(7, _field(12, value))  # the model's graph, the graph's outputs


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content
