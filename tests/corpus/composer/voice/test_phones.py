import pytest

from khala.corpus.composer.compose.words import LEXICON
from khala.corpus.composer.voice.phones import from_arpabet, syllables


def split(phones: str) -> list[str]:
    names = phones.split()
    return [" ".join(names[s.onset.start : s.coda.stop]) for s in syllables(names)]


@pytest.mark.parametrize(
    ("phones", "parts"),
    [
        ("g ow l d ax n", ["g ow l", "d ax n"]),
        ("m ih s t er iy", ["m ih", "s t er", "iy"]),
        ("s t r iy t", ["s t r iy t"]),
        ("s ih ng ih ng", ["s ih ng", "ih ng"]),
        ("w ih n d ow", ["w ih n", "d ow"]),
        ("aa n l iy", ["aa n", "l iy"]),
    ],
)
def test_consonants_go_to_the_syllable_that_english_gives_them(phones: str, parts: list[str]) -> None:
    assert split(phones) == parts


def test_every_word_of_the_lexicon_falls_into_syllables_without_loss() -> None:
    for phones in LEXICON.values():
        names = from_arpabet(phones)
        covered = [k for s in syllables(names) for k in (*s.onset, s.vowel, *s.coda)]
        assert covered == list(range(len(names)))


def test_a_word_without_a_vowel_cannot_be_sung() -> None:
    with pytest.raises(ValueError, match="no vowel in h m"):
        syllables(["h", "m"])


def test_an_unstressed_ah_is_a_schwa() -> None:
    assert from_arpabet(("AH0", "W", "EY1", "AH1")) == ("ax", "w", "ey", "ah")
