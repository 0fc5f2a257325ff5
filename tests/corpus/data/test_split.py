from khala.corpus.data.split import SONGS_PER_HELD_OUT, WORDS_PER_UNHEARD, is_held_out, is_unheard


def test_one_song_in_fifty_and_one_word_in_ten_is_held_out_for_good() -> None:
    songs = [number for number in range(20_000) if is_held_out(f"song-{number}")]
    words = [number for number in range(20_000) if is_unheard(f"w{number}")]
    assert (
        abs(len(songs) * SONGS_PER_HELD_OUT / 20_000 - 1) < 0.15
        and abs(len(words) * WORDS_PER_UNHEARD / 20_000 - 1) < 0.1
    )
    assert songs[:3] == [3, 10, 85]
    assert is_unheard("tomorrow") and not is_unheard("guitar")
