"""Two short songs of the corpus, with their truth: one sung, one instrumental."""

from pathlib import Path

import pytest

from khala.corpus.compose import LEXICON, compose
from khala.corpus.manifest import write_song
from khala.corpus.render import render
from khala.corpus.voice import VoiceBank


@pytest.fixture(scope="session")
def sung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Audio of a sung pop song that no listener was fitted to."""
    return _song(tmp_path_factory.mktemp("sung"), 77_000_001, "female")


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Audio of an instrumental pop song."""
    return _song(tmp_path_factory.mktemp("played"), 77_000_002, "")


def _song(folder: Path, seed: int, vocal: str) -> Path:
    score = compose(seed, seconds=16, style="pop", vocal=vocal)
    return write_song(folder, score, render(score, VoiceBank(LEXICON))).with_suffix(".flac")
