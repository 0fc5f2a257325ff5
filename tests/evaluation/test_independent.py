import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.cli.main import run
from khala.evaluation import independent
from khala.evaluation.error_rate import error_rate
from khala.evaluation.independent import RATE, compare, disagreements, find_key, second_opinion, tempo
from khala.evaluation.page import figures, page
from khala.evaluation.report import evaluate, evaluate_file
from khala.evaluation.targets import RequestTargets

CHORDS = {
    "C major": ((0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7)),
    "A minor": ((9, 0, 4), (2, 5, 9), (4, 8, 11), (9, 0, 4)),
}


def clicks(bpm: float, seconds: float = 12.0) -> np.ndarray:
    signal = np.random.default_rng(0).normal(0, 1e-3, int(seconds * RATE)).astype(np.float32)
    for beat in range(int(seconds * bpm / 60) - 1):
        start = round(beat * 60 / bpm * RATE)
        signal[start : start + 1500] += 0.5 * np.exp(-np.arange(1500) / 300)
    return signal


def cadence(chords: tuple[tuple[int, ...], ...]) -> np.ndarray:
    time = np.arange(2 * RATE) / RATE
    tones = [sum(np.sin(2 * np.pi * 261.63 * 2 ** (note / 12) * time) for note in chord) for chord in chords]
    return (0.1 * np.concatenate(tones)).astype(np.float32)


@pytest.mark.parametrize("bpm", [90.0, 120.0])
def test_librosa_hears_the_tempo_of_clicks(bpm: float) -> None:
    assert tempo(clicks(bpm)) == pytest.approx(bpm, rel=0.025)


@pytest.mark.parametrize("name", CHORDS)
def test_librosa_hears_the_key_of_a_cadence(name: str) -> None:
    key = find_key(cadence(CHORDS[name]))
    assert key is not None and key.name == name


def test_silence_and_what_is_short_have_neither_tempo_nor_key() -> None:
    assert tempo(np.zeros(8 * RATE, np.float32)) is None and find_key(np.zeros(8 * RATE, np.float32)) is None
    assert tempo(clicks(90, 3.9)) is None and find_key(clicks(90, 0.9)) is None


def test_jiwer_counts_phones_as_the_report_does() -> None:
    dice = random.Random(0)
    for _ in range(50):
        reference, heard = (dice.choices("AEIOU", k=dice.randint(least, 30)) for least in (1, 0))
        assert independent.error_rate(reference, heard) == pytest.approx(error_rate(heard, reference))
    assert independent.error_rate([], ["A"]) is None


def test_words_are_compared_after_jiwers_normalisation() -> None:
    lyrics = "[verse]\nDon't you cry,\nlittle bird"
    assert independent.word_error_rate(lyrics, "don't you cry little bird!") == 0
    assert independent.word_error_rate(lyrics, "dont YOU fly little") == pytest.approx(2 / 5)
    assert independent.word_error_rate("[intro]", "la") is None


def test_what_is_not_a_number_counts_as_silence() -> None:
    samples = np.stack([clicks(90)] * 2)
    targets = RequestTargets(bpm=90.0)
    record = evaluate(samples, RATE, targets)
    samples[:, 100], samples[:, 200] = np.nan, np.inf
    found = second_opinion(samples, RATE, targets, record)
    assert found["tempo"]["verdict"] is True and found["tempo"]["agrees"] is True
    assert found["phones"] == found["words"] == {"heard": None, "verdict": None, "agrees": None}


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Chords and clicks of 90 BPM, whose record asks for 120 BPM and D minor."""
    signal = cadence(CHORDS["C major"]) + clicks(90, 8)
    request = {"prompt": "", "tags": ["120 bpm", "in d minor"], "lyrics": "", "instrumental": True}
    (tmp_path / "song.json").write_text(json.dumps({"request": request}))
    return write_audio(tmp_path / "song.wav", np.stack([signal, signal]), RATE)


def test_the_report_holds_both(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(song), "--independent", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    (record,) = report["songs"]
    assert report["independent"]["by"].startswith("librosa ") and report["independent"]["measures"]["tempo"]["of"] == 1
    found = record["independent"]
    assert found["tempo"]["heard"] == pytest.approx(90, rel=0.025) and found["tempo"]["verdict"] is False
    assert found["key"]["heard"] == "C major" and found["key"]["verdict"] is False
    assert found["key"]["agrees"] is (record["key"]["heard"] == "C major")
    assert run(["evaluate", str(song), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert "independent" not in report and "independent" not in report["songs"][0]


def test_disagreements_are_printed_and_shown(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(independent, "tempo", lambda signal: 180.0)
    assert run(["evaluate", str(song), "--independent", "--html", str(tmp_path / "report.html")]) == 0
    said = capsys.readouterr().out
    assert "Second opinion, by librosa" in said and "jiwer" in said
    assert "  tempo: 0 of 1 as asked, agrees in 0 of 1" in said
    (line,) = [line for line in said.splitlines() if line.startswith("  song.wav: tempo: ")]
    assert "BPM, by the second opinion 180.0 BPM" in line
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<h2>Second opinion, by librosa" in text and "<td>180.0 BPM" in text
    assert "180.0 BPM (differs)" in text


def record(**opinions: dict[str, Any]) -> dict[str, Any]:
    nothing = {"heard": None, "verdict": None, "agrees": None}
    return {
        "tempo": {"bpm": 90.0},
        "key": {"heard": "C major"},
        "words": {"phoneme_error_rate": 0.25, "word_error_rate": None},
        "independent": {name: nothing | opinions.get(name, {}) for name in ("tempo", "key", "phones", "words")},
    }


def test_agreement_is_counted_where_both_found_something() -> None:
    same = {"heard": 90.5, "verdict": True, "agrees": True}
    other = {"heard": 180.0, "verdict": False, "agrees": False}
    records = [record(tempo=same), record(tempo=other, phones={"heard": 0.25, "agrees": True}), record()]
    assert compare(records) == {
        "tempo": {"passed": 1, "of": 2, "agreed": 1, "compared": 2},
        "phones": {"passed": 0, "of": 0, "agreed": 1, "compared": 1},
    }
    assert [disagreements(each) for each in records] == [{}, {"tempo": ("90.0 BPM", "180.0 BPM (2 x)")}, {}]
    apart = record(tempo={"heard": 101.0, "agrees": False})
    assert disagreements(apart) == {"tempo": ("90.0 BPM", "101.0 BPM")}
    wrong = record(phones={"heard": 0.5, "agrees": False})
    assert disagreements(wrong) == {"phones": ("25.0% wrong", "50.0% wrong")}


def test_a_missing_package_is_one_line_before_anything_is_measured(
    song: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(independent, "import_module", missing)
    assert run(["evaluate", str(song), "--independent"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "pip install 'khala-music[independent]'" in said.err and len(said.err.splitlines()) == 1
    assert run(["evaluate", str(song)]) == 0


def test_sung_phones_are_heard_once_and_counted_twice(sung: Path) -> None:
    found = evaluate_file(sung, second=second_opinion)
    assert found["words"]["heard"] and found["independent"]["phones"]["agrees"] is True
    assert found["independent"]["phones"]["heard"] == pytest.approx(found["words"]["phoneme_error_rate"])
    shown = figures(found)
    assert shown["phones, second opinion"].endswith("% wrong")
    assert "Second opinion, by a &lt; b" in page([found], {}, sung.parent, None, "a < b")
