"""Composed songs: deterministic, as long and of the kind as requested, with choruses that repeat."""

from collections import Counter

import pytest
from composed import DRAWN, EARLY_SECONDS, SONGS

from khala.corpus.composer.compose import STYLES, compose
from khala.corpus.composer.compose.styles.base import INSTRUMENTS, PROGRAMS
from khala.corpus.composer.compose.verses import LyricLine
from khala.corpus.composer.score import FONTS, ROOMS


def test_the_same_seed_gives_the_same_song() -> None:
    assert compose(5) == compose(5)
    assert compose(5) != compose(6)


def test_what_is_asked_is_kept() -> None:
    for style in STYLES:
        assert compose(3, style=style).style == style
    assert compose(3, vocal="male").voice == "male"
    assert compose(3, vocal="").lines == ()
    with pytest.raises(ValueError, match="polka"):
        compose(3, style="polka")
    with pytest.raises(ValueError, match="choir"):
        compose(3, vocal="choir")


def test_given_stanzas_make_the_form_and_are_sung_word_for_word() -> None:
    verse = tuple(LyricLine(tuple(text.lower().split()), text) for text in ("We walk by the sea", "You sing to me"))
    chorus = (LyricLine(("come", "home", "again"), "Come home again"), *verse[1:])
    song = compose(5, style="rock", vocal="male", stanzas=[("verse", verse), ("chorus", chorus)])
    assert [section.name for section in song.sections] == ["intro", "verse", "chorus", "outro"]
    led = [line for line in song.lines if not line.answer]
    assert [line.words for line in led] == [line.words for line in verse + chorus]
    assert "[verse]\nWe walk by the sea\nYou sing to me\n" in song.lyrics and song.words_from == "given"
    assert compose(5, vocal="", stanzas=[("verse", verse)]).lines == ()
    with pytest.raises(ValueError, match="40 syllables"):
        compose(5, vocal="male", stanzas=[("verse", (LyricLine(("oh",) * 40, ""),))])


@pytest.mark.parametrize("seconds", [8.0, 20.0, 30.0, 45.0, 65.0, 150.0])
def test_a_song_lasts_about_as_long_as_asked(seconds: float) -> None:
    for seed in range(10):
        song = compose(seed, seconds=seconds)
        section = max(s.bars for s in song.sections) * song.frames_per_bar * 2048 / 44100
        shortest = 8 * song.frames_per_bar * 2048 / 44100  # intro, verse, chorus and outro in two-bar lines
        assert abs(song.seconds - seconds) <= max(section / 2, shortest - seconds + section / 2)


def test_lengths_left_to_chance_reach_four_minutes() -> None:
    lengths = [song.seconds for song in DRAWN]
    assert min(lengths) > 17 and 215 < max(lengths) < 248
    assert 0.25 < sum(length <= 41 for length in lengths) / len(lengths) < 0.5
    assert 0.17 < sum(length > 120 for length in lengths) / len(lengths) < 0.35


def test_a_chorus_comes_back_note_for_note_and_word_for_word() -> None:
    several = 0
    for song in SONGS:
        beats = song.beats_per_bar
        choruses = []
        for index, section in enumerate(song.sections):
            if section.name != "chorus":
                continue
            first = section.start_bar * beats
            early = EARLY_SECONDS / song.beat_seconds
            begin, end = first - early, first + section.bars * beats - early
            choruses.append(
                (
                    [
                        (part.name, round(n.start - first, 6), n.pitch, n.velocity)
                        for part in song.parts
                        for n in part.notes
                        if begin <= n.start < end
                    ],
                    [
                        (line.text, [(s.word, s.index, round(s.start - first, 6), s.pitch) for s in line.syllables])
                        for line in song.lines
                        if line.section == index
                    ],
                )
            )
        assert all(chorus == choruses[0] for chorus in choruses)
        several += len(choruses) > 1
    assert several > len(SONGS) / 4


def test_every_choice_occurs() -> None:
    songs = DRAWN + SONGS
    assert set(STYLES) == {song.style for song in DRAWN}
    voices = Counter(song.voice for song in DRAWN)
    assert 0.65 < 1 - voices[""] / len(DRAWN) < 0.85 and min(voices["female"], voices["male"]) > 40
    assert {song.mode for song in songs} == {"major", "minor"} and {song.key for song in songs} >= {0, 2, 4, 5, 7, 9}
    assert {song.beats_per_bar for song in songs} == {3, 4}
    assert {INSTRUMENTS[part.program] for song in songs for part in song.parts if not part.drums} == set(PROGRAMS)
    assert {part.font for song in songs for part in song.parts} == set(FONTS)
    assert {song.mix.room for song in songs} == set(ROOMS) and {song.mix.worn for song in songs} == {True, False}
