"""Composed songs: right in time, in range, in key, with choruses that repeat, and words about them that are true."""

import math
import re
from collections import Counter
from itertools import pairwise

import pytest

from khala.conditioning.request_terms import TEMPO_WORDS
from khala.corpus.composer.compose import LEXICON, STYLES, compose
from khala.corpus.composer.compose.harmony import SCALES, key_name, parse_numeral, tones, voicing
from khala.corpus.composer.compose.lexicon import unheard
from khala.corpus.composer.compose.meter import BREATH_BEATS, MIN_ONSET_SECONDS
from khala.corpus.composer.compose.styles.base import INSTRUMENTS, PROGRAMS
from khala.corpus.composer.compose.tune import TUNE_SEMITONES
from khala.corpus.composer.compose.words import stresses
from khala.corpus.composer.score import FONTS, ROOMS, Score, SungLine
from khala.corpus.composer.singers import SEXES, SINGERS, singers
from khala.corpus.data.split import is_held_out

DRAWN = [compose(seed) for seed in range(200)]
SONGS = DRAWN[:40] + [
    compose(1000 + seed, style=style, vocal=vocal)
    for seed, style in enumerate(STYLES)
    for vocal in ("female", "male", "")
]
SUNG = [song for song in SONGS if song.voice]
SLACK = 1e-9
EARLY = 0.015
"""Seconds by which a player may anticipate a note."""
STRUMMED = 0.08
"""Seconds within which a chord is struck."""


def spans(song: Score) -> list[tuple[float, float]]:
    beats = song.beats_per_bar
    return [(s.start_bar * beats, (s.start_bar + s.bars) * beats) for s in song.sections]


def leads(song: Score) -> list[SungLine]:
    """The lines of the singer, without the answers."""
    return [line for line in song.lines if not line.answer]


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


def test_words_that_are_held_out_are_sung_in_held_out_songs_alone() -> None:
    held_out = [seed for seed in range(400) if is_held_out(f"song-{seed}")]
    apart = [song for song in map(compose, held_out) if song.words_from == "unheard"]
    assert len(apart) >= 2
    assert all(any(word in unheard() for line in song.lines for word in line.words) for song in apart)
    assert not unheard() & {word for song in DRAWN if song not in apart for line in song.lines for word in line.words}
    assert {song.words_from for song in DRAWN if song.voice} >= {"phrases", "templates"}


def test_bars_are_whole_even_numbers_of_frames_and_beats_whole_ones() -> None:
    for song in SONGS:
        assert song.frames_per_bar % 2 == 0 and song.frames_per_bar % song.beats_per_bar == 0
        assert song.frames == sum(s.bars for s in song.sections) * song.frames_per_bar
        assert song.frames_per_bar in STYLES[song.style].tempi + STYLES[song.style].waltz_tempi


def test_sections_and_their_chords_tile_the_song() -> None:
    for song in SONGS:
        bar = 0
        for section, (start, end) in zip(song.sections, spans(song), strict=True):
            assert section.start_bar == bar and section.bars > 0 and 0 <= section.energy <= 1
            bar += section.bars
            assert section.chords[0].start == start
            assert section.chords[-1].start + section.chords[-1].length == end
            assert all(a.start + a.length == b.start for a, b in pairwise(section.chords))


def test_songs_begin_end_and_rise_as_songs_do() -> None:
    for song in SONGS:
        names = [section.name for section in song.sections]
        energy = {section.name: section.energy for section in song.sections}
        assert names[0] == "intro" and names[-1] == "outro" and "verse" in names and "chorus" in names
        assert energy["chorus"] == max(energy.values()) and energy["chorus"] > energy["verse"]
        last = song.sections[-1].chords[-1]
        assert last.root == song.key and last.length == song.beats_per_bar
        assert last.quality.startswith("min") == (song.mode == "minor")
        ringing = [note for part in song.parts if not part.drums for note in part.notes if note.start >= last.start]
        assert ringing and max(note.start for note in ringing) - last.start < STRUMMED / song.beat_seconds
        assert {note.pitch % 12 for note in ringing} <= set(tones(last))


def test_notes_are_playable_and_inside_the_song() -> None:
    for song in SONGS:
        end = song.bars * song.beats_per_bar
        for part in song.parts:
            assert part.notes and (part.drums or part.program in INSTRUMENTS)
            for note in part.notes:
                assert note.start >= 0 and note.length > 0
                assert note.start + note.length <= end + STRUMMED / song.beat_seconds
                assert 1 <= note.velocity <= 127 and 28 <= note.pitch <= 88


def test_no_part_strikes_a_note_that_it_holds() -> None:
    for song in SONGS:
        for part in song.parts:
            ends: dict[int, float] = {}
            for note in sorted(part.notes, key=lambda n: n.start):
                if not part.drums:
                    assert note.start >= ends.get(note.pitch, 0.0) - SLACK
                ends[note.pitch] = note.start + note.length


def test_the_beat_never_stops_for_long() -> None:
    for song in SONGS:
        starts = sorted({note.start for part in song.parts for note in part.notes})
        last_bar = (song.bars - 1) * song.beats_per_bar
        gaps = [b - a for a, b in pairwise([s for s in starts if s <= last_bar])]
        assert starts[0] * song.beat_seconds < 0.6 and max(gaps) <= 2.0


def test_a_chorus_comes_back_note_for_note_and_word_for_word() -> None:
    several = 0
    for song in SONGS:
        beats = song.beats_per_bar
        choruses = []
        for index, section in enumerate(song.sections):
            if section.name != "chorus":
                continue
            first = section.start_bar * beats
            early = EARLY / song.beat_seconds
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


def test_the_last_note_of_a_line_is_held_and_rests_on_the_chord() -> None:
    for song in SUNG:
        for line in song.lines:
            last = line.syllables[-1]
            playing = [c for c in song.sections[line.section].chords if c.start <= last.start + SLACK][-1]
            assert last.pitch % 12 in tones(playing)
            assert line.answer or last.length >= min(s.length for s in line.syllables)


def test_voices_stay_in_their_range_and_move_by_steps() -> None:
    for name in (name for sex in SEXES for name in singers(sex)):
        low = SINGERS[name].low
        lines = [line for song in DRAWN + SONGS if song.singer == name for line in leads(song)]
        pitches = [syllable.pitch for line in lines for syllable in line.syllables]
        assert low <= min(pitches) and max(pitches) <= low + TUNE_SEMITONES
        moves = [abs(b.pitch - a.pitch) for line in lines for a, b in pairwise(line.syllables)]
        assert sum(move <= 4 for move in moves) / len(moves) > 0.85
        assert sum(move == 0 for move in moves) / len(moves) < 0.35
        assert max(moves) <= 12 and moves.count(6) < 0.002 * len(moves)


def test_melodies_stay_in_key_and_strong_notes_mostly_on_the_chord() -> None:
    strong = []
    for song in SUNG:
        inside = {(song.key + step) % 12 for step in SCALES[song.mode]}
        for line in song.lines:
            chords = song.sections[line.section].chords
            for syllable in line.syllables:
                playing = [c for c in chords if c.start <= syllable.start + SLACK][-1]
                assert syllable.pitch % 12 in inside | set(tones(playing))
                if math.isclose(syllable.start % 2, 0, abs_tol=1e-6):
                    strong.append(syllable.pitch % 12 in tones(playing))
    assert sum(strong) / len(strong) > 0.75


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


def test_instrumentals_carry_the_tune_on_a_lead() -> None:
    for song in SONGS:
        if not song.voice:
            assert song.lyrics == "" and song.lines == ()
            lead = next(part for part in song.parts if part.name == "lead")
            for section, (begin, end) in zip(song.sections, spans(song), strict=True):
                if section.name in ("verse", "chorus"):
                    assert any(begin <= note.start < end for note in lead.notes)


def test_lyrics_print_every_section_and_exactly_what_is_sung() -> None:
    for song in SUNG:
        tags = [line[1:-1] for line in song.lyrics.splitlines() if line.startswith("[")]
        assert tags == [section.name for section in song.sections]
        assert [line for line in song.lyrics.splitlines() if line and line[0] != "["] == [x.text for x in song.lines]
        for line in song.lines:
            assert re.findall("[a-z']+", line.text.lower()) == list(line.words)
            assert line.answer == line.text.startswith("(") and 1 <= len(line.syllables) <= 16
            assert all(word in LEXICON for word in line.words)


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


def test_every_arrangement_names_parts_that_exist() -> None:
    for style in STYLES.values():
        for arrangement in (*style.arrangements, *style.waltzes):
            assert set(arrangement.layers) == {"intro", "verse", "chorus", "bridge", "inst", "outro"}
            assert {arrangement.comp, arrangement.bass, *arrangement.leads} <= set(PROGRAMS)
            assert arrangement.comp not in arrangement.leads
            assert bool(arrangement.pad) == any(layer.pad for layer in arrangement.layers.values())
        for tempo in style.tempi:
            assert tempo % 4 == 0
        for tempo in style.waltz_tempi:
            assert tempo % 6 == 0
        for mode in ("major", "minor"):
            for choices in style.progressions[mode].values():
                for numerals in choices:
                    assert all(tones(parse_numeral(numeral, 0, mode, 0, 1)) for numeral in numerals.split())


def test_numerals_become_chords() -> None:
    assert tones(parse_numeral("V7", 0, "major", 0, 1)) == (7, 11, 2, 5)
    assert tones(parse_numeral("VI", 9, "minor", 0, 1)) == (5, 9, 0)
    assert tones(parse_numeral("bVII", 2, "major", 0, 1)) == (0, 4, 7)
    assert tones(parse_numeral("viidim", 0, "major", 0, 1)) == (11, 2, 5)
    assert parse_numeral("ii7", 0, "major", 0, 1).quality == "min7"
    assert voicing(parse_numeral("I", 0, "major", 0, 1), 52) == (52, 55, 60)
    with pytest.raises(ValueError, match="H7"):
        parse_numeral("H7", 0, "major", 0, 1)


def test_swing_delays_the_second_half_of_every_pair_alone() -> None:
    song = compose(1, style="jazz")
    places = [round(note.start % 1, 1) for part in song.parts for note in part.notes]
    assert 0.7 in places and 0.5 not in places
    sung = {
        round(syllable.start % 1, 3)
        for line in compose(1, style="jazz", vocal="male").lines
        for syllable in line.syllables
    }
    assert 0.0 in sung and 0.5 not in sung


def test_players_are_imprecise_in_the_same_way_every_second_bar_and_machines_are_not() -> None:
    for song in SONGS:
        section = next(s for s in song.sections if s.name == "chorus")
        two = 2 * song.beats_per_bar
        begin = section.start_bar * song.beats_per_bar
        early = EARLY / song.beat_seconds
        drums = [n for part in song.parts if part.drums for n in part.notes if n.pitch in (36, 38, 42)]
        bars = [
            {
                (round(n.start - begin - shift, 6), n.pitch)
                for n in drums
                if begin + shift <= n.start + early < begin + shift + two
            }
            for shift in range(0, section.bars * song.beats_per_bar - two, two)
        ]
        assert all(bar == bars[0] for bar in bars[:-1])
        if STYLES[song.style].loose == 0:
            assert all(n.start == round(n.start * 4) / 4 for n in drums)


def test_a_touch_moves_notes_by_milliseconds_and_strums_guitars() -> None:
    song = compose(11, style="folk", vocal="female")
    plain = compose(11, style="electronic", vocal="female")
    comp = next(part for part in song.parts if part.name == "comp")
    starts = sorted(note.start for note in comp.notes)
    strums = [b - a for a, b in pairwise(starts) if 0 < b - a < 0.1]
    assert len(strums) > 20
    for part in song.parts:
        for note in part.notes:
            grid = min(abs(note.start - round(note.start * k) / k) for k in (2, 4))
            assert grid * song.beat_seconds < STRUMMED
    assert {note.start % 0.25 for part in plain.parts for note in part.notes if part.drums} == {0.0}


def test_bridges_and_pre_choruses_swell() -> None:
    swells = []
    for song in DRAWN:
        for section in song.sections:
            if section.name in ("pre-chorus", "bridge") and section.bars >= 4:
                bars: list[list[int]] = [[] for _ in range(section.bars)]
                for note in next((part.notes for part in song.parts if part.name == "bass"), ()):
                    place = note.start / song.beats_per_bar - section.start_bar
                    if 0 <= place < section.bars:
                        bars[int(place)].append(note.velocity)
                if bars[0] and bars[-1]:
                    swells.append(sum(bars[-1]) / len(bars[-1]) - sum(bars[0]) / len(bars[0]))
    assert len(swells) > 10 and sum(swells) / len(swells) > 5
