import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from khala.audio.files import write_audio
from khala.evaluation.report import VERDICTS, distance_of, evaluate, evaluate_file, summarise
from khala.evaluation.sections import SectionSpan
from khala.evaluation.targets import RequestTargets
from khala.music.errors import InvalidRequest

RATE = 44100
NOISE = np.random.default_rng(0).normal(size=(2, 8 * RATE)).astype(np.float32) * 0.05


def test_corpus_songs_pass_their_own_truth(sung: Path, played: Path) -> None:
    records = [evaluate_file(path) for path in (sung, played)]
    summary = summarise(records)
    assert summary.keys() == {"tempo", "key", "style", "voice", "words", "form", "sound"}
    for name in ("tempo", "key", "voice", "form", "sound"):
        assert summary[name] == {"passed": 2, "of": 2}, name
    assert summary["words"]["of"] == 1 and records[0]["words"]["phones"] > 40
    assert all(record["key"]["chords"] > 0.3 for record in records)
    json.dumps(records, allow_nan=False)


def test_what_was_not_asked_for_is_not_judged() -> None:
    record = evaluate(NOISE, RATE, RequestTargets())
    assert record["verdicts"] == {**dict.fromkeys(VERDICTS), "sound": True}
    assert summarise([record]) == {"sound": {"passed": 1, "of": 1}}


def test_a_silent_file_fails_whatever_it_was_asked_for() -> None:
    targets = RequestTargets(
        bpm=100,
        mode="minor",
        styles=frozenset({"pop"}),
        voice=True,
        lyrics="[verse]\nSing",
        parts=(SectionSpan(0, 4, 0.2), SectionSpan(4, 8, 0.9)),
        seconds=20,
        ended=True,
    )
    record = evaluate(0 * NOISE, RATE, targets)
    assert record["verdicts"] == {**dict.fromkeys(VERDICTS, False), "chorus": None}
    json.dumps(record, allow_nan=False)


def test_a_reader_is_judged_by_its_words() -> None:
    targets = RequestTargets(lyrics="[verse]\nWe sing along\nDon't go")
    record = evaluate(NOISE, RATE, targets, lambda samples, rate: "We sing a song, don't go!")
    assert record["words"]["word_error_rate"] == pytest.approx(2 / 5)
    assert record["words"]["text"] == "We sing a song, don't go!"
    assert evaluate(NOISE, RATE, RequestTargets(), lambda samples, rate: "noise")["words"]["word_error_rate"] is None


def test_the_distance_takes_enough_music(tmp_path: Path) -> None:
    long, short = NOISE.repeat(6, axis=1), NOISE
    paths = [write_audio(tmp_path / name, x, RATE) for name, x in (("a.wav", long), ("b.wav", long))]
    distance = distance_of(paths)
    assert distance is not None and distance > 1
    assert distance_of([write_audio(tmp_path / "c.wav", short, RATE)]) is None


@pytest.mark.parametrize("fault", ["gap", "nan", "clipped"])
def test_faults_of_sound_are_found(fault: str) -> None:
    samples = NOISE.copy()
    if fault == "gap":
        samples[:, 2 * RATE : 5 * RATE] = 0
    elif fault == "nan":
        samples[0, 100] = np.nan
    else:
        samples = np.clip(samples * 30, -1, 1)
    record = evaluate(samples, RATE, RequestTargets())
    assert record["verdicts"]["sound"] is False
    json.dumps(record, allow_nan=False)


def test_what_cannot_be_measured_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    soundfile.write(tmp_path / "six.wav", NOISE[0, :8000].repeat(6).reshape(-1, 6), RATE)
    soundfile.write(tmp_path / "none.wav", NOISE[:, :0].T, RATE)
    for name, message in (
        ("notes.txt", "cannot read audio from .*notes.txt: it is empty"),
        ("gone.wav", "cannot read audio from .*gone.wav: No such file"),
        ("six.wav", "cannot measure .*six.wav: it has 6 channels; mix it down to two"),
        ("none.wav", "cannot measure .*none.wav: it holds no samples"),
    ):
        with pytest.raises(InvalidRequest, match=message):
            evaluate_file(tmp_path / name)


def test_beside_the_json_of_others_only_the_sound_is_judged(tmp_path: Path) -> None:
    (tmp_path / "A.Json").write_text('{"tags": "rock", "bpm": 120}')
    song = write_audio(tmp_path / "a.wav", NOISE, RATE)
    remarks: list[str] = []
    assert evaluate_file(song, remark=remarks.append)["verdicts"] == {**dict.fromkeys(VERDICTS), "sound": True}
    (remark,) = remarks
    assert (
        "A.Json is neither a record of khala generate nor the truth" in remark and "only the sound of a.wav" in remark
    )
