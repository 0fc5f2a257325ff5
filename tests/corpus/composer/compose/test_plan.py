"""Plans: form, metre and harmony of songs."""

from itertools import pairwise

from composed import DRAWN, SONGS, STRUMMED_SECONDS, spans

from khala.corpus.composer.compose import STYLES, compose
from khala.corpus.composer.compose.harmony import tones
from khala.corpus.composer.compose.lexicon import unheard
from khala.corpus.data.split import is_held_out


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
        assert ringing and max(note.start for note in ringing) - last.start < STRUMMED_SECONDS / song.beat_seconds
        assert {note.pitch % 12 for note in ringing} <= set(tones(last))


def test_words_that_are_held_out_are_sung_in_held_out_songs_alone() -> None:
    held_out = [seed for seed in range(400) if is_held_out(f"song-{seed}")]
    apart = [song for song in map(compose, held_out) if song.words_from == "unheard"]
    assert len(apart) >= 2
    assert all(any(word in unheard() for line in song.lines for word in line.words) for song in apart)
    assert not unheard() & {word for song in DRAWN if song not in apart for line in song.lines for word in line.words}
    assert {song.words_from for song in DRAWN if song.voice} >= {"phrases", "templates"}
