import numpy as np
import pytest

from khala.corpus.composer.compose.harmony import QUALITIES
from khala.evaluation.chords import INTERVALS, ChordSpan, chord_agreement

CADENCE = ((0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7))
SPANS = [(float(start), start + 1.0) for start in range(4)]
RIGHT = [ChordSpan(*span, chord) for span, chord in zip(SPANS, CADENCE, strict=True)]


def chroma() -> np.ndarray:
    """A cadence of four seconds [40, 12]: nine tenths on the notes of its chords, the rest on all."""
    rows = np.full((40, 12), 0.1 / 12)
    for number, chord in enumerate(CADENCE):
        rows[10 * number : 10 * (number + 1), list(chord)] += 0.3
    return rows


def test_right_chords_agree_and_wrong_ones_do_not() -> None:
    assert chord_agreement(chroma(), RIGHT) == pytest.approx(0.9)
    assert chord_agreement(chroma(), [ChordSpan(*span, (1, 6, 10)) for span in SPANS]) == pytest.approx(-0.3)
    assert chord_agreement(np.full((40, 12), 1 / 12), RIGHT) == pytest.approx(0)


def test_chords_are_stretched_to_the_song() -> None:
    stretched = [ChordSpan(2 * chord.start, 2 * chord.end, chord.classes) for chord in RIGHT]
    assert chord_agreement(chroma(), stretched) == pytest.approx(0.9)


def test_silence_has_no_chords() -> None:
    assert chord_agreement(np.zeros((40, 12)), RIGHT) is None and chord_agreement(chroma(), []) is None


def test_the_chords_of_the_corpus_are_known() -> None:
    assert INTERVALS == QUALITIES
