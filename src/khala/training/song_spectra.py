"""Songs as the recogniser of sung phones is trained on them: spectra, and the phones of their truth."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from khala.audio.files import read_audio
from khala.audio.replacing import replacing
from khala.models.codec.base import Codec
from khala.models.recogniser.features import PHONE_FRAMES_PER_SECOND, features
from khala.music.phones import PHONES

CODED_LEVELS = (2, 8, 64)
"""Numbers of levels with which songs are coded."""
SONGS_PER_CODED = 9
"""One song in nine is kept coded, too."""


@dataclass(frozen=True)
class PhoneSpans:
    """The phones of a song: class numbers, 1 and up, and when each begins and ends in seconds."""

    classes: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    def labels(self, first: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the class of each of `length` frames from number `first` on, and the phones whose middle is there."""
        starts, ends = self.starts * PHONE_FRAMES_PER_SECOND - first, self.ends * PHONE_FRAMES_PER_SECOND - first
        frames = np.zeros(length, dtype=np.int64)
        for number, start, end in zip(self.classes, starts, ends, strict=True):
            if end > 0 and start < length:
                frames[max(round(start), 0) : max(round(end), 0)] = number
        middle = (starts + ends) / 2
        return frames, self.classes[(middle >= 0) & (middle < length)]


class SongSpectra:
    """Spectra of songs, computed at first use and kept in `folder`."""

    def __init__(self, codec: Codec, folder: Path) -> None:
        self.codec, self.folder = codec, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._phones: dict[Path, PhoneSpans] = {}

    def features(self, song: Path, levels: int) -> np.ndarray:
        """Read float16 [S, 2 MEL_BANDS] of the song at that path, coded with `levels` levels (0: not coded)."""
        kept = self.folder / f"{song.stem}-{levels}.npy"
        if not kept.exists():
            samples, _ = read_audio(song)
            if levels:
                with torch.inference_mode():
                    coded = self.codec.decode(self.codec.encode(torch.from_numpy(samples)[None], levels))[0]
                samples = coded[:, : samples.shape[1]].numpy()
            with replacing(kept) as part, part.open("wb") as file:
                np.save(file, features(samples).astype(np.float16))
        found: np.ndarray = np.load(kept, mmap_mode="r")
        return found

    def prepare(self, songs: Sequence[Path]) -> None:
        """Compute all spectra of the songs that are not there yet."""
        for song in songs:
            for levels in {0, coded_levels(song)}:
                self.features(song, levels)

    def phones(self, song: Path) -> PhoneSpans:
        """Read the phones of the song's truth, in the order of its lines."""
        if song not in self._phones:
            phones = json.loads(song.with_suffix(".json").read_text(encoding="utf-8"))["truth"]["phones"]
            self._phones[song] = PhoneSpans(
                np.array([1 + PHONES.index(phone["phone"].upper()) for phone in phones], dtype=np.int64),
                np.array([phone["start"] for phone in phones], dtype=np.float64),
                np.array([phone["end"] for phone in phones], dtype=np.float64),
            )
        return self._phones[song]


def coded_levels(song: Path) -> int:
    """Return the number of levels with which a song is kept coded, 0 for one that is not: its number decides."""
    number = int(song.stem.removeprefix("song-"))
    return 0 if number % SONGS_PER_CODED else CODED_LEVELS[number // SONGS_PER_CODED % len(CODED_LEVELS)]
