"""Swing."""

from khala.corpus.composer.compose import compose


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
