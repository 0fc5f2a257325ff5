"""Tunes: in key, in range, at rest on the chord."""

import math
from itertools import pairwise

from composed import DRAWN, SLACK, SONGS, SUNG, leads

from khala.conditioning.singers import LEADS
from khala.corpus.composer.compose.harmony import SCALES, tones
from khala.corpus.composer.compose.tune import TUNE_SEMITONES
from khala.corpus.composer.singers import SINGERS


def test_the_last_note_of_a_line_is_held_and_rests_on_the_chord() -> None:
    for song in SUNG:
        for line in song.lines:
            last = line.syllables[-1]
            playing = [c for c in song.sections[line.section].chords if c.start <= last.start + SLACK][-1]
            assert last.pitch % 12 in tones(playing)
            assert line.answer or last.length >= min(s.length for s in line.syllables)


def test_voices_stay_in_their_range_and_move_by_steps() -> None:
    for name in LEADS:
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
