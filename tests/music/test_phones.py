"""Lyrics as phones: words of the dictionary, words taken apart, and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.corpus.composer.compose import LEXICON
from khala.music.phones import LETTERS, PHONES, phonetic, pronounce


def arpabet(word: str) -> str:
    said = pronounce(word)
    assert said is not None
    return " ".join(PHONES[LETTERS.index(letter)] for letter in said)


def test_every_phone_has_a_letter_of_its_own() -> None:
    assert len(set(LETTERS)) == len(LETTERS) == len(PHONES) == len(set(PHONES))
    assert not set(LETTERS) & set("abcdefghijklmnopqrstuvwxyz[]() \n")  # tags and brackets stay readable


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("sing", "S IH NG"),
        ("Morning", "M AO R N IH NG"),
        ("don't", "D OW N T"),
        ("café", "K AX F EY"),
        ("loooove", "L AH V"),
        ("ohhhh", "OW"),
        ("moonbeams", "M UW N B IY M Z"),  # two words in one
        ("dreamin'", "D R IY M IH N"),
        ("waltzed", "W AO L T S T"),
        ("glimped", "G L IH M P EH D"),  # no word: by its letters
        ("24", "T W EH N T IY F AO R"),
        ("2026", "T UW TH AW Z AX N D T W EH N T IY S IH K S"),
        ("007", "Z IH R OW Z IH R OW S EH V AX N"),
        ("cœur", "K UW R"),  # Latin letters that Unicode does not take apart
        ("Łódź", "L AA D Z"),
    ],
)
def test_pronounces(word: str, said: str) -> None:
    assert arpabet(word) == said


def test_says_what_the_corpus_sings() -> None:
    for word, phones in LEXICON.items():
        assert arpabet(word).split() == ["AX" if phone == "AH0" else phone.rstrip("012") for phone in phones], word


def test_tags_brackets_and_other_scripts_stay() -> None:
    lyrics = "[verse]\nSing it, (oh oh)\n\n[chorus] you\n你好 world"
    assert phonetic(lyrics) == "[verse]\nS1Q 1T (9 9)\n\n[chorus] YU\n你好 W3LD"


@given(st.text(max_size=200))
def test_any_text_has_as_many_lines_as_before(text: str) -> None:
    assert phonetic(text).count("\n") == text.count("\n")


def test_long_words_take_no_long_time() -> None:
    assert phonetic("ab" * 5000)  # a compound of two words is looked for in the first letters alone
