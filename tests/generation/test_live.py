"""A take that is heard while it is made: the same take, whoever listens, and however the listening ends."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from khala.audio.fades import fade_out
from khala.audio.limiter import true_peak
from khala.conditioning.rows import CONDITION_ROWS
from khala.engine.onnx import codec
from khala.engine.onnx.engine import OnnxEngine
from khala.engine.onnx.graphs import write_graphs
from khala.engine.pytorch.engine import TorchEngine
from khala.generation import plan
from khala.generation.composition import DecidedWindow
from khala.generation.live import Closed, LiveBlock, LiveTake, News
from khala.generation.pipeline import Pipeline
from khala.generation.take import Take
from khala.models.lm.backbone import Backbone
from khala.models.lm.result import BackboneResult
from khala.models.lm.superres import Superres
from khala.models.lm.windows import Windows, windows_over
from khala.models.presets import tiny
from khala.music.errors import InvalidRequest
from khala.music.request import Sampling, SongRequest
from khala.weights import save_model
from khala.weights.digests import write_digests
from khala.weights.loading import build_codec
from khala.weights.names import digested_files
from khala.weights.opening import open_model
from khala.weights.tokenizer import Tokenizer

SUNG = SongRequest(
    tags=("pop", "female vocals"),
    lyrics="[verse]\nOver the hills",
    duration=5,
    seed=11,
    sampling=Sampling(top_k=12, guidance=2.0, superres_sampling="mean"),
)
WINDOWS = Windows(24, 4, 4, opening=12)


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """Songs of 65 frames, decoded in blocks of 12."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MARGIN", 0.6)
        patch.setattr(codec, "OPENING_FRAMES", 8)
        patch.setattr(codec, "BLOCK_FRAMES", 12)
        yield


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture(scope="module", autouse=True)
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with graphs that is shown an outline and phones and knows guidance, as Khala Mini does."""
    torch.manual_seed(3)
    folder, config = tmp_path_factory.mktemp("models") / "tiny", tiny()
    backbone = replace(config.backbone, condition_rows=CONDITION_ROWS, head_dim=16)
    prompt = replace(config.prompt, supports_guidance=True, lyrics="phones", superres_text="no_lyrics")
    config = replace(config, backbone=backbone, superres=replace(backbone, levels=8), prompt=prompt)
    parts = Backbone(config.backbone), Superres(config.superres), build_codec(config.codec)
    for tensor in (*parts[0].parameters(), *parts[1].parameters(), *parts[2].state_dict().values()):
        if tensor.is_floating_point() and tensor.dim() > 1:
            torch.nn.init.normal_(tensor, std=0.2)
    save_model(folder, config, *parts, Tokenizer.of_bytes(), "# Tiny\n")
    write_graphs(folder)
    write_digests(folder, digested_files(folder))
    return folder


Open = Callable[..., Pipeline]


@pytest.fixture(scope="module")
def onnx(tiny_model: Path) -> Open:
    def opened(threads: int, windows: Windows = WINDOWS) -> Pipeline:
        pipe = Pipeline(OnnxEngine(open_model(tiny_model), threads=threads))
        pipe.engine.windows = windows
        return pipe

    return opened


@pytest.fixture(scope="module")
def pipe(onnx: Open) -> Pipeline:
    return onnx(2)


@pytest.fixture(scope="module")
def take(pipe: Pipeline) -> Take:
    return pipe.generate(SUNG)[0]


def same(one: Take, other: Take) -> bool:
    facts = [{key: value for key, value in its.metadata.items() if key != "seconds"} for its in (one, other)]
    return (
        np.array_equal(one.codes, other.codes) and np.array_equal(one.samples, other.samples) and facts[0] == facts[1]
    )


def heard(song: LiveTake) -> tuple[list[DecidedWindow], list[LiveBlock], Take]:
    """Everything that comes of a song, once it is known to be in order."""
    news: list[News] = list(song.news())
    windows = [one for one in news if isinstance(one, DecidedWindow)]
    blocks = [one for one in news if isinstance(one, LiveBlock)]
    (result,) = (one for one in news if isinstance(one, BackboneResult))
    assert np.array_equal(result.codes, song.take.codes[:2]) and result.ended != song.take.metadata["truncated"]
    for parts in (windows, blocks):
        assert [part.first for part in parts] == [0, *(part.stop for part in parts[:-1])]
        assert parts[-1].stop == song.take.codes.shape[1]
    assert np.array_equal(np.concatenate([window.codes for window in windows], 1), song.take.codes)
    hop = song.take.samples.shape[1] // song.take.codes.shape[1]
    assert all(block.samples.shape == (2, hop * (block.stop - block.first)) for block in blocks)
    return windows, blocks, song.take


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_live_take_is_the_take(threads: int, onnx: Open, take: Take) -> None:
    windows, blocks, live = heard(onnx(threads).live(SUNG))
    assert same(live, take)
    frames = take.codes.shape[1]
    assert [(one.first, one.stop) for one in windows] == [one[1:3] for one in windows_over(frames, WINDOWS)]
    assert len(windows) > 3 and len(blocks) > 1 and blocks[-1].can_start
    assert set(live.metadata["seconds"]) == {"backbone", "superres", "decode", "finish"}
    spoken = np.concatenate([window.phone_index for window in windows])
    (result,) = onnx(threads).backbone(onnx(threads).plan_takes(SUNG))
    assert np.array_equal(spoken, result.phone_index)


@pytest.mark.parametrize(
    "changes",
    [
        {"best_of": 2},
        {"instrumental": True, "lyrics": "", "tags": ("rock",)},
        {"sampling": Sampling(superres_sampling="top_k", superres_top_k=5)},
    ],
)
def test_any_request(changes: dict[str, Any], pipe: Pipeline) -> None:
    request = replace(SUNG, **changes)
    assert same(heard(pipe.live(request))[2], pipe.generate(request)[0])


def test_the_shipped_model() -> None:
    pipe = Pipeline(OnnxEngine(open_model("mini"), threads=2))
    pipe.engine.windows = Windows(40, 4, 4, opening=24)
    request = replace(SUNG, sampling=pipe.config.sampling)
    assert same(heard(pipe.live(request))[2], pipe.generate(request)[0])


LONG = replace(
    SUNG, lyrics="[verse]\nOver the hills\nand far away\n[chorus]\nSing\n[verse]\nNobody knows\nthe way", duration=18
)


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_a_song_longer_than_the_backbone_was_trained_on(
    engine: str, onnx: Open, led: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its takes are the same one by one, live and resumed, and are judged window by window."""
    monkeypatch.setattr(plan, "MARGIN", 1.0)
    pipe = onnx(2, Windows(64, 8, 8, opening=32)) if engine == "onnx" else led
    held = pipe.engine._opened if engine == "onnx" else pipe.engine.loaded
    name = "_opened" if engine == "onnx" else "loaded"
    monkeypatch.setattr(pipe.engine, name, replace(held, config=replace(held.config, window_frames=120)))
    one, other = pipe.plan_takes(replace(LONG, takes=2))
    assert one.max_frames == 388 and len(one.windows) > 3
    assert len({tuple(window.prompt_ids) for window in one.windows}) > 2
    results = pipe.backbone([one, other])
    assert np.array_equal(pipe.backbone([other])[0].codes, results[1].codes)
    assert results[0].codes.shape[1] > 300 and not np.array_equal(results[0].codes[:, :300], results[1].codes[:, :300])
    news = list(pipe.live_take(one).news())
    (told,) = (news_ for news_ in news if isinstance(news_, BackboneResult))
    assert np.array_equal(told.codes, results[0].codes)
    known = np.concatenate([window.codes for window in news if isinstance(window, DecidedWindow)][:4], 1)
    assert np.array_equal(pipe.live_take(one, known=known).take.codes[:2], results[0].codes)
    (best,) = pipe.backbone(pipe.plan_takes(replace(LONG, best_of=2)))
    assert len({round(candidate.information, 3) for candidate in best.candidates}) == 2


def test_a_short_song(onnx: Open, take: Take) -> None:
    pipe = onnx(2, Windows(512, 32, 32, opening=216))
    windows, _, live = heard(pipe.live(SUNG))
    assert len(windows) == 1 and same(live, pipe.generate(SUNG)[0]) and not np.array_equal(live.codes, take.codes)


def test_what_is_heard_is_the_song_but_for_its_loudness(pipe: Pipeline, take: Take) -> None:
    _, blocks, live = heard(pipe.live(SUNG))
    preview = np.concatenate([block.samples for block in blocks], 1)
    raw = fade_out(pipe.engine.synthesise(live.codes), live.metadata["fade"], 44100)
    assert np.corrcoef(preview[0], raw[0])[0, 1] > 0.9, "but for the limiter, too"
    assert true_peak(preview) <= -1
    assert np.abs(np.concatenate(list(pipe.stream(SUNG)), 1) - preview).max() < 1e-4, "blocks may be others"


@pytest.mark.parametrize("windows", [WINDOWS, None])
def test_the_engine_of_torch(led: Pipeline, windows: Windows | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(led.engine, "windows", windows)
    monkeypatch.setattr(TorchEngine, "mode", "one_shot" if windows is None else "keep_loaded")
    request = SongRequest(tags=("folk",), lyrics="[verse]\nOver the hills", duration=5, seed=4)
    windows_heard, _, live = heard(led.live(request))
    assert same(live, led.generate(request)[0])
    assert len(windows_heard) == len(windows_over(live.codes.shape[1], windows))


@pytest.mark.parametrize("mode", ["keep_loaded", "one_shot"])
def test_with_one_thread_stages_take_turns(mode: str, monkeypatch: pytest.MonkeyPatch, led: Pipeline) -> None:
    """But not where each needs its part of the model in memory."""
    log: list[str] = []
    decode, refining = TorchEngine.decode, TorchEngine.refining

    def decoded(*arguments: Any, **options: Any) -> Any:
        log.append("begin")
        results = decode(*arguments, **options)
        log.append("end")
        return results

    monkeypatch.setattr(TorchEngine, "mode", mode)
    monkeypatch.setattr(TorchEngine, "decode", decoded)
    monkeypatch.setattr(TorchEngine, "refining", lambda *its: log.append("window") or refining(*its))
    monkeypatch.setattr(led.engine, "windows", WINDOWS)
    assert led.live(tags="folk", instrumental=True, duration=5, seed=1).take.codes.shape[1] > 40
    assert log[0] == "begin" and (log[1] == "window") == (mode == "keep_loaded") and log[-1] == "window"


def test_what_a_window_reads_does_not_depend_on_what_comes_after_it(pipe: Pipeline) -> None:
    plans = pipe.plan_takes(replace(SUNG, lyrics="[verse]\nOver the hills\nand far away"))
    (result,) = pipe.backbone(plans)
    whole = plans[0].refine_input(result)
    assert result.phone_index is not None and result.phone_index.any()
    for frames in range(1, result.codes.shape[1]):
        so_far = replace(result, codes=result.codes[:, :frames], phone_index=result.phone_index[:frames])
        part, its = plans[0].refine_input(so_far), whole.between(0, frames)
        assert np.array_equal(part.codes, its.codes) and np.array_equal(part.condition_ids, its.condition_ids)
        assert np.array_equal(part.uncond_condition_ids, its.uncond_condition_ids)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("windows", [1, 2, 99])
def test_a_take_that_was_interrupted_goes_on(
    onnx: Open, threads: int, windows: int, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = onnx(threads)
    (one,) = pipe.plan_takes(SUNG)
    before, _, _ = heard(pipe.live_take(one))
    known = np.concatenate([window.codes for window in before[:windows]], 1)
    begun: list[int] = []
    refining = OnnxEngine.refining
    monkeypatch.setattr(OnnxEngine, "refining", lambda *its: begun.append(its[2].start) or refining(*its))
    for result in (None, pipe.backbone([one])[0]):
        begun.clear()
        again, _, live = heard(pipe.live_take(one, result, known))
        assert same(live, take) and len(again) == len(before)
        assert begun == [window.first for window in before[windows:]], "what is known is not refined again"


def test_codes_that_were_heard_are_kept(pipe: Pipeline, take: Take) -> None:
    """Those of another processor, which may differ at ties."""
    (one,) = pipe.plan_takes(SUNG)
    known = take.codes[:, : windows_over(65, WINDOWS)[1].stop].copy()
    known[1, 5] = (known[1, 5] + 1) % 16
    live = pipe.live_take(one, known=known).take
    assert np.array_equal(live.codes[:, : known.shape[1]], known) and not same(live, take)


def test_codes_that_cannot_be_known(pipe: Pipeline, take: Take) -> None:
    (one,) = pipe.plan_takes(SUNG)
    stop = windows_over(65, WINDOWS)[0].stop
    for result, known, message in (
        (None, take.codes[:, : stop + 1], "end within a window"),
        (pipe.backbone([one])[0], (take.codes[:, :stop] + 1) % 16, "another take's"),
    ):
        with pytest.raises(ValueError, match=message):
            _ = pipe.live_take(one, result, known).take
    with pytest.raises(ValueError, match="backbone's result"):
        pipe.live_take(pipe.plan_take(replace(SUNG, best_of=2), 1), known=take.codes[:, :stop])


def test_one_take_at_a_time(pipe: Pipeline) -> None:
    with pytest.raises(InvalidRequest, match="2 were asked for"):
        pipe.live(replace(SUNG, takes=2))
    with pytest.raises(TypeError, match="tags belong in it"):
        pipe.live(SUNG, tags="folk")


class Slow:
    """Progress that takes its time, and knows which share of the windows was refined."""

    share = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == "superres":
            self.share = done / total
            time.sleep(0.02)


@pytest.mark.parametrize("threads", [1, 2])
def test_whoever_stops_listening_stops_the_work(onnx: Open, threads: int) -> None:
    pipe, slow = onnx(threads), Slow()
    with pytest.raises(ZeroDivisionError), pipe.live(replace(SUNG, duration=30), progress=slow) as song:
        for _ in song.news():
            raise ZeroDivisionError
    assert slow.share < 0.9
    with pytest.raises(Closed):
        _ = song.take
    unheard = pipe.live(SUNG)
    unheard.close()
    with pytest.raises(Closed):
        next(unheard.news())


def test_a_forgotten_take_ends(pipe: Pipeline) -> None:
    slow, before = Slow(), set(threading.enumerate())
    song = pipe.live(replace(SUNG, duration=30), progress=slow)
    next(song.news())
    threads = set(threading.enumerate()) - before
    assert threads
    del song
    gc.collect()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert slow.share < 0.9


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("part", ["refining", "synthesis", "decode", "progress"])
def test_what_fails_is_raised_where_somebody_listens(
    onnx: Open, threads: int, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = onnx(threads)

    def fail(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError

    if part == "progress":
        song = pipe.live(SUNG, progress=fail)
    else:
        monkeypatch.setattr(OnnxEngine, part, fail)
        song = pipe.live(SUNG)
    for _ in range(2):  # and stays
        with pytest.raises(ZeroDivisionError):
            list(song)


def test_progress_counts_all_stages_to_their_ends(pipe: Pipeline) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    take = pipe.live(SUNG, progress=lambda stage, *its: told.setdefault(stage, []).append(its)).take
    frames = take.codes.shape[1]
    steps = 6 * len(windows_over(frames, WINDOWS))
    assert (told["superres"][-1], told["decode"][-1]) == ((steps, steps), (frames, frames))
    assert set(told) == {"backbone", "superres", "decode", "finish"}
    for its in told.values():
        assert all(done <= total for done, total in its) and its[-1][0] == its[-1][1]
