"""A take that is heard while it is made is the take; what is stored on the way is enough to go on from."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from safetensors.numpy import load
from service import ask, samples_digest, tiny_model

from khala.audio.wav_stream import pcm, wav_header
from khala.engine.onnx.engine import OnnxEngine
from khala.generation.pace import Pace
from khala.generation.pipeline import Pipeline
from khala.generation.pipeline import load as load_pipeline
from khala.jobs.claims import ClaimLost
from khala.jobs.records import HEARD, WINDOW, WORDS, Claim
from khala.jobs.stages import Left, StageOutput
from khala.models.lm.windows import Windows
from khala.worker.live import wall_seconds, whole_progress
from khala.worker.stages import PipelineStages

WORDS_SUNG = "[verse]\nOver the hills\nand far away"
KINDS = ["audio.flac", "audio.mp3", "codes", "kept", "metadata", "peaks"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny", led=True, graphs=True)


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Songs of several windows, which can be heard from their first block on."""
    monkeypatch.setattr(OnnxEngine, "windows", Windows(48, 8, 8, opening=24))
    monkeypatch.setattr("khala.engine.onnx.codec.OPENING_FRAMES", 16)
    monkeypatch.setattr("khala.engine.onnx.codec.BLOCK_FRAMES", 24)
    monkeypatch.setattr(Pace, "can_start", lambda self, heard, *rest: heard > 0)


def claim(model: Path, **fields: object) -> Claim:
    request = ask(**{"seed": 5, "lyrics": WORDS_SUNG, "instrumental": False, **fields})
    return Claim("take", "song", "local", 1, 5, str(model), request, 1, 0)


def silent(stage: str, done: int, total: int) -> None:
    pass


class Kept:
    """What was stored on the way; its owner may lose the take at some part."""

    def __init__(self, most: int = 10**6) -> None:
        self.files: dict[str, bytes] = {}
        self._most = most

    def __call__(self, part: StageOutput) -> None:
        if len(self.files) >= self._most:
            raise ClaimLost
        assert not set(part.files) & set(self.files), "nothing is stored twice"
        assert part.seconds == {} and part.metadata is None and part.audio_seconds > 0
        self.files |= {kind: content for kind, (_, content) in part.files.items()}

    def of(self, kind: str) -> list[bytes]:
        its = [name for name in self.files if name.startswith(kind)]
        assert its == [f"{kind}{number}" for number in range(len(its))]
        return [self.files[name] for name in its]

    @property
    def left(self) -> Left:
        heard = self.of(HEARD)
        return Left(self.files.get("backbone"), self.of(WINDOW), len(heard), sum(map(len, heard)))


def samples(stream: bytes) -> np.ndarray[Any, Any]:
    """The samples [n, 2] of a WAV stream of unknown length, 24 bits."""
    assert stream.startswith(wav_header(44100)) and (len(stream) - 44) % 6 == 0
    raw = np.frombuffer(stream[44:], np.uint8).reshape(-1, 2, 3).astype(np.int32)
    return ((raw[..., 0] | raw[..., 1] << 8 | raw[..., 2] << 16) ^ 1 << 23) - (1 << 23)


def heard(pipe: Pipeline, one: Claim) -> np.ndarray[Any, Any]:
    """What is heard of a take by whoever makes it without a service."""
    with pipe.live_take(pipe.plan_take(one.request, one.number)) as song:
        return samples(wav_header(44100) + b"".join(pcm(block.samples) for block in song))


def assert_same(made: StageOutput, expected: StageOutput) -> None:
    """The files of two ways to make a take are the same but for the seconds that they took."""
    assert sorted(made.files) == KINDS and made.metadata is not None and expected.metadata is not None
    assert {**made.metadata, "seconds": 0} == {**expected.metadata, "seconds": 0}
    assert samples_digest(made.files["audio.flac"][1]) == samples_digest(expected.files["audio.flac"][1])
    assert made.files["peaks"] == expected.files["peaks"]


def stage_by_stage(stages: PipelineStages, one: Claim) -> StageOutput:
    (backbone,) = (made.files["backbone"][1] for made in stages.backbone([one], silent, lambda claim: True))
    (codes,) = (made.files["codes"][1] for made in stages.superres([one], [backbone], silent))
    made = stages.render(one, backbone, codes, silent)
    return replace(made, files={**made.files, "codes": ("", codes)})


@pytest.mark.parametrize("best_of", [1, 2])
def test_a_live_take_is_the_take_and_what_is_stored_of_it_is_what_is_heard(model: Path, best_of: int) -> None:
    stages, one, kept = PipelineStages("cpu"), claim(model, best_of=best_of), Kept()
    expected = stage_by_stage(stages, one)
    made = stages.live(one, Left(), silent, kept)
    assert_same(made, expected)
    codes = load(made.files["codes"][1])["codes"]
    assert np.array_equal(codes, load(expected.files["codes"][1])["codes"])
    assert np.array_equal(np.concatenate([load(window)["codes"] for window in kept.of(WINDOW)], 1), codes)
    assert len(kept.of(WINDOW)) > 2 and len(kept.of(HEARD)) > 2
    result = load(kept.files["backbone"])
    assert np.array_equal(result["codes"], codes[:2]) and ("candidates" in result) == (best_of > 1)
    stream, preview = samples(b"".join(kept.of(HEARD))), heard(load_pipeline(model), one)
    assert stream.shape == preview.shape == (soundfile.info(io.BytesIO(made.files["audio.flac"][1])).frames, 2)
    assert np.abs(stream - preview).max() < 1e-4 * 2**23, "blocks may be others, and the limiter with them"
    assert set(made.seconds) == {"backbone", "superres", "decode", "finish"}


@pytest.mark.parametrize("most", [0, 2, 6])
def test_a_take_whose_worker_was_killed_goes_on(model: Path, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stages, one, whole, first = PipelineStages("cpu"), claim(model), Kept(), Kept(most)
    expected = stages.live(one, Left(), silent, whole)
    with pytest.raises(ClaimLost):
        stages.live(one, Left(), silent, first)
    left, second = first.left, Kept()
    second.files = dict(first.files)
    begun: list[int] = []
    refining = OnnxEngine.refining
    monkeypatch.setattr(OnnxEngine, "refining", lambda *its: begun.append(its[2].start) or refining(*its))
    made = stages.live(one, left, silent, second)
    assert_same(made, expected)
    assert len(begun) == len(whole.of(WINDOW)) - len(left.windows), "what was decided is not refined again"
    assert second.of(WINDOW) == whole.of(WINDOW)
    difference = samples(b"".join(second.of(HEARD))) - samples(b"".join(whole.of(HEARD)))
    assert np.abs(difference).max() < 1e-4 * 2**23


def test_windows_of_another_version_are_not_gone_on_from(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stages, one, whole, first = PipelineStages("cpu"), claim(model), Kept(), Kept(4)
    with pytest.raises(ClaimLost):
        stages.live(one, Left(), silent, first)
    assert first.left.windows
    monkeypatch.setattr(OnnxEngine, "windows", Windows(56, 8, 8, opening=28))
    expected = stages.live(one, Left(), silent, whole)
    second = Kept()
    second.files = dict(first.files)
    assert_same(stages.live(one, first.left, silent, second), expected)
    assert second.of(WINDOW) == first.of(WINDOW), "those of two versions are not mixed"


def test_words_are_known_as_far_as_they_can_be_heard(model: Path) -> None:
    stages, one, kept = PipelineStages("cpu"), claim(model, duration=8), Kept()
    made = stages.live(one, Left(), silent, kept)
    told = [json.loads(words) for words in kept.of(WORDS)]
    assert len(told) == len(kept.of(HEARD)) and made.metadata is not None
    record: Sequence[dict[str, Any]] = made.metadata["lyrics"]
    for lines in told:
        assert [line["text"] for line in lines] == ["Over the hills", "and far away"]
        assert not any(line["sung"] is False for line in lines), "what is not sung yet is not left out"
    starts = [[word["start"] for line in lines for word in line["words"]] for lines in told]
    known = [sum(start is not None for start in its) for its in starts]
    assert known == sorted(known) and known[0] < known[-1]
    assert starts[-1] == [word["start"] for line in record for word in line["words"]]
    assert all(early in (late, None) for early, late in zip(starts[0], starts[-1], strict=True))


def test_a_model_that_times_no_words_has_none(tmp_path: Path) -> None:
    kept = Kept()
    model = tiny_model(tmp_path / "plain", graphs=True)
    PipelineStages("cpu").live(claim(model, lyrics="", instrumental=True), Left(), silent, kept)
    assert kept.of(HEARD) and not kept.of(WORDS)


def test_nothing_is_heard_before_playback_can_start(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "can_start", lambda self, heard, *rest: heard > 40)
    kept, whole = Kept(), Kept()
    PipelineStages("cpu").live(claim(model), Left(), silent, kept)
    monkeypatch.setattr(Pace, "can_start", lambda *its: False)
    PipelineStages("cpu").live(claim(model), Left(), silent, whole)
    assert len(samples(kept.of(HEARD)[0])) > 40 * 2048 and len(kept.of(HEARD)) > 1
    assert len(whole.of(HEARD)) == 1 and len(whole.of(HEARD)[0]) == sum(map(len, kept.of(HEARD)))


def test_who_can_be_live(model: Path, singer: Path) -> None:
    stages = PipelineStages("cpu")
    for _ in range(2):
        assert [stages.can_be_live(str(name)) for name in (model, "mini", singer, "no-model")] == [
            True,
            True,
            *[False] * 2,
        ]
    assert not PipelineStages("cpu", engine="torch").can_be_live(str(model))
    assert isinstance(load_pipeline(model).engine, OnnxEngine)


def test_the_progress_of_stages_side_by_side_is_that_of_all() -> None:
    told: list[tuple[str, float]] = []
    tell = whole_progress(lambda stage, done, total: told.append((stage, done / total)))
    for stage, done in (("backbone", 0.5), ("superres", 1.0), ("backbone", 1.0), ("decode", 1.0), ("finish", 1.0)):
        tell(stage, round(10 * done), 10)
    assert told[:3] == [("backbone", 0.5), ("backbone", pytest.approx(0.917)), ("decode", 0.0)]
    assert told[-2:] == [("finish", 0.0), ("finish", 1.0)]


def test_estimates_count_the_time_that_passes() -> None:
    assert wall_seconds({"backbone": 3.0, "superres": 1.0}, 2.0) == {"backbone": 1.5, "superres": 0.5}
