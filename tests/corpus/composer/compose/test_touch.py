"""Touch: steady imprecision, strums and swells."""

from itertools import pairwise

from composed import DRAWN, EARLY_SECONDS, SONGS, STRUMMED_SECONDS

from khala.corpus.composer.compose import STYLES, compose


def test_players_are_imprecise_in_the_same_way_every_second_bar_and_machines_are_not() -> None:
    for song in SONGS:
        section = next(s for s in song.sections if s.name == "chorus")
        two = 2 * song.beats_per_bar
        begin = section.start_bar * song.beats_per_bar
        early = EARLY_SECONDS / song.beat_seconds
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
            assert grid * song.beat_seconds < STRUMMED_SECONDS
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
