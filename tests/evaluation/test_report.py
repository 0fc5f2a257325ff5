import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.evaluation.asked import Asked
from khala.evaluation.report import evaluate, evaluate_file, songs_in, summarise
from khala.evaluation.sections import Part
from khala.music.errors import InvalidRequest

RATE = 44100
NOISE = np.random.default_rng(0).normal(size=(2, 8 * RATE)).astype(np.float32) * 0.05


def test_corpus_songs_pass_their_own_truth(sung: Path, played: Path) -> None:
    records = [evaluate_file(path) for path in (sung, played)]
    assert summarise(records) == {name: {"passed": 2, "of": 2} for name in ("tempo", "voice", "form", "sound")}
    json.dumps(records, allow_nan=False)


def test_what_was_not_asked_for_is_not_judged() -> None:
    record = evaluate(NOISE, RATE, Asked())
    assert record["verdicts"] == {"tempo": None, "voice": None, "form": None, "sound": True}
    assert summarise([record]) == {"sound": {"passed": 1, "of": 1}}


def test_a_silent_file_fails_whatever_it_was_asked_for() -> None:
    asked = Asked(bpm=100, voice=True, parts=(Part(0, 4, 0.2), Part(4, 8, 0.9)))
    record = evaluate(0 * NOISE, RATE, asked)
    assert record["verdicts"] == {"tempo": False, "voice": False, "form": False, "sound": False}
    json.dumps(record, allow_nan=False)


@pytest.mark.parametrize("fault", ["gap", "nan", "clipped"])
def test_faults_of_sound_are_found(fault: str) -> None:
    samples = NOISE.copy()
    if fault == "gap":
        samples[:, 2 * RATE : 5 * RATE] = 0
    elif fault == "nan":
        samples[0, 100] = np.nan
    else:
        samples = np.clip(samples * 30, -1, 1)
    record = evaluate(samples, RATE, Asked())
    assert record["verdicts"]["sound"] is False
    json.dumps(record, allow_nan=False)


def test_folders_are_searched_and_strangers_refused(tmp_path: Path, sung: Path) -> None:
    (tmp_path / "in" / "side").mkdir(parents=True)
    shutil.copy(sung, tmp_path / "in" / "side" / "b.flac")
    write_audio(tmp_path / "in" / "a.wav", NOISE, RATE)
    (tmp_path / "in" / "notes.txt").write_text("")
    assert [path.name for path in songs_in([tmp_path / "in"])] == ["a.wav", "b.flac"]
    (tmp_path / "empty").mkdir()
    for stranger in (tmp_path / "empty", tmp_path / "none.wav"):
        with pytest.raises(InvalidRequest):
            list(songs_in([stranger]))
    with pytest.raises(InvalidRequest, match="cannot read audio"):
        evaluate_file(tmp_path / "in" / "notes.txt")
