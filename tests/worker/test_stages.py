"""The stages with files between them are the pipeline; batches fit into memory."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from service import ask

from khala.generation.pipeline import load
from khala.jobs.records import Claim
from khala.music.errors import InvalidRequest, ModelError
from khala.worker import memory
from khala.worker.stages import COLUMNS, PipelineStages


def claim(model: Path | str, number: int = 0, **fields: object) -> Claim:
    request = ask(seed=5, takes=2, **fields)
    return Claim(f"take{number}", "song", "local", number, 5, str(model), request, 1, 0)


def silent(stage: str, done: int, total: int) -> None:
    pass


def test_files_between_stages_change_nothing(singer: Path) -> None:
    stages, claims = PipelineStages("cpu", "float32"), [claim(singer, 0), claim(singer, 1)]
    expected = load(singer, "cpu", "float32").generate(claims[0].request)
    for one, backbone, take in zip(claims, stages.backbone(claims, silent), expected, strict=True):
        codes = stages.superres(one, backbone.files["backbone"][1], silent)
        made = stages.render(one, backbone.files["backbone"][1], codes.files["codes"][1], silent)
        samples, rate = soundfile.read(io.BytesIO(made.files["audio.flac"][1]), dtype="float32")
        assert rate == take.rate
        np.testing.assert_allclose(samples.T, take.samples, atol=2**-23)
        assert made.metadata is not None and json.loads(made.files["metadata"][1]) == made.metadata
        assert {**made.metadata, "seconds": 0} == {**take.metadata, "seconds": 0}
        outline = json.loads(made.files["peaks"][1])
        assert len(outline["peaks"]) == COLUMNS and outline["duration"] == take.seconds == made.audio_seconds
        assert np.ptp(outline["peaks"]) > 0


def test_a_model_is_loaded_once_and_freed(singer: Path) -> None:
    stages, told = PipelineStages("cpu", "float32"), []
    for _ in range(2):
        stages.backbone([claim(singer)], lambda stage, done, total: told.append(stage))
    assert told.count("load") == 2, "begun and ended, once"
    assert stages.model == str(singer)
    stages.unload()
    assert stages.model is None


def test_what_cannot_be_made_is_refused(singer: Path) -> None:
    stages = PipelineStages("cpu", "float32")
    with pytest.raises(InvalidRequest, match="up to 30 s"):
        stages.backbone([claim(singer, duration=60)], silent)
    with pytest.raises(ModelError):
        stages.backbone([claim("no-model")], silent)
    with pytest.raises(InvalidRequest, match="not on this machine"):
        PipelineStages("cuda:99")


def test_a_batch_takes_no_more_than_its_share_of_memory(singer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = load(singer, "cpu", "float32")
    works = [*pipeline.works(ask(seed=1, takes=2)), *pipeline.works(ask(seed=2, duration=20))]
    assert memory.free_bytes(torch.device("cpu")) > 0
    longest = memory.positions(works[2]) * memory.bytes_per_position(pipeline)
    for fitting, sizes in ((3.1, [3]), (2.1, [2, 1]), (0.1, [1, 1, 1])):
        free = fitting * longest / memory.SHARE
        monkeypatch.setattr(memory, "free_bytes", lambda device, free=free: free)
        assert [len(batch) for batch in memory.batches(pipeline, works)] == sizes
