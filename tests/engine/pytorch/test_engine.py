from dataclasses import replace
from typing import Any

import pytest

from khala.engine.pytorch import engine as module
from khala.engine.pytorch.engine import TorchEngine
from khala.models.config import Imported, Origin
from khala.models.lm.windows import SONG_WINDOWS
from khala.weights import LoadedModel


def test_imported_models_see_a_song_as_a_whole(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(module, "refine", lambda *inputs, windows, row_work: seen.append(windows))
    part = Imported(1000, "single", "not a doubled one")
    imported = replace(loaded, config=replace(loaded.config, origin=Origin(part, part, "dac.ckpt")))
    for model in (loaded, imported):
        TorchEngine(model).refine([])
    assert seen == [SONG_WINDOWS, None]
