"""Sung lines: syllables in their place, second voices, answers, and the printed lyrics."""

import re
from itertools import pairwise

import pytest
from composed import DRAWN, SLACK, SONGS, SUNG, leads, spans

from khala.conditioning.singers import LEADS
from khala.corpus.composer.compose import LEXICON, STYLES
from khala.corpus.composer.compose.harmony import SCALES, tones
from khala.corpus.composer.compose.meter import BREATH_BEATS, MIN_ONSET_SECONDS
from khala.corpus.composer.compose.words import stresses
from khala.corpus.composer.singers import SINGERS


def test_syllables_keep_to_their_section_and_order_and_leave_room_to_breathe() -> None:
    for song in SUNG:
        assert song.lines
        for line in song.lines:
            begin, end = spans(song)[line.section]
            assert begin <= line.syllables[0].start
            assert line.syllables[-1].start + line.syllables[-1].length <= end
            for a, b in pairwise(line.syllables):
                assert a.start + a.length <= b.start + SLACK
                assert (a.word, a.index) <= (b.word, b.index)
                assert (
                    b.start - a.start
                ) * song.beat_seconds >= MIN_ONSET_SECONDS * 0.75  # swing may hurry one of a pair
            written = [(n, i) for n, word in enumerate(line.words) for i in range(len(stresses(word)))]
            assert list(dict.fromkeys((s.word, s.index) for s in line.syllables)) == written
        for a, b in pairwise(leads(song)):
            rest = b.syllables[0].start - a.syllables[-1].start - a.syllables[-1].length
            assert rest >= (BREATH_BEATS if STYLES[song.style].swing == 0.5 else BREATH_BEATS * 2 / 3) - SLACK


def test_the_singers_that_are_best_understood_lead() -> None:
    songs = [song for song in DRAWN + SONGS if song.voice]
    assert {song.singer for song in songs} == set(LEADS)
    assert {song.backing for song in songs} > set(LEADS[1:])


def test_choruses_have_second_voices_and_answers_that_fit_between_the_lines() -> None:
    songs = [song for song in DRAWN + SONGS if song.voice]
    harmony = [song for song in songs if any(line.harmony for line in song.lines)]
    answers = [song for song in songs if any(line.answer for line in song.lines)]
    assert 0.4 < len(harmony) / len(songs) < 0.8 and 0.1 < len(answers) / len(songs) < 0.4
    for song in songs:
        assert bool(song.backing) == (song in harmony or song in answers)
        assert not song.backing or (SINGERS[song.backing].sex == song.voice and song.backing != song.singer)
        inside = {(song.key + step) % 12 for step in SCALES[song.mode]}
        for line, following in pairwise([*song.lines, None]):
            chords = song.sections[line.section].chords
            assert song.sections[line.section].name == "chorus" or not (line.harmony or line.answer)
            assert not line.harmony or len(line.harmony) == len(line.syllables)
            for syllable, pitch in zip(line.syllables, line.harmony, strict=False):
                playing = [c for c in chords if c.start <= syllable.start + SLACK][-1]
                assert 3 <= abs(pitch - syllable.pitch) <= 5 and pitch % 12 in inside | set(tones(playing))
            if following and following.answer:
                assert line.words[-len(following.words) :] == following.words
                assert line.syllables[-1].start + line.syllables[-1].length <= following.syllables[0].start


def test_long_last_notes_are_approached_by_a_step_in_some_songs() -> None:
    approached = 0
    for song in SUNG:
        for line in song.lines:
            a, b = line.syllables[-2:]
            if (a.word, a.index) == (b.word, b.index):
                approached += 1
                assert 1 <= a.pitch - b.pitch <= 3 and a.start + a.length == pytest.approx(b.start)
    assert approached > 10


def test_lyrics_print_every_section_and_exactly_what_is_sung() -> None:
    for song in SUNG:
        tags = [line[1:-1] for line in song.lyrics.splitlines() if line.startswith("[")]
        assert tags == [section.name for section in song.sections]
        assert [line for line in song.lyrics.splitlines() if line and line[0] != "["] == [x.text for x in song.lines]
        for line in song.lines:
            assert re.findall("[a-z']+", line.text.lower()) == list(line.words)
            assert line.answer == line.text.startswith("(") and 1 <= len(line.syllables) <= 16
            assert all(word in LEXICON for word in line.words)


def test_long_songs_have_verses_with_new_words_and_choruses_that_come_back() -> None:
    long = [song for song in DRAWN if song.seconds > 120 and song.voice]
    assert len(long) > 15
    for song in long:
        stanzas: dict[str, list[tuple[str, ...]]] = {}
        for index, section in enumerate(song.sections):
            text = tuple(line.text for line in song.lines if line.section == index and not line.answer)
            stanzas.setdefault(section.name, []).append(text)
        assert 2 <= len(stanzas["verse"]) <= 4 and len(set(stanzas["verse"])) == len(stanzas["verse"])
        assert len(stanzas["chorus"]) >= 2 and len(set(stanzas["chorus"])) == 1
    names = [{section.name for section in song.sections} for song in DRAWN if song.seconds > 120]
    for name in ("pre-chorus", "bridge", "solo", "inst"):
        assert any(name in form for form in names), name
