"""Spectra and phones of songs: computed once, coded for a few, labels where the phones are."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from khala.audio.files import write_audio
from khala.models.recogniser.features import PHONE_FRAMES_PER_SECOND
from khala.music.phones import PHONES
from khala.training.song_spectra import SongSpectra, coded_levels


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Fourteen songs of a second of noise, each with two phones."""
    folder = tmp_path_factory.mktemp("corpus")
    phones = [{"phone": "aa", "start": 0.25, "end": 0.5}, {"phone": "s", "start": 0.5, "end": 0.75}]
    for seed in range(1, 15):
        noise = np.random.default_rng(seed).uniform(-0.3, 0.3, (2, 44100)).astype(np.float32)
        write_audio(folder / f"song-{seed}.flac", noise, 44100)
        (folder / f"song-{seed}.json").write_text(json.dumps({"truth": {"phones": phones}}))
    return sorted(folder.glob("*.flac"))


def test_few_songs_are_coded_and_none_twice(songs: list[Path], tmp_path: Path) -> None:
    assert {coded_levels(song) for song in songs} == {0, 8}  # of the numbers 1 to 14, 9 alone
    calls = []
    codec = SimpleNamespace(encode=lambda samples, levels: calls.append(levels) or samples, decode=lambda codes: codes)
    spectra = SongSpectra(codec, tmp_path)  # type: ignore[arg-type]
    spectra.prepare(songs)
    spectra.prepare(songs)
    assert calls == [8] and len(list(tmp_path.iterdir())) == 15


def test_labels_lie_where_the_phones_are(songs: list[Path], tmp_path: Path) -> None:
    spans = SongSpectra(SimpleNamespace(), tmp_path).phones(songs[0])  # type: ignore[arg-type]
    frames, phones = spans.labels(0, round(PHONE_FRAMES_PER_SECOND))
    assert [PHONES[number - 1] for number in phones] == ["AA", "S"]
    middle = [PHONES[frames[round(seconds * PHONE_FRAMES_PER_SECOND)] - 1] for seconds in (0.375, 0.625)]
    assert middle == ["AA", "S"] and frames[0] == frames[-1] == 0
    later, phones = spans.labels(round(0.5 * PHONE_FRAMES_PER_SECOND), 8)
    assert [PHONES[number - 1] for number in phones] == ["S"]
    assert PHONES[later[3] - 1] == "S"
