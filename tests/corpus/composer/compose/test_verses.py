"""Free lines: of the length that is asked for, rhymed often enough, of words that may be sung."""

import random
import re
from collections import Counter
from itertools import pairwise

import pytest

from khala.corpus.composer.compose.lexicon import WORD, entries, unheard, words_by_class
from khala.corpus.composer.compose.readings import COUPLETS, SIZES, CoupletPoet, couplets
from khala.corpus.composer.compose.templates import LISTS, bare, is_place, literals, templates
from khala.corpus.composer.compose.verses import UNHEARD_SHARE, Length, LyricLine, Poet
from khala.corpus.composer.compose.words import LEXICON, PHRASE_WORDS, rhyme, stresses

FORM = [("verse", (Length(5, 8),) * 4), ("chorus", (Length(6, 9),) * 4), ("verse", (Length(5, 8),) * 4)]
FORM += [("chorus", (Length(6, 9),) * 4)]


def size(line: LyricLine) -> int:
    return sum(len(stresses(word)) for word in line.words)


def test_the_lexicon_is_large_and_every_template_can_be_filled() -> None:
    assert len(LEXICON) > 11_000 and 0.08 < len(unheard()) / len(LEXICON) < 0.12
    assert literals() | PHRASE_WORDS.keys() <= {word for word, entry in entries().items() if WORD in entry.classes}
    assert not unheard() & (literals() | PHRASE_WORDS.keys())
    places = {bare(part) for template in templates() for part in template if is_place(bare(part))}
    for place in places - LISTS.keys():
        assert len(words_by_class(False)[place.lower()]) > 20 and place.lower() in words_by_class(True), place


def test_no_offensive_word_is_sung() -> None:
    assert not {"bitch", "nigger", "whore", "rape", "fag", "slut", "nazi", "fuck", "shit"} & LEXICON.keys()


def test_every_common_diphone_of_english_is_in_the_words() -> None:
    pairs: Counter[tuple[str, str]] = Counter()
    for phones in LEXICON.values():
        names = [phone.rstrip("012") for phone in phones]
        pairs.update(pairwise(names))
    phones = {phone for pair in pairs for phone in pair}
    assert len(phones) == 39 and len(pairs) > 880


@pytest.mark.parametrize("seed", range(8))
def test_lines_have_the_length_that_is_asked_for_and_choruses_come_back(seed: int) -> None:
    stanzas = Poet(random.Random(seed), unheard=False).write(FORM)
    assert stanzas == Poet(random.Random(seed), unheard=False).write(FORM)
    for (_, lengths), lines in zip(FORM, stanzas, strict=True):
        assert [length.most >= size(line) for length, line in zip(lengths, lines, strict=True)] == [True] * 4
        for line in lines:
            assert re.findall("[a-z']+", line.text.lower()) == list(line.words)
            assert (line.text[0].isupper() or line.text[0] == "'") and not re.search(r"\bi\b|\ba [aeiou]", line.text)
            assert all(word in LEXICON and word not in unheard() for word in line.words)
    assert stanzas[1] == stanzas[3] and stanzas[0] != stanzas[2]


def test_lines_rhyme_well_or_badly_and_some_are_said_twice() -> None:
    rhymed = repeated = free = 0
    for seed in range(60):
        for stanza in Poet(random.Random(seed), unheard=False).write(FORM[:2]):
            ends = [line.words[-1] for line in stanza]
            repeated += stanza[0] == stanza[2]
            pairs = [(ends[0], ends[1]), (ends[0], ends[2]), (ends[1], ends[3])]
            alike = any(rhyme(one) == rhyme(two) and one != two for one, two in pairs)
            rhymed, free = rhymed + alike, free + (not alike)
    assert rhymed > 60 and free > 10 and repeated > 20


def test_a_held_out_song_sings_held_out_words_where_it_can() -> None:
    places = used = 0
    for seed in range(10):
        for stanza in Poet(random.Random(seed), unheard=True).write(FORM[:2]):
            words = [word for line in stanza for word in line.words if WORD not in entries()[word].classes]
            places, used = places + len(words), used + sum(word in unheard() for word in words)
    assert used / places > 0.6 * UNHEARD_SHARE


def test_a_natural_voice_has_couplets_of_its_own_that_songs_share() -> None:
    its = couplets("nora")
    assert len(its) == COUPLETS * (2 * len(SIZES) - 2) and its[0] != couplets("mike")[0]
    known = {line for couplet in its for line in couplet}
    for seed in range(5):
        stanzas = CoupletPoet(random.Random(seed), "nora").write(FORM)
        assert [len(stanza) for stanza in stanzas] == [4] * 4 and stanzas[1] == stanzas[3]
        assert {line for stanza in stanzas for line in stanza} <= known
        assert len({line for stanza in stanzas[::2] for line in stanza}) >= 6
        assert all(size(line) <= 9 for stanza in stanzas for line in stanza)
