"""What an epoch of a language model is made of."""

from collections.abc import Sequence

import numpy as np

from khala.corpus.data.songs import SongList, TokenSong


class Plays:
    """Every song once for each `max_frames` frames of it that have begun, with a name for each time.

    Of the plays, `frames_P`, `text_bounds_P` and `lyrics_bytes_P` are those of their songs (`SongList`).
    """

    def __init__(self, songs: Sequence[TokenSong], max_frames: int) -> None:
        self.songs, self.max_frames = songs, max_frames
        if isinstance(songs, SongList):
            sizes_3N = np.stack([songs.frames_N, songs.text_bounds_N, songs.lyrics_bytes_N])
        else:
            rows = [(song.frames, song.text_bound, len(song.lyrics.encode())) for song in songs]
            sizes_3N = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        times_N = -(-sizes_3N[0] // max_frames)
        self.frames_P, self.text_bounds_P, self.lyrics_bytes_P = np.repeat(sizes_3N, times_N, axis=1)
        self._ends_N = np.cumsum(times_N)

    def __len__(self) -> int:
        return len(self.frames_P)

    def __getitem__(self, number: int) -> tuple[TokenSong, str]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        place = int(np.searchsorted(self._ends_N, number, side="right"))
        song = self.songs[place]
        begin = (number - (int(self._ends_N[place - 1]) if place else 0)) * self.max_frames
        return song, f"{song.name} {begin}" if begin else song.name
