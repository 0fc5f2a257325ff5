import numpy as np
import pytest
import pyworld

from khala.corpus.composer.singers import SEXES, SINGERS, singers
from khala.corpus.composer.voice import SungNote, sing
from khala.corpus.composer.voice.on_frames import on_frames
from khala.corpus.data.audio_format import FRAME_RATE

LINE = (
    SungNote("moon", 0, 0, 0.0, 0.8, 64),
    SungNote("sister", 1, 0, 0.8, 1.2, 67),
    SungNote("sister", 1, 1, 1.2, 2.0, 65),
    SungNote("night", 2, 0, 2.5, 3.5, 60),
)
CROWDED = (
    SungNote("night", 0, 0, 0.0, 0.15, 60),
    SungNote("sister", 1, 0, 0.15, 0.3, 60),
    SungNote("sister", 1, 1, 0.3, 0.45, 62),
)


def frame(seconds: float) -> int:
    """The number of the frame that begins then; one must."""
    assert abs(seconds * FRAME_RATE - round(seconds * FRAME_RATE)) < 1e-6
    return round(seconds * FRAME_RATE)


@pytest.fixture(scope="module")
def line(bank):
    return sing(bank, SINGERS["ada"], LINE)


def test_a_note_starts_with_its_vowel_and_consonants_lie_before_it(line) -> None:
    starts = {(phone.name, frame(phone.start)) for phone in line.phones}
    assert {("uw", 0), ("ih", 17), ("er", 26), ("ay", 54)} <= starts, "0, 0.8, 1.2 and 2.5 s"
    onset = line.phones[0]
    assert (onset.name, frame(onset.start), onset.end) == ("m", -2, 0.0), "0.1 s before the note"


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
    phones = sing(bank, SINGERS["max"], CROWDED).phones
    vowels = [phone for phone in phones if phone.name in ("ay", "ih", "er")]
    assert [vowel.start for vowel in vowels] == pytest.approx([0.0, 0.15, 0.3], abs=0.5 / FRAME_RATE)
    assert all(vowel.end > vowel.start for vowel in vowels)


@pytest.mark.parametrize("notes", [LINE, CROWDED])
def test_every_phone_has_frames_of_its_own(bank, notes) -> None:
    phones = sing(bank, SINGERS["ada"], notes).phones
    assert all(frame(phone.end) > frame(phone.start) for phone in phones)
    assert phones[0].end == phones[1].start and phones[2].end == phones[3].start, "what meets goes on meeting"


def test_times_move_to_the_nearest_frames_that_leave_room() -> None:
    def moved(times, shortest, weights) -> list[int]:
        return [frame(time) for time in on_frames([time / FRAME_RATE for time in times], shortest, weights)]

    assert moved([0.2, 3.4, 3.4, 7.7], [0, 1, 0, 1], [1, 1, 1, 1]) == [0, 3, 3, 8]
    assert moved([0.0, 0.3, 0.6, 5.0], [0, 1, 1, 1], [1, 1, 1, 1]) == [-1, 0, 1, 5], "all give way"
    assert moved([0.0, 0.3, 0.6, 5.0], [0, 1, 1, 1], [9, 1, 1, 1]) == [0, 1, 2, 5], "but what weighs more does less"


def test_notes_that_share_a_syllable_hold_one_vowel(bank) -> None:
    phones = sing(bank, SINGERS["ada"], (SungNote("la", 0, 0, 0.0, 0.5, 60), SungNote("la", 0, 0, 0.5, 1.0, 64))).phones
    assert [(phone.name, frame(phone.end)) for phone in phones] == [("l", 0), ("aa", 22)]


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
