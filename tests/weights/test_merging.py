"""Merged models: songs' weights as with --lora, and the base again, bit by bit."""

from pathlib import Path

import pytest
import torch
from adapters import write_adapter

from khala.music.errors import KhalaError, ModelError, OutputError
from khala.music.loras import Lora
from khala.nn.precision import Formats
from khala.weights import load_model
from khala.weights.loading import load_parts
from khala.weights.merging import DIFFERENCES, merge, unmerge
from khala.weights.names import verified_digest
from khala.weights.opening import OpenModel, open_model


@pytest.fixture
def adapted(folder: Path, tmp_path: Path) -> OpenModel:
    names = [str(write_adapter(tmp_path / name, folder, seed=seed)) for name, seed in (("a", 1), ("b", 2))]
    return open_model(folder, loras=[Lora(names[0], 0.7), Lora(names[1])])


def test_a_merged_model_holds_what_both_engines_compute_with(adapted: OpenModel, tmp_path: Path) -> None:
    digest = merge(adapted, tmp_path / "merged")
    assert digest == verified_digest(tmp_path / "merged") != adapted.digest
    merged = load_model(tmp_path / "merged")
    added = load_parts(adapted, "cpu", Formats.uniform(torch.float32))
    for ours, theirs in ((merged.backbone, added.backbone), (merged.superres, added.superres)):
        assert all(map(torch.equal, ours.state_dict().values(), theirs.state_dict().values()))


def test_unmerging_gives_the_base_back(adapted: OpenModel, folder: Path, tmp_path: Path) -> None:
    merge(adapted, tmp_path / "merged")
    assert unmerge(tmp_path / "merged", tmp_path / "base") == adapted.digest
    ours = {path.name: path.read_bytes() for path in (tmp_path / "base").iterdir()}
    assert ours == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_cannot_be_had_back_is_refused(adapted: OpenModel, folder: Path, tmp_path: Path) -> None:
    merge(adapted, tmp_path / "merged")
    with pytest.raises(ModelError, match="not a merged model"):
        unmerge(folder, tmp_path / "base")
    (tmp_path / "merged" / DIFFERENCES).write_bytes(b"cut")
    with pytest.raises(ModelError, match="not a merged model"):
        unmerge(tmp_path / "merged", tmp_path / "base")
    assert not (tmp_path / "base").exists() and not list(tmp_path.glob(".*.part"))


def test_nothing_is_overwritten_or_merged_twice(adapted: OpenModel, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there already"):
        merge(adapted, folder)
    merge(adapted, tmp_path / "merged")
    with pytest.raises(KhalaError, match="holds adapters already"):
        merge(open_model(tmp_path / "merged"), tmp_path / "twice")
