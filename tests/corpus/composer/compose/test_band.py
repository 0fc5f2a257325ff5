"""The band: playable, steady, and with the tune where nobody sings."""

from itertools import pairwise

from composed import SLACK, SONGS, STRUMMED_SECONDS, spans

from khala.corpus.composer.compose.styles.base import INSTRUMENTS


def test_notes_are_playable_and_inside_the_song() -> None:
    for song in SONGS:
        end = song.bars * song.beats_per_bar
        for part in song.parts:
            assert part.notes and (part.drums or part.program in INSTRUMENTS)
            for note in part.notes:
                assert note.start >= 0 and note.length > 0
                assert note.start + note.length <= end + STRUMMED_SECONDS / song.beat_seconds
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


def test_instrumentals_carry_the_tune_on_a_lead() -> None:
    for song in SONGS:
        if not song.voice:
            assert song.lyrics == "" and song.lines == ()
            lead = next(part for part in song.parts if part.name == "lead")
            for section, (begin, end) in zip(song.sections, spans(song), strict=True):
                if section.name in ("verse", "chorus"):
                    assert any(begin <= note.start < end for note in lead.notes)
