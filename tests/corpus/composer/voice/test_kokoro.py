"""Natural voices: how a line is spelled for them, whose token is whose, and what is said where they are missing."""

from pathlib import Path

import numpy as np
import pytest

from khala.corpus.composer.synth import synth
from khala.corpus.composer.voice import ToolMissing, VoiceBank, kokoro
from khala.corpus.composer.voice.bank import FFT_SIZE, VOICE_RATE

LEXICON = {"again": ("AH0", "G", "EH1", "N"), "tomorrow": ("T", "AH0", "M", "AA1", "R", "OW2"), "i": ("AY1",)}


def test_a_gap_belongs_to_the_consonant_beside_it_and_a_stress_mark_to_its_vowel() -> None:
    text, owners = kokoro._spelled([(("ay",), -1), (("t", "ax", "m", "aa", "r", "ow"), 3), (("er",), 0)])
    assert text == "I təmˈɑɹO ˈɜɹ"
    assert owners == [0, 1, 1, 2, 3, 4, 4, 5, 6, 6, 7, 7, 7]
    assert all(char in kokoro._TOKENS for spelled in kokoro._IPA.values() for char in spelled)


def test_a_line_is_one_recording_with_a_place_for_every_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def speak(voice: str, words: list) -> tuple[np.ndarray, np.ndarray]:
        asked.append((voice, words))
        phones = sum(len(word) for word, _ in words)
        time = np.arange(int((phones + 2) * 0.1 * kokoro.KOKORO_RATE)) / kokoro.KOKORO_RATE
        wave = sum(np.sin(2 * np.pi * 150 * n * time) / n for n in range(1, 20))
        return 0.1 * wave, 0.1 + 0.1 * np.arange(phones + 1)

    monkeypatch.setattr(kokoro, "speak", speak)
    words = ["i", "again", "again"]
    places = VoiceBank(LEXICON, tmp_path).line("kokoro/af_heart", words)
    assert asked == [("af_heart", [(("ay",), -1), (("ax", "g", "eh", "n"), 2), (("ax", "g", "eh", "n"), 2)])]
    assert [place.phones for place in places] == [range(0, 1), range(1, 5), range(5, 9)]
    assert len({id(place.recording) for place in places}) == 1
    recording = places[0].recording
    assert recording.phones == ("ay", *("ax", "g", "eh", "n") * 2) and len(recording.bounds) == 10
    assert recording.envelope.shape == (len(recording.voiced), FFT_SIZE // 2 + 1)
    assert np.diff(recording.bounds) == pytest.approx(0.1) and VOICE_RATE == 16000
    kept = VoiceBank(LEXICON, tmp_path).line("kokoro/af_heart", words)
    assert np.array_equal(kept[0].recording.envelope, recording.envelope) and len(asked) == 1


def test_the_pitch_tracker_says_what_is_voiced_but_for_the_middle_of_vowels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def speak(voice: str, words: list) -> tuple[np.ndarray, np.ndarray]:
        time = np.arange(int(1.2 * kokoro.KOKORO_RATE)) / kokoro.KOKORO_RATE
        wave = sum(np.sin(2 * np.pi * 150 * n * time) / n for n in range(1, 20))
        hiss = np.random.default_rng(0).normal(0, 0.5, len(time))
        noisy = ((time > 0.4) & (time < 0.5)) | (time > 0.8)  # "g" as it may be, and a whispered "n"
        return 0.1 * np.where(noisy, hiss, wave), np.array([0.1, 0.4, 0.5, 0.8, 1.1])

    monkeypatch.setattr(kokoro, "speak", speak)
    recording = VoiceBank(LEXICON, tmp_path).line("kokoro/af_heart", ["again"])[0].recording
    frames = (recording.bounds / 0.005).astype(int)
    for vowel in (0, 2):
        assert recording.voiced[frames[vowel] + 4 : frames[vowel + 1] - 4].all()
    assert recording.voiced[frames[3] + 8 : frames[4]].mean() < 0.6


def test_a_further_output_is_a_message_behind_the_model() -> None:
    grown = kokoro._with_output(b"model", "/a")
    assert grown == b"model" + b"\x3a\x0c" + b"\x62\x0a" + b"\x0a\x02/a" + b"\x12\x04" + b"\x0a\x02\x08\x01"


def test_without_kokoro_one_line_says_what_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"model.onnx is missing; fetch Kokoro with recipes/kokoro/fetch.sh"):
        kokoro.require_kokoro()
    (tmp_path / "khala" / "kokoro").mkdir(parents=True)
    (tmp_path / "khala" / "kokoro" / "model.onnx").write_bytes(b"")
    monkeypatch.setattr(kokoro, "import_module", _absent)
    kokoro._session.cache_clear()
    with pytest.raises(ToolMissing, match="pip install onnxruntime"):
        kokoro.require_kokoro()


def test_songs_of_natural_voices_need_kokoro(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("khala.corpus.composer.synth.require_fluidsynth", lambda: None)
    with pytest.raises(ToolMissing, match="fetch Kokoro"):
        synth(tmp_path / "corpus", songs=2, seed=500_000)


def _absent(name: str) -> None:
    raise ImportError(name)
