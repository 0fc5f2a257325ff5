"""Ground truth in codec frames."""

from dataclasses import replace

from khala.conditioning.phone_sequence import REST, UNKNOWN_PHONE
from khala.corpus.data.frames import form_fields, sung_lines, sung_phones
from khala.corpus.data.songs import TokenSong
from khala.music.chords import NO_CHORD
from khala.music.phones import PHONES


def test_lines_are_where_their_words_are() -> None:
    truth = {
        "sections": [{"name": "verse"}],
        "lines": [{"section": 0, "text": "One two"}, {"section": 0, "text": "Never sung"}],
        "words": [
            {"word": "one", "line": 0, "start": -0.1, "end": 1.0},
            {"word": "two", "line": 0, "start": 1.0, "end": 9.0},
        ],
    }
    assert sung_lines(truth, 100, 21.5) == [(0, 100, "verse", "One two")]


def test_what_is_sung_in_the_middle_of_every_frame() -> None:
    phones = [("ax", 0.05, 0.21), ("s", 0.21, 0.3), ("ey", 0.28, 0.4)]
    truth = {"phones": [{"phone": name, "start": start, "end": end} for name, start, end in phones]}
    names = [*PHONES, ""]
    assert [names[i] for i in sung_phones(truth, True, 6, 10.0)] == ["AX", "AX", "S", "EY", "", ""]
    assert sung_phones({}, False, 3, 10.0).tolist() == [REST] * 3
    assert sung_phones({}, True, 3, 10.0).tolist() == [UNKNOWN_PHONE] * 3


def test_the_form_of_a_song_is_told_in_frames() -> None:
    truth = {
        **{"frames_per_bar": 40, "beats_per_bar": 4, "key": 9, "mode": "minor"},
        "sections": [{"name": "verse", "start": 0.0, "end": 4.0}, {"name": "chorus", "start": 4.0, "end": 6.0}],
        "chords": [
            {"start": 0.0, "end": 4.0, "root": 9, "quality": "min7"},
            {"start": 4.0, "end": 5.0, "root": 5, "quality": "maj7"},
        ],
    }
    assert form_fields(truth, 20.0) == {
        **{"bar": 40, "beats": 4, "key": 21, "parts": [(0, 80, "verse"), (80, 120, "chorus")]},
        "chords": [(0, 80, 21), (80, 100, 5)],
    }
    assert form_fields({"bpm": 120.0}, 20.0) == {"parts": []}
    lines = ((0, 30, "verse", "a"), (35, 70, "verse", "b"), (78, 110, "chorus", "c"))
    song = TokenSong(
        *(1, "song-1", 120, ("pop",), "", "a\nb\nc", 6.0, "", 120.0, "pop", "shard-0000"),
        **{**form_fields(truth, 20.0), "lines": lines},
    )
    assert song.outline.lines == ((0, 40), (40, 80), (80, 120)), "a line may begin before the bar that it belongs to"
    assert (song.outline.voice, song.outline.key) == ("none", 21)
    assert song.chord_frames(78, 4).tolist() == [21, 21, 5, 5]
    assert set(song.chord_frames(100, 20)) == {NO_CHORD}
    assert set(replace(song, chords=()).chord_frames(0, 20)) == {UNKNOWN_PHONE}
