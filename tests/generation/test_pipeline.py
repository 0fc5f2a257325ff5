"""The pipeline: a request in, takes out, each the same whatever stands beside it, and a record that makes it again."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import khala
from khala.audio.files import read_audio
from khala.audio.samples import Samples
from khala.conditioning.form import plan_form
from khala.conditioning.phone_sequence import REST
from khala.engine.pytorch import engine
from khala.engine.pytorch.device import choose_device, choose_dtype
from khala.engine.pytorch.engine import TorchEngine
from khala.engine.pytorch.memory import need
from khala.generation import pipeline as module
from khala.generation.pipeline import Pipeline, load
from khala.generation.take import Take
from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.presets import mini
from khala.music.errors import InvalidRequest, ModelError, OutputError
from khala.music.heard import Heard
from khala.music.request import Sampling, SongRequest
from khala.music.seeds import take_seed
from khala.music.timing import TimedLine, TimedWord
from khala.weights import LoadedModel

REQUEST = SongRequest(tags=("folk", "slow tempo"), lyrics="[verse]\nOver the hills", duration=5, seed=11)


@pytest.fixture(scope="module")
def pipe(loaded: LoadedModel) -> Pipeline:
    """Songs of at most a second: what the context leaves."""
    return shortened(Pipeline(TorchEngine(loaded)))


@pytest.fixture(scope="module")
def take(pipe: Pipeline) -> Take:
    return pipe.generate(REQUEST)[0]


def with_config(pipe: Pipeline, config: ModelConfig) -> Pipeline:
    return Pipeline(TorchEngine(replace(pipe.engine.loaded, config=config)))


def shortened(pipe: Pipeline) -> Pipeline:
    config = pipe.config
    prompt = replace(config.prompt, backbone_limit=96, superres_limit=96)
    return with_config(pipe, replace(config, prompt=prompt, backbone=replace(config.backbone, context=128)))


def test_a_song(take: Take) -> None:
    frames = take.codes.shape[1]
    assert take.codes.shape[0] == 8 and take.codes.dtype == np.int16
    assert take.codes.min() >= 0 and take.codes.max() < 16
    assert take.samples.shape == (2, 2048 * frames) and take.samples.dtype == np.float32
    assert np.isfinite(take.samples).all() and np.abs(take.samples).max() <= 1
    assert take.rate == 44100 and take.seconds == pytest.approx(frames * 2048 / 44100)


def test_the_record_holds_all_that_is_needed(take: Take, pipe: Pipeline) -> None:
    record = json.loads(json.dumps(take.metadata))
    assert record["model"] == {"name": "tiny", "digest": pipe.engine.digest, "license": "Apache-2.0"}
    assert record["versions"]["khala"] == khala.__version__ and record["versions"]["torch"] == torch.__version__
    assert (record["engine"], record["device"], record["dtype"]) == ("torch", "cpu", "float32")
    assert record["frames"] == take.codes.shape[1] and record["duration"] == round(take.seconds, 3)
    if record["truncated"]:
        assert record["frames"] == record["max_frames"] and record["fade"] == 1.5
    assert record["fade"] in (0.01, 1.5)
    assert set(record["seconds"]) == {"backbone", "superres", "decode", "finish"}
    assert {"loudness", "true_peak", "gain"} <= record.keys()
    again = pipe.generate(SongRequest.from_dict(record["request"]))[record["take"] - 1]
    assert np.array_equal(again.samples, take.samples)


def test_a_take_does_not_depend_on_its_company(pipe: Pipeline, take: Take) -> None:
    three = pipe.generate(replace(REQUEST, takes=3))
    assert np.array_equal(three[0].samples, take.samples) and np.array_equal(three[0].codes, take.codes)
    assert not np.array_equal(three[1].codes, three[2].codes)
    alone = pipe.generate(replace(REQUEST, seed=three[2].metadata["seed"]))[0]
    assert np.array_equal(alone.samples, three[2].samples)
    assert [t.metadata["take"] for t in three] == [1, 2, 3]


OTHERS = (
    SongRequest(prompt="a waltz", instrumental=True, duration=6, seed=5, sampling=Sampling(1.3, 3, 0.8, 2)),
    SongRequest(tags=("rock",), lyrics="[chorus]\n" + "la " * 20, duration=5, takes=2, seed=9),
)


def test_stages_run_apart_and_in_the_company_of_other_requests_give_the_same_samples(pipe: Pipeline) -> None:
    requests = (REQUEST, *OTHERS)
    alone = [take for request in requests for take in pipe.generate(request)]
    plans = [plan for request in requests for plan in pipe.plan_takes(request)]
    results = pipe.backbone(plans)
    codes = pipe.superres(plans, results)
    for i, expected in enumerate(alone):
        (plan,) = [
            plan for plan in pipe.plan_takes(plans[i].request) if plan.number == plans[i].number
        ]  # as after a restart
        take = pipe.render(plan, codes[i], results[i], {"backbone": 1.5, "superres": 2.5})
        assert np.array_equal(take.samples, expected.samples)
        assert set(take.metadata["seconds"]) == set(expected.metadata["seconds"])
        record = take.metadata | {"seconds": expected.metadata["seconds"]}
        assert record == expected.metadata and take.metadata["seconds"]["superres"] == 2.5


def test_an_aligner_finds_the_words_where_the_model_does_not_know_them(pipe: Pipeline, take: Take) -> None:
    assert take.lyrics_timed is None and take.metadata["lyrics_timed_by"] is None

    def aligner(samples: Samples, rate: int, lyrics: str) -> list[TimedLine]:
        assert samples.shape[0] == 2 and rate == 44100 and lyrics == REQUEST.lyrics
        return [TimedLine("Over the hills", 2, "verse", 0.1, 0.4, True, (TimedWord("Over", 0.1, 0.2),))]

    aligned = Pipeline(pipe.engine, aligner=aligner)
    heard = aligned.generate(REQUEST)[0]
    assert np.array_equal(heard.samples, take.samples)
    assert heard.lyrics_timed == aligner(heard.samples, 44100, REQUEST.lyrics)
    assert (heard.metadata["lyrics_timed_by"], heard.metadata["unsung_lines"]) == ("recogniser", None)
    assert aligned.generate(tags="folk", duration=5)[0].lyrics_timed is None, "nobody sings"


def test_music_is_heard_where_no_outline_is_followed(pipe: Pipeline, take: Take, led: Pipeline) -> None:
    assert "heard" not in take.metadata, "nobody listens"

    def hearer(samples: Samples, rate: int) -> Heard:
        assert samples.shape[0] == 2 and rate == 44100
        return known

    known, listening = Heard(99.514, 4, 0.2, "F# minor"), Pipeline(pipe.engine, hearer=hearer)
    heard = listening.generate(REQUEST)[0]
    assert np.array_equal(heard.samples, take.samples)
    assert heard.metadata["heard"] == {"bpm": 99.51, "key": "F# minor"}
    known = Heard(key="F# minor")
    assert listening.generate(REQUEST)[0].metadata["heard"] == {"key": "F# minor"}
    known = Heard()
    assert "heard" not in listening.generate(REQUEST)[0].metadata
    known = Heard(bpm=100.0)
    (planned,) = Pipeline(shortened(led).engine, hearer=lambda samples, rate: known).generate(REQUEST)
    assert planned.metadata["outline"] and "heard" not in planned.metadata


def test_without_a_seed_there_are_no_plans(pipe: Pipeline) -> None:
    with pytest.raises(ValueError, match="with_seed"):
        pipe.plan_takes(replace(REQUEST, seed=None))


def test_seeds() -> None:
    assert take_seed(7, 1) == 7
    seeds = {take_seed(seed, i) for seed in (0, 1, 2**63 - 1) for i in range(1, 17)}
    later = {take_seed(seed, i) for seed in (0, 1, 2**63 - 1) for i in range(2, 17)}
    assert len(seeds) == 48 and all(0 <= seed < 2**53 for seed in later)


def test_without_a_seed_one_is_drawn_and_recorded(pipe: Pipeline) -> None:
    first, second = (pipe.generate(tags="folk", duration=5)[0] for _ in range(2))
    assert first.metadata["request"]["seed"] == first.metadata["seed"] != second.metadata["seed"]
    assert not np.array_equal(first.codes, second.codes)


def test_fields_are_a_request_with_the_model_s_sampling(pipe: Pipeline, take: Take) -> None:
    fields = {"tags": "folk, slow tempo", "lyrics": REQUEST.lyrics, "duration": 5, "seed": 11}
    assert np.array_equal(pipe.generate(**fields)[0].samples, take.samples)
    cold = with_config(pipe, replace(pipe.config, sampling=Sampling(top_k=1, superres_top_k=1)))
    assert cold.generate(**fields)[0].metadata["request"]["sampling"]["top_k"] == 1
    with pytest.raises(TypeError, match="takes belong in it"):
        pipe.generate(REQUEST, takes=2)
    with pytest.raises(InvalidRequest, match="duration"):
        pipe.generate(tags="folk", duration=-1)


def test_lengths(loaded: LoadedModel, take: Take) -> None:
    frames = (128 - take.metadata["prompt_tokens"]["backbone"] - 1) // 2
    assert take.codes.shape[1] <= take.metadata["max_frames"] == frames
    assert take.metadata["max_frames_set_by"] == "context"
    long = Pipeline(TorchEngine(loaded)).generate(REQUEST)[0]
    assert long.codes.shape[1] <= long.metadata["max_frames"] == 135  # 1.25 * 5 s * 44100 / 2048, rounded up
    assert long.metadata["max_frames_set_by"] == "duration"


def test_what_the_model_cannot_do(pipe: Pipeline) -> None:
    with pytest.raises(InvalidRequest, match="duration is 31 s; the model tiny makes songs of up to 30 s"):
        pipe.generate(replace(REQUEST, duration=31))
    tight = replace(pipe.config, backbone=replace(pipe.config.backbone, context=40))
    with pytest.raises(InvalidRequest, match="shorten the lyrics"):
        with_config(pipe, tight).generate(REQUEST)


def test_words_that_do_not_fit_are_cut_and_that_is_said(pipe: Pipeline, take: Take) -> None:
    long = pipe.generate(replace(REQUEST, lyrics="la " * 300))[0]
    assert long.metadata["prompt_cut"] and not take.metadata["prompt_cut"]
    assert long.metadata["prompt_tokens"] == {"backbone": 96, "superres": 96}


@pytest.mark.parametrize("short", ["backbone_limit", "superres_limit"])
def test_words_that_one_of_the_prompts_has_no_room_for_are_said_to_be_cut(pipe: Pipeline, short: str) -> None:
    prompt = replace(pipe.config.prompt, **{short: 24})
    (cut,) = with_config(pipe, replace(pipe.config, prompt=prompt)).generate(REQUEST)
    part = short.removesuffix("_limit")
    assert cut.metadata["prompt_cut"] and cut.metadata["prompt_tokens"][part] == 24
    assert all(tokens > 24 for other, tokens in cut.metadata["prompt_tokens"].items() if other != part)


def test_of_songs_with_guidance_half_as_many_are_decoded_at_once(
    pipe: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, guided = (
        with_config(pipe, replace(mini(), prompt=replace(mini().prompt, supports_guidance=known)))
        for known in (False, True)
    )
    for sequences, songs in ((12, 6), (13, 6)):
        room = need(mini(), torch.device("cpu"), pipe.engine.loaded.formats, 60, takes=sequences).keep_loaded
        monkeypatch.setattr(engine, "free_memory", lambda device, room=room: room)
        assert plain.takes_at_once(60) == sequences
        assert guided.takes_at_once(60) == songs, "each is decoded behind the blank prompt, too"
    monkeypatch.setattr(engine, "free_memory", lambda device: 0)
    assert guided.takes_at_once(60) == 1


def test_the_longest_song_that_a_model_makes(loaded: LoadedModel) -> None:
    """30 seconds asked for, and a model that never comes to its end."""
    backbone = Backbone(loaded.config.backbone).bind_codebooks(loaded.codebooks).requires_grad_(False)
    backbone.load_state_dict(loaded.backbone.state_dict())
    backbone.head.weight[loaded.layout.eos] = 0  # likelier than some code, and likeliest never
    config = replace(loaded.config, prompt=replace(loaded.config.prompt, duration_text=False))
    endless = Pipeline(TorchEngine(replace(loaded, backbone=backbone, config=config)))
    (take,) = endless.generate(replace(REQUEST, duration=30, sampling=Sampling(top_k=1)))
    frames = 808  # 1.25 * 30 s * 44100 / 2048, rounded up
    assert take.codes.shape == (8, frames) and take.samples.shape == (2, 2048 * frames)
    assert take.metadata["max_frames"] == frames and take.metadata["max_frames_set_by"] == "duration"
    assert take.metadata["truncated"] and take.metadata["fade"] == 1.5
    loud = [np.abs(take.samples[:, begin : begin + 44100]).max() for begin in range(0, 36 * 44100, 44100)]
    assert np.isfinite(take.samples).all() and min(loud) > 0.01, "there is sound in every second"


def test_the_longest_song_with_words_comes_to_its_end(led: Pipeline) -> None:
    words = "Dance with me\nSing it now\n" * 2
    request = replace(REQUEST, tags=("pop",), lyrics=f"[verse]\n{words}\n[chorus]\n{words}", duration=30)
    (take,) = led.generate(replace(request, sampling=Sampling(guidance=2.0)))
    meant, lines = take.metadata["outline"]["sections"][-1][2], take.metadata["lyrics"]
    assert meant == pytest.approx(30, abs=2)
    assert not take.metadata["truncated"] and 0.88 * meant <= take.seconds < 1.15 * meant
    assert len(lines) == 8 and all(line["sung"] for line in lines)
    assert [line["start"] for line in lines] == sorted(line["start"] for line in lines)
    assert lines[-1]["end"] <= take.seconds


def test_progress_runs_through_every_stage_once(pipe: Pipeline) -> None:
    told: list[tuple[str, int, int]] = []
    pipe.generate(replace(REQUEST, takes=2), progress=lambda *news: told.append(news))
    stages = [stage for i, (stage, _, _) in enumerate(told) if i == 0 or told[i - 1][0] != stage]
    assert stages == ["backbone", "superres", "decode", "finish"]
    for stage in stages:
        done = [d / total for s, d, total in told if s == stage]
        assert done == sorted(done) and done[-1] == 1


def test_interruption_is_passed_on(pipe: Pipeline, take: Take) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "superres":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipe.generate(REQUEST, progress=stop)
    assert np.array_equal(pipe.generate(REQUEST)[0].samples, take.samples)


class Stop(Exception):
    pass


@pytest.mark.parametrize("stage", ["backbone", "superres"])
def test_a_stage_can_be_stopped_in_the_middle_of_a_pass(
    pipe: Pipeline, take: Take, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setattr("khala.engine.pytorch.reporting.REPORT_SECONDS", 0.0)
    told: list[tuple[str, int]] = []

    def stop(at: str, done: int, total: int) -> None:
        told.append((at, done))
        if told.count((stage, 0)) == 3:  # the third half layer of the first pass
            raise Stop

    with pytest.raises(Stop):
        pipe.generate(REQUEST, progress=stop)
    assert told[-3:] == [(stage, 0)] * 3
    monkeypatch.undo()
    assert np.array_equal(pipe.generate(REQUEST)[0].samples, take.samples)


def test_global_random_numbers_neither_matter_nor_move(pipe: Pipeline, take: Take) -> None:
    torch.manual_seed(99)
    state = torch.get_rng_state()
    assert np.array_equal(pipe.generate(REQUEST)[0].samples, take.samples)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("format", ["wav", "flac", "mp3", "opus"])
def test_save(take: Take, tmp_path: Path, format: str) -> None:
    path = take.save(tmp_path / f"song.{format}")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([f"song.{format}", "song.json"])
    assert json.loads((tmp_path / "song.json").read_text()) == {"file": path.name, **take.metadata}
    samples, rate = read_audio(path)
    assert samples.shape[1] / rate == pytest.approx(take.seconds, abs=0.01)
    if format in ("wav", "flac"):
        assert np.abs(samples - take.samples).max() <= 2**-23


def test_a_name_that_is_no_text_is_saved_all_the_same(take: Take, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"f\xe9")
    folder.mkdir()
    path = take.save(folder / os.fsdecode(b"s\xe9.wav"))
    assert path.stat().st_size > 1000
    assert json.loads(path.with_suffix(".json").read_text())["file"] == "s\ufffd.wav"


def test_a_failed_save_leaves_nothing(take: Take, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*missing"):
        take.save(tmp_path / "missing" / "song.wav")
    with pytest.raises(InvalidRequest, match="has no extension of an audio format"):
        take.save(tmp_path / "song.ogg")
    assert list(tmp_path.iterdir()) == []


def test_load(folder: Path, take: Take) -> None:
    pipe = shortened(load(folder, device="cpu", dtype="float32"))
    assert np.array_equal(pipe.generate(REQUEST)[0].samples, take.samples)
    with pytest.raises(ModelError):
        load("nobody-knows-it")


def test_half_precision_runs(folder: Path) -> None:
    take = shortened(load(folder, device="cpu", dtype="bfloat16")).generate(REQUEST)[0]
    assert take.metadata["dtype"] == "bfloat16" and np.isfinite(take.samples).all()


def test_int8_runs_alone_and_in_company(folder: Path) -> None:
    pipe = shortened(load(folder, device="cpu", dtype="int8"))
    first, second = pipe.generate(replace(REQUEST, takes=2))
    (alone,) = pipe.generate(REQUEST)
    assert first.metadata["dtype"] == "int8" and np.isfinite(first.samples).all()
    assert np.array_equal(first.samples, alone.samples) and not np.array_equal(first.codes, second.codes)


def test_devices_and_dtypes() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(InvalidRequest, match=r"device 'cuda:99' is not on this machine; choose one of auto, .*cpu"):
        choose_device("cuda:99")
    assert choose_dtype("float16", torch.device("cpu")) == torch.float16
    with pytest.raises(InvalidRequest, match=r"dtype 'int3' is unknown; choose one of auto, .*int8, int4"):
        choose_dtype("int3", torch.device("cpu"))
    assert choose_dtype("int8", torch.device("cpu")) == torch.int8
    with pytest.raises(InvalidRequest, match="int8 is for CPUs and CUDA; on mps choose --dtype float16"):
        choose_dtype("int8", torch.device("mps"))
    assert choose_dtype("auto", torch.device("mps")) == torch.float32


def test_the_package_is_light_and_says_what_it_offers() -> None:
    program = "import sys, khala; print('torch' in sys.modules, 'numpy' in sys.modules, *sorted(dir(khala)))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert result.stdout.split() == ["False", "False", *sorted(khala.__all__)]
    for name in khala.__all__:
        assert getattr(khala, name) is not None
    assert khala.load is module.load
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        khala.laod  # noqa: B018


def test_what_is_sung_is_led_and_shown_to_super_resolution(led: Pipeline) -> None:
    request = replace(REQUEST, tags=("pop",), lyrics="[verse]\nDance with me\nSing", duration=20, takes=1)
    (plan,) = led.plan_takes(request)
    (result,) = led.backbone([plan])
    assert result.phone_index is not None and result.phone_index.shape == result.codes.shape[1:]
    assert plan.conditioning is not None and plan.conditioning.phones is not None
    phones = {place for place, phone in enumerate(plan.conditioning.phones.phones) if phone != REST}
    assert phones <= set(result.phone_index.tolist()), "every phone is sung"
    assert (np.diff(result.phone_index) >= 0).all()
    (codes,) = led.superres([plan], [result])
    (other,) = led.superres([plan], [replace(result, phone_index=np.zeros_like(result.phone_index))])
    assert not np.array_equal(codes, other)
    (mute,) = led.generate(replace(request, lyrics="", instrumental=True))
    assert mute.metadata["outline"]["lines"] == [] and mute.metadata["unsung_lines"] == 0
    assert mute.metadata["lyrics"] == []


def test_lines_for_which_there_is_no_time_are_counted(led: Pipeline) -> None:
    request = replace(REQUEST, tags=("pop",), lyrics="[verse]\n" + "Dance with me\n" * 20, duration=10, takes=1)
    (take,) = led.generate(request)
    sung = len(take.metadata["outline"]["lines"])
    assert 0 < sung < 20 and take.metadata["unsung_lines"] == 20 - sung
    assert [line["sung"] for line in take.metadata["lyrics"]] == [True] * sung + [False] * (20 - sung)
    assert "lines-unsung" in [remark["kind"] for remark in take.metadata["remarks"]]


def test_a_line_in_another_script_silences_nobody(led: Pipeline) -> None:
    request = replace(REQUEST, tags=("pop",), duration=20, takes=1, lyrics="[verse]\nDance with me\n你好\nSing it now")
    (take,) = led.generate(request)
    assert [line["sung"] for line in take.metadata["lyrics"]] == [True, False, True]
    assert [line["line"] for line in take.metadata["lyrics"]] == [2, 3, 4]
    assert take.metadata["lyrics"][1]["start"] is None and take.metadata["unsung_lines"] == 1
    assert "script" in [remark["kind"] for remark in take.metadata["remarks"]]
    (alone,) = led.generate(replace(request, lyrics="[verse]\nDance with me\nSing it now"))
    assert np.array_equal(alone.samples, take.samples), "the others are sung as if it were not there"
    (silent,) = led.generate(replace(request, lyrics="你好"))
    assert silent.metadata["unsung_lines"] == 1 and silent.metadata["outline"]["lines"] == []


def test_a_long_line_is_sung_in_parts_and_told_as_one(led: Pipeline) -> None:
    line = "the wagon rolled along the dusty river road, and everybody waved their hats and called my name"
    (take,) = led.generate(replace(REQUEST, tags=("pop",), duration=30, takes=1, lyrics=f"[verse]\n{line}\nover now"))
    first, second = take.metadata["lyrics"]
    assert (first["text"], second["text"]) == (line, "over now") and first["sung"] and second["sung"]
    assert first["start"] < first["end"] <= second["start"]
    assert len(take.metadata["outline"]["lines"]) == 2


def test_a_song_does_not_end_within_its_last_line(led: Pipeline) -> None:
    for seed in range(6):
        (plan,) = led.plan_takes(
            replace(REQUEST, tags=("pop",), lyrics="Dance with me\nSing to me", duration=10, takes=1, seed=seed)
        )
        (result,) = led.backbone([plan])
        assert result.phone_index is not None and plan.conditioning is not None
        assert plan.conditioning.phones is not None
        assert plan.conditioning.phones.line_spans(result.phone_index.tolist())[-1][2] == 1.0


def test_every_take_has_an_outline_of_its_own_seed(led: Pipeline) -> None:
    request = replace(REQUEST, tags=("pop",), duration=12, takes=3, sampling=Sampling(guidance=2.0))
    takes = led.generate(request)
    for number, take in enumerate(takes, 1):
        seed = take_seed(11, number)
        outline = plan_form(replace(request, seed=seed), led.frame_rate)
        told, ((begin, end),) = outline.to_dict(led.frame_rate), take.metadata["outline"]["lines"]
        assert {**take.metadata["outline"], "lines": 0} == {**told, "lines": 0}
        ((early, late),) = told["lines"]
        assert early - 0.2 < begin < end < late + 0.3, "a line is told where it is sung, and that is about its place"
        (alone,) = led.generate(replace(request, takes=1, seed=seed))
        assert np.array_equal(alone.samples, take.samples)
        assert len(take.metadata["outline"]["lines"]) == 1
    assert len({take.metadata["outline"]["bpm"] for take in takes}) > 1, "what is left open differs from take to take"
    (best,) = led.generate(replace(request, takes=1, best_of=2))
    planned = [{**one.metadata["outline"], "lines": 0} for one in (best, takes[0])]
    assert planned[0] == planned[1] and len(best.metadata["candidates"]) == 2


def test_only_models_that_are_shown_an_outline_tell_one(take: Take) -> None:
    assert take.metadata["outline"] is None
