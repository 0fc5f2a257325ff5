import numpy as np
import pytest
import pyworld

from khala.corpus.composer.singers import SEXES, SINGERS, singers
from khala.corpus.composer.voice import SungNote, sing

LINE = (
    SungNote("moon", 0, 0, 0.0, 0.8, 64),
    SungNote("sister", 1, 0, 0.8, 1.2, 67),
    SungNote("sister", 1, 1, 1.2, 2.0, 65),
    SungNote("night", 2, 0, 2.5, 3.5, 60),
)


@pytest.fixture(scope="module")
def line(bank):
    return sing(bank, SINGERS["ada"], LINE)


def test_a_note_starts_with_its_vowel_and_consonants_lie_before_it(line) -> None:
    starts = {(phone.name, round(phone.start, 3)) for phone in line.phones}
    assert {("uw", 0.0), ("ih", 0.8), ("er", 1.2), ("ay", 2.5)} <= starts
    onset = line.phones[0]
    assert (onset.name, round(onset.start, 3), onset.end) == ("m", -0.1, 0.0)


def test_phones_follow_one_another_without_overlap(line) -> None:
    assert " ".join(phone.name for phone in line.phones) == "m uw n s ih s t er n ay t"
    assert all(a.end <= b.start + 1e-9 and a.end > a.start for a, b in zip(line.phones, line.phones[1:], strict=False))


@pytest.mark.parametrize("note", [0, 2, 3])
def test_held_notes_are_in_tune_within_ten_cents(line, note: int) -> None:
    held = LINE[note]
    first, last = (round((line.lead + time) * 44100) for time in (held.start + 0.1, held.end - 0.2))
    f0, _ = pyworld.harvest(line.samples[first:last].astype(float), 44100)
    cents = 1200 * np.log2(f0[f0 > 0] / 440) - 100 * (held.pitch - 69)
    assert abs(np.median(cents)) < 10


def test_a_rest_is_silent_and_a_vowel_is_not(line) -> None:
    def level(start: float, end: float) -> float:
        return float(
            np.sqrt((line.samples[round((line.lead + start) * 44100) : round((line.lead + end) * 44100)] ** 2).mean())
        )

    assert level(2.15, 2.3) < 0.01 * level(1.3, 1.6)


def test_the_same_line_gives_the_same_samples(line, bank) -> None:
    assert np.array_equal(sing(bank, SINGERS["ada"], LINE).samples, line.samples)


def test_a_crowded_note_squeezes_its_consonants_but_keeps_its_vowel(bank) -> None:
    notes = (
        SungNote("night", 0, 0, 0.0, 0.15, 60),
        SungNote("sister", 1, 0, 0.15, 0.3, 60),
        SungNote("sister", 1, 1, 0.3, 0.45, 62),
    )
    phones = sing(bank, SINGERS["max"], notes).phones
    vowels = [phone for phone in phones if phone.name in ("ay", "ih", "er")]
    assert [round(vowel.start, 3) for vowel in vowels] == [0.0, 0.15, 0.3]
    assert all(vowel.end - vowel.start > 0.05 for vowel in vowels)


def test_notes_that_share_a_syllable_hold_one_vowel(bank) -> None:
    phones = sing(bank, SINGERS["ada"], (SungNote("la", 0, 0, 0.0, 0.5, 60), SungNote("la", 0, 0, 0.5, 1.0, 64))).phones
    assert [(phone.name, round(phone.end, 3)) for phone in phones] == [("l", 0.0), ("aa", 1.0)]


@pytest.mark.parametrize("name", SINGERS)
def test_every_singer_holds_the_note_in_tune(bank, name: str) -> None:
    low = SINGERS[name].low
    held = sing(bank, SINGERS[name], (SungNote("moon", 0, 0, 0.0, 1.0, low + 5),))
    first, last = (round((held.lead + time) * 44100) for time in (0.15, 0.85))
    f0, _ = pyworld.harvest(held.samples[first:last].astype(float), 44100)
    assert abs(np.median(1200 * np.log2(f0[f0 > 0] / 440)) - 100 * (low + 5 - 69)) < 15


def test_a_longer_vocal_tract_lowers_the_formants(bank) -> None:
    def centre(name: str) -> float:
        spectrum = np.abs(np.fft.rfft(sing(bank, SINGERS[name], (SungNote("la", 0, 0, 0.0, 1.0, 57),)).samples))[:20000]
        return float((np.arange(20000) * spectrum).sum() / spectrum.sum())

    assert centre("ruth") < centre("ada") < centre("mia")


def test_there_are_women_and_men_enough_for_a_singer_and_a_backing_voice() -> None:
    for sex in SEXES:
        assert len(singers(sex)) >= 3
    assert len({SINGERS[name] for name in SINGERS}) == len(SINGERS)
