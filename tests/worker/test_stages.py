"""The stages with files between them are the pipeline; batches fit into memory."""

import errno
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import soundfile
import torch
from adapters import write_adapter
from service import ask, tiny_model

from khala.audio.tags.cover import cover_png
from khala.audio.tags.tagging import read_tags
from khala.engine.pytorch import engine, opening
from khala.engine.pytorch.memory import need
from khala.generation import pipeline
from khala.generation.kept import KeptSong
from khala.generation.pipeline import Pipeline, load
from khala.generation.plan import TakePlan, plan_take
from khala.jobs.records import KEPT, Claim, Origin
from khala.music.errors import InvalidRequest, ModelError, StoreError
from khala.music.request import Sampling, SongRequest
from khala.music.rework import Rework
from khala.nn.precision import Formats
from khala.scoring import hear
from khala.scoring.listener import listener
from khala.weights.opening import open_model
from khala.worker.stages import PipelineStages


def claim(model: Path | str, number: int = 1, **fields: object) -> Claim:
    request = ask(**{"seed": 5, "takes": 2, **fields})
    return Claim(f"take{number}", "song", "local", number, 5, str(model), request, 1, 0)


def silent(stage: str, done: int, total: int) -> None:
    pass


def always(claim: Claim) -> bool:
    return True


def test_a_take_that_nobody_wants_any_more_costs_nothing_and_changes_nothing(singer: Path) -> None:
    stages, claims = PipelineStages("cpu", "float32"), [claim(singer, 1), claim(singer, 2)]
    whole = stages.backbone(claims, silent, always)
    left = stages.backbone(claims, silent, lambda one: one is claims[1])
    codes = [safetensors.numpy.load(made.files["backbone"][1])["codes"] for made in (left[1], whole[1])]
    np.testing.assert_array_equal(*codes)
    assert left[0].audio_seconds < 0.2 < whole[0].audio_seconds


def test_takes_are_made_with_their_adapters(singer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHALA_LORAS", str(tmp_path))
    write_adapter(tmp_path / "folk", singer, trigger="folk word", size=0.5)
    stages, plain = PipelineStages("cpu", "float32"), claim(singer)
    one = replace(plain, model=f"{singer}+folk:0.8")
    codes = []
    for each in (plain, one, plain):
        (backbone,) = stages.backbone([each], silent, always)
        codes.append(safetensors.numpy.load(backbone.files["backbone"][1])["codes"])
    assert stages.model == str(singer) and np.array_equal(codes[0], codes[2])
    assert not np.array_equal(codes[0], codes[1])
    (backbone,) = stages.backbone([one], silent, always)
    (refined,) = stages.superres([one], [backbone.files["backbone"][1]], silent)
    record = stages.render(one, backbone.files["backbone"][1], refined.files["codes"][1], silent).metadata
    assert record is not None and "folk word" in record["request"]["tags"]
    assert [(lora["name"], lora["weight"]) for lora in record["loras"]] == [("folk", 0.8)]


def test_a_full_disk_of_temporary_files_is_no_fault_of_the_take(singer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stages, one = PipelineStages("cpu", "float32"), claim(singer)
    (backbone,) = stages.backbone([one], silent, always)
    (codes,) = stages.superres([one], [backbone.files["backbone"][1]], silent)

    def full(**_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    monkeypatch.setattr("khala.worker.stages.TemporaryDirectory", full)
    with pytest.raises(StoreError, match=r"^cannot write temporary files: No space left on device$"):
        stages.render(one, backbone.files["backbone"][1], codes.files["codes"][1], silent)


@pytest.mark.parametrize("led", [False, True])
def test_files_between_stages_change_nothing(led: bool, singer: Path, tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "led", led) if led else singer
    sung = {"lyrics": "Sing it", "instrumental": False, "sampling": Sampling(guidance=2.0), "best_of": 2} if led else {}
    stages, claims = PipelineStages("cpu", "float32"), [claim(model, 1, **sung), claim(model, 2, **sung)]
    expected = load(model, "cpu", "float32", listener=listener, hearer=hear).generate(claims[0].request)
    backbones = stages.backbone(claims, silent, always)
    refined = stages.superres(claims, [backbone.files["backbone"][1] for backbone in backbones], silent)
    assert all(("phone_index" in safetensors.numpy.load(made.files["backbone"][1])) == led for made in backbones)
    for one, backbone, codes, take in zip(claims, backbones, refined, expected, strict=True):
        one = replace(one, asked_seconds=180.0) if led else one
        made = stages.render(one, backbone.files["backbone"][1], codes.files["codes"][1], silent)
        samples, rate = soundfile.read(io.BytesIO(made.files["audio.flac"][1]), dtype="float32")
        assert rate == take.rate
        np.testing.assert_allclose(samples.T, take.samples, atol=2**-23)
        assert made.metadata is not None and json.loads(made.files["metadata"][1]) == made.metadata
        more = {"seconds": 0, "asked_seconds": 180.0} if led else {"seconds": 0}
        assert {**made.metadata, "seconds": 0} == {**take.metadata, **more}
        assert ("heard" in made.metadata) != led, "tempo and key of a song without an outline"
        assert len(made.metadata.get("candidates", [])) == (2 if led else 0)
        for kind in ("audio.flac", "audio.mp3"):
            (tmp_path / kind).write_bytes(made.files[kind][1])
            said = json.loads(read_tags(tmp_path / kind)["KHALA_RECORD"])
            assert said == {name: value for name, value in made.metadata.items() if name != "seconds"}
            assert cover_png(one.song_id) in made.files[kind][1]
        with soundfile.SoundFile(io.BytesIO(made.files["audio.mp3"][1])) as mp3:
            assert mp3.format == "MP3" and mp3.frames == take.samples.shape[1]
        outline = json.loads(made.files["peaks"][1])
        assert len(outline["peaks"]) == 1000 and outline["duration"] == take.seconds == made.audio_seconds
        assert np.ptp(outline["peaks"]) > 0


def test_a_take_is_planned_alone(singer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[int] = []

    def plan(request: SongRequest, number: int, *rest: Any) -> TakePlan:
        planned.append(number)
        return plan_take(request, number, *rest)

    monkeypatch.setattr(pipeline, "plan_take", plan)
    stages, claims = PipelineStages("cpu", "float32"), [claim(singer, number, takes=4) for number in range(1, 5)]
    backbones = [made.files["backbone"][1] for made in stages.backbone(claims, silent, always)]
    assert planned == [1, 2, 3, 4], "every take once, and no other for its sake"
    codes = [made.files["codes"][1] for made in stages.superres(claims, backbones, silent)]
    assert planned == [1, 2, 3, 4] * 2
    stages.render(claims[2], backbones[2], codes[2], silent)
    assert planned == [*[1, 2, 3, 4] * 2, 3]


def test_a_model_is_loaded_once_and_freed(singer: Path) -> None:
    stages, reported = PipelineStages("cpu", "float32"), []
    for _ in range(2):
        stages.backbone([claim(singer)], lambda stage, done, total: reported.append(stage), always)
    assert reported.count("load") == 2, "begun and ended, once"
    assert stages.model == str(singer)
    stages.unload()
    assert stages.model is None


def test_what_cannot_be_made_is_refused(singer: Path) -> None:
    stages = PipelineStages("cpu", "float32")
    with pytest.raises(InvalidRequest, match="up to 30 s"):
        stages.backbone([claim(singer, duration=60)], silent, always)
    with pytest.raises(ModelError):
        stages.backbone([claim("no-model")], silent, always)
    with pytest.raises(InvalidRequest, match="not on this machine"):
        PipelineStages("cuda:99")
    with pytest.raises(InvalidRequest, match="the number format bfloat16 needs the engine torch"):
        PipelineStages("cpu", "bfloat16", engine="onnx")
    with pytest.raises(InvalidRequest, match="the model tiny, which has no graphs, needs the engine torch"):
        PipelineStages("cpu", engine="onnx").backbone([claim(singer)], silent, always)


def test_a_batch_is_as_large_as_memory_allows(singer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stages, sizes = PipelineStages("cpu", "float32"), list[int]()
    backbone = Pipeline.backbone
    monkeypatch.setattr(
        Pipeline, "backbone", lambda self, plans, *rest: sizes.append(len(plans)) or backbone(self, plans, *rest)
    )
    claims = [claim(singer, 1), claim(singer, 2), claim(singer, 1, duration=20)]
    for takes, expected in ((3, [3]), (2, [2, 1]), (1, [1, 1, 1])):
        monkeypatch.setattr(Pipeline, "takes_at_once", lambda self, seconds, takes=takes: takes)
        stages.backbone(claims, silent, always)
        assert sizes == expected
        sizes.clear()


def test_a_longer_song_may_leave_room_for_one_part_at_a_time_or_none(
    singer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages, config, cpu = PipelineStages("cpu", "float32"), open_model(singer).config, torch.device("cpu")
    long, short = (need(config, cpu, Formats.uniform(torch.float32), seconds) for seconds in (30, 5))
    assert short.keep_loaded < long.keep_loaded
    for room, mode in ((short.keep_loaded, "keep_loaded"), (long.keep_loaded - 1, "one_shot")):
        for module in (opening, engine):
            monkeypatch.setattr(module, "free_memory", lambda device, room=room: room)
        assert stages._load([claim(singer, duration=5 if mode == "keep_loaded" else 30)], silent).mode == mode
    for module in (opening, engine):
        monkeypatch.setattr(module, "free_memory", lambda device: long.one_shot - 1)
    with pytest.raises(InvalidRequest, match=r"needs .* for a song of 30 s in float32 \(one_shot\)"):
        stages._load([claim(singer, duration=30)], silent)
    assert PipelineStages("cpu", "float32", "one_shot")._mode == "one_shot"


def test_codes_of_another_model_are_not_reworked(singer: Path) -> None:
    kept = KeptSong(np.zeros((8, 90), np.int16), "0" * 64, 0.0, True)
    one = replace(claim(singer), origin=Origin("parent", Rework("vary")), sources={KEPT: kept.to_bytes()})
    with pytest.raises(InvalidRequest, match=r"by the model .* 000000000000, which is"):
        PipelineStages("cpu", "float32").backbone([one], silent, always)
