"""Tags and descriptions: true, and in many wordings."""

import re
from collections import Counter

from composed import DRAWN, SONGS

from khala.conditioning.request_terms import TEMPO_WORDS
from khala.corpus.composer.compose import STYLES
from khala.corpus.composer.compose.harmony import key_name
from khala.corpus.composer.compose.styles.base import INSTRUMENTS, PROGRAMS
from khala.corpus.composer.singers import SEXES, SINGERS


def test_tags_and_description_tell_the_truth() -> None:
    for song in SONGS:
        text = f"{', '.join(song.tags)}. {song.description}".lower()
        assert set(song.tags) & set(STYLES[song.style].tags)
        sings = {"female": "female vocals", "male": "male vocals", "": "instrumental"}
        assert [tag for tag in song.tags if tag in sings.values()] == [sings[song.voice]]
        for word, (low, high) in TEMPO_WORDS.items():
            assert word not in song.tags or low <= song.bpm < high
        for tag in song.tags:
            if tag.lower().endswith(" bpm"):
                assert abs(int(tag[:-4]) / song.bpm - 1) < 0.04
            if tag.endswith((" major", " minor")):
                assert tag == key_name(song.key, song.mode)
        heard = {INSTRUMENTS[part.program] for part in song.parts if not part.drums}
        for name in sorted(PROGRAMS, key=len, reverse=True):  # "synth bass" before "bass"
            assert name not in text or name in heard
            text = text.replace(name, "")
        for voice in SEXES:
            assert bool(re.search(rf"\b{voice}\b", text)) == (song.voice == voice)
        assert song.description[0].isupper() and song.description.endswith(".")
        assert ("harmonies" in text or "call and response" in text) <= bool(song.backing)
        for sound, heard_so in (
            ("vinyl", song.mix.worn),
            ("reverb", song.mix.room == "hall"),
            ("delay", song.mix.echo > 0),
        ):
            assert (sound in text) <= heard_so
        solos = any(section.name == "solo" for section in song.sections)
        assert bool(re.search(r"\bsolo\b", text)) <= solos
        deep = bool(song.voice) and SINGERS[song.singer].low <= 47
        assert ("deep" in text) <= deep


def test_descriptions_and_tags_come_in_many_wordings() -> None:
    assert len({song.description for song in DRAWN}) == len(DRAWN)
    openings = Counter(song.description.split()[0] for song in DRAWN)
    assert len(openings) > 25 and openings.most_common(1)[0][1] < 0.65 * len(DRAWN)
    assert len({tag for song in DRAWN for tag in song.tags}) > 120
