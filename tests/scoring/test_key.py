import json
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.scoring.key import Chord, chords_heard, chroma, key
from khala.scoring.types import Array

RATE = 44100
CADENCES = {
    "major": ((0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 0), (7, 10, 2), (0, 3, 7)),
}


def played(tonic: int, mode: str, seconds: float = 1.0) -> Array:
    """A cadence of pure tones around 300 Hz [1, N]."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.concatenate(
        [
            sum(np.sin(2 * np.pi * 261.63 * 2 ** ((tonic + step) % 12 / 12) * time) for step in chord)
            for chord in CADENCES[mode]
        ]
    )[None]


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_cadence_has_its_key(tonic: int, mode: str) -> None:
    heard = key(chroma(played(tonic, mode), RATE))
    assert heard is not None and (heard.tonic, heard.mode) == (tonic, mode) and heard.lead > 0


def test_chroma_is_where_the_notes_are() -> None:
    time = np.arange(RATE) / RATE
    found = chroma(np.sin(2 * np.pi * 440 * time)[None], RATE)
    assert found.shape[1] == 12 and (found.argmax(axis=1) == 9).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_silence_has_no_key_and_no_chords() -> None:
    silent = chroma(np.zeros((2, RATE)), RATE)
    assert key(silent) is None and key(silent[:0]) is None
    assert chords_heard(silent, [Chord(0, 1, (0, 4, 7))]) is None


def test_right_chords_agree_and_wrong_ones_do_not() -> None:
    notes = chroma(played(0, "major"), RATE)
    spans = [(float(start), start + 1.0) for start in range(4)]
    right = [Chord(*span, tuple(chord)) for span, chord in zip(spans, CADENCES["major"], strict=True)]
    wrong = [Chord(*span, (1, 6, 10)) for span in spans]
    stretched = [Chord(2 * c.start, 2 * c.end, c.classes) for c in right]
    agreed = chords_heard(notes, right)
    assert agreed is not None and agreed > 0.8
    assert chords_heard(notes, stretched) == pytest.approx(agreed)
    disagreed = chords_heard(notes, wrong)
    assert disagreed is not None and disagreed < 0.1


def test_a_corpus_song_is_in_its_key(sung: Path) -> None:
    truth = json.loads(sung.with_suffix(".json").read_text())["truth"]
    heard = key(chroma(*read_audio(sung)))
    assert heard is not None and (heard.tonic, heard.mode) == (truth["key"], truth["mode"])
