import json
from pathlib import Path

import numpy as np
import pytest

from khala.audio.files import read_audio
from khala.conditioning.outline import KEYS
from khala.music.heard import Heard
from khala.scoring import hear


def test_a_song_has_tempo_bars_and_key(sung: Path) -> None:
    truth = json.loads(sung.with_suffix(".json").read_text())["truth"]
    heard = hear(*read_audio(sung))
    assert heard.bpm == pytest.approx(truth["bpm"], rel=1e-3)
    assert heard.key == KEYS[truth["key"] + 12 * (truth["mode"] == "minor")]
    assert heard.beats_per_bar == 4 and heard.first_downbeat_seconds is not None
    assert hear(*read_audio(sung), beats_per_bar=2).beats_per_bar == 2


def test_what_is_not_music_has_none_of_them() -> None:
    noise = np.random.default_rng(1).standard_normal((2, 8 * 44100)) * 0.1
    for samples in (noise, noise * 0, noise * np.nan, noise[:, :0]):
        assert hear(samples, 44100) == Heard()
