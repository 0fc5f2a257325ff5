import numpy as np
import pytest

from khala.evaluation.sections import SectionSpan
from khala.evaluation.structure import compare_sections, locate_sections, similarity
from khala.music.phones import PHONES
from khala.scoring.types import Array
from khala.scoring.words import PhonePosteriors

RATE = 22050
SONG = (
    SectionSpan(0, 6, 0.5, "verse"),
    SectionSpan(6, 12, 0.9, "chorus"),
    SectionSpan(12, 18, 0.5, "verse"),
    SectionSpan(18, 24, 0.9, "chorus"),
)


def tune(seed: int) -> Array:
    """Six seconds of random notes [N]."""
    pitches = np.random.default_rng(seed).integers(48, 72, 24)
    time = np.arange(RATE // 4) / RATE
    return np.concatenate([np.sin(2 * np.pi * 440 * 2 ** ((p - 69) / 12) * time) * np.exp(-6 * time) for p in pitches])


def test_a_chorus_that_returns_is_told_from_one_that_does_not() -> None:
    back = compare_sections(np.concatenate([tune(1), tune(2), tune(3), tune(2)])[None], RATE, SONG)
    assert back is not None and back.returns and back.choruses > 0.8 > back.others
    gone = compare_sections(np.concatenate([tune(1), tune(2), tune(1), tune(1)])[None], RATE, SONG)
    assert gone is not None and not gone.returns


def test_without_two_choruses_and_a_verse_there_is_nothing_to_compare() -> None:
    samples = np.concatenate([tune(1), tune(2)])[None]
    assert compare_sections(samples, RATE, SONG[:2]) is None
    assert compare_sections(samples, RATE, (SONG[1], SONG[1])) is None
    assert compare_sections(samples, RATE, ()) is None


def test_a_section_is_found_inside_a_longer_one_and_over_its_edge() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert similarity(rows, rows[20:40]) == pytest.approx(1)
    assert similarity(rows[5:40], rows[:35]) == pytest.approx(1)
    assert similarity(rows[:30], rows[30:]) < 0.4


def test_sections_are_found_by_their_words() -> None:
    said = [*[0] * 5, *["AY", "L", "AH", "V"], *[0] * 6, *["Y", "UW"], 0, 0]
    frames = np.full((len(said), 1 + len(PHONES)), -9.0)
    for time, phone in enumerate(said):
        frames[time, 1 + PHONES.index(phone) if phone else 0] = -0.1
    heard = PhonePosteriors(frames, frames, 10.0)
    parts = locate_sections(heard, "[intro]\n[verse]\nI love\n[chorus]\nYou\n[outro]")
    assert [(part.name, part.start, part.end) for part in parts] == [("verse", 0.5, 0.9), ("chorus", 1.5, 1.7)]
    assert locate_sections(heard, "[verse]\n" + "never gonna say goodbye " * 5) == ()
    assert locate_sections(heard, "[intro]") == ()
