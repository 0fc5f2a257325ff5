"""The built-in example speaks the language of the corpus that the embedded model learned."""

import re
from itertools import pairwise

from khala.conditioning.request_terms import TEMPO_WORDS
from khala.corpus.composer.compose.prompt import VOCALS
from khala.corpus.composer.compose.styles import STYLES
from khala.corpus.composer.compose.styles.base import PROGRAMS
from khala.corpus.composer.compose.words import LEXICON, rhyme, stresses
from khala.corpus.data.audio_format import FRAME_RATE
from khala.music.example import EXAMPLE
from khala.music.prompt import PromptStyle, backbone_prompt, clamp_prompt
from khala.music.reading import sections
from khala.weights.tokenizer import Tokenizer


def phones_of_prompt(line):
    return re.findall(r"[a-z]+", line.lower())


def test_lyrics_are_words_of_the_corpus_in_its_form():
    parts = sections(EXAMPLE.lyrics)
    assert [part.name for part in parts] == ["intro", "verse", "chorus", "outro"]
    for part in parts:
        for line in part.lines:
            assert set(phones_of_prompt(line)) <= set(LEXICON)
            assert sum(len(stresses(word)) for word in phones_of_prompt(line)) == 7
        for first, second in pairwise(part.lines):
            assert rhyme(phones_of_prompt(first)[-1]) == rhyme(phones_of_prompt(second)[-1])


def test_tags_are_words_of_the_corpus():
    pop = STYLES["pop"]
    tempi = {f"{4 * 60 * FRAME_RATE / frames:.0f} bpm" for frames in pop.tempi}
    moods = {mood for words in pop.moods.values() for mood in words}
    assert set(EXAMPLE.tags) <= {*pop.tags, *VOCALS.values(), *TEMPO_WORDS, *PROGRAMS, *moods, *tempi}


def test_prompt_fits_the_limits():
    ids = Tokenizer.of_bytes().encode(backbone_prompt(EXAMPLE, PromptStyle(duration_text=True)))
    assert clamp_prompt(ids, 512) == ids


def test_length_and_seed():
    assert 25 <= EXAMPLE.duration <= 35
    assert EXAMPLE.seed == 7 and EXAMPLE.slug() == "sing-with-me"
