"""The published size on a GPU, with random weights: whether all ways compute the same songs, and how fast.

    python benchmarks/gpu.py [--device cuda:1] [--takes 1,4,16] [--seconds 60] [--minutes 5]

Nothing is downloaded. A take must get the same bits with CUDA graphs and without, alone and in company; if one does
not, the exit status is 1. A step of the backbone reads every weight, and the keys and values of all takes: these bytes
a second are compared with those of a copy, read and written. The time of a step is the difference of two songs, so that
reading the prompt and capturing graphs are left out. Sections that have not begun after `--minutes` are left out.

`--device cpu --tiny` takes the same way through the code with a tiny model, and measures nothing that matters.
"""

import argparse
import gc
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from khala.engine.pytorch.compiling import compiled_row_work
from khala.engine.pytorch.decode import STEPS_PER_SYNC, decode_tokens
from khala.engine.pytorch.device import choose_device, choose_dtype
from khala.engine.pytorch.memory import need
from khala.engine.pytorch.refine import refine
from khala.engine.pytorch.synthesis import synthesise
from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.pack import encode_pack
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.row_work import RowWork
from khala.models.lm.slot import Slot
from khala.models.lm.static import PRODUCT_ROWS, SPAN_POSITIONS, StaticStepper, span
from khala.models.lm.superres import Superres
from khala.models.lm.transformer import INIT_STD, Transformer
from khala.models.presets import official, tiny
from khala.music.errors import InvalidRequest
from khala.music.request import Sampling
from khala.nn.precision import Formats
from khala.weights.loading import build_codec

M = TypeVar("M", bound=nn.Module)

PROMPT, TEXT = 300, 108
"""Positions of text before the codes, of the backbone and of super-resolution."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a tiny model, to test this script")
    parser.add_argument("--takes", default="1,4,16", help=f"sizes of batches, up to {PRODUCT_ROWS}")
    parser.add_argument("--tokens", type=int, default=192, help="length of what is compared and timed")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the song")
    parser.add_argument("--minutes", type=float, default=5.0, help="after which no section begins")
    parser.add_argument("--backend", default="inductor", help="of torch.compile")
    arguments = parser.parse_args()
    try:
        device = choose_device(arguments.device)
    except InvalidRequest as error:
        sys.exit(f"khala bench gpu: there is no GPU to measure: {error}")
    report = Report(device, arguments)
    report.head()
    try:
        with torch.inference_mode():
            _measure_backbone(report)
            _measure_superres(report)
            _measure_song(report)
    except torch.OutOfMemoryError as error:
        sys.exit(f"khala bench gpu: the device is too small: {str(error).partition('.')[0]}; choose --takes 1")
    if report.differences:
        sys.exit(f"khala bench gpu: not the same: {'; '.join(report.differences)}")


class Report:
    """What all sections share, and where they print."""

    def __init__(self, device: torch.device, arguments: argparse.Namespace) -> None:
        self.device, self.arguments, self.began = device, arguments, time.perf_counter()
        self.dtype = choose_dtype("auto", device)
        preset = tiny() if arguments.tiny else official()
        longest = max(preset.backbone.context, 2 * SPAN_POSITIONS)
        self.config: ModelConfig = replace(preset, backbone=replace(preset.backbone, context=longest))
        self.takes = [int(number) for number in arguments.takes.split(",")]
        self.frames = round(arguments.seconds * self.config.frame_rate)
        self.differences: list[str] = []
        self.step_seconds = self.superres_seconds = 0.0

    def head(self) -> None:
        name = "CPU"
        if self.device.type == "cuda":
            total = torch.cuda.get_device_properties(self.device).total_memory / 2**30
            name = f"{torch.cuda.get_device_name(self.device)}, {total:.0f} GiB, driver {_driver()}"
        print(f"{name}, torch {torch.__version__} (CUDA {torch.version.cuda}), load {os.getloadavg()[0]:.1f}")
        print(f"{self.config.name} size, {str(self.dtype)[6:]}, random weights, a song of {self.arguments.seconds:g} s")

    def section(self, title: str) -> bool:
        """Begin a section, unless it is too late for another."""
        elapsed = time.perf_counter() - self.began
        if elapsed > 60 * self.arguments.minutes:
            print(f"\n{title}: left out after {elapsed:.0f} s", flush=True)
            return False
        print(f"\n{title} ({elapsed:.0f} s)", flush=True)
        return True

    def same(self, what: str, found: Iterable[Any], wanted: Iterable[Any]) -> None:
        """Print in how many takes both are equal."""
        equal = [np.array_equal(one, other) for one, other in zip(found, wanted, strict=True)]
        print(f"  {what:58} the same: {sum(equal)} of {len(equal)}", flush=True)
        if not all(equal):
            self.differences.append(what)

    def peak(self, stage: str, takes: int) -> None:
        """Print the most memory that was allocated since the stage's part was built, beside what is planned with."""
        needed = need(self.config, self.device, Formats.uniform(self.dtype), self.arguments.seconds, takes)
        planned = (needed.weights[stage] + needed.work[stage]) / 1e9
        held = "-"
        if self.device.type == "cuda":
            held = f"{torch.cuda.max_memory_allocated(self.device) / 1e9:.2f} GB"
        print(f"  peak memory: {held}; at most {planned:.2f} GB are planned for {takes} such songs", flush=True)

    def build(self, make: Callable[[], M], dtype: torch.dtype) -> M:
        """Build a part with random weights on the device, and nothing else there."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)
        torch.manual_seed(0)
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            with torch.device(self.device):
                part = make()
        finally:
            torch.set_default_dtype(before)
        if isinstance(part, Transformer) and part.codebooks is not None:
            part.bind_codebooks(torch.randn(part.codebooks.shape))
        return part.eval().requires_grad_(False)

    def seconds(self) -> float:
        """Read the clock when all that was launched is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def _measure_backbone(report: Report) -> None:
    if not report.section("backbone, parity"):
        return
    model = report.build(lambda: Backbone(report.config.backbone), report.dtype)
    tokens, most = report.arguments.tokens, max(report.takes)
    # Each comes past the first span at a time of its own, and each ends at one.
    prompts = [_prompt(SPAN_POSITIONS - 24 - 8 * take) for take in range(most)]
    slots = [Slot(prompt, take, tokens, Sampling(), 10 * tokens) for take, prompt in enumerate(prompts)]
    lengths = [tokens - 3 * take for take in range(most)]

    def decoded(takes: Sequence[int]) -> list[list[int]]:
        return decode_tokens(model, [slots[i] for i in takes], [lengths[i] for i in takes], static=True)

    os.environ["KHALA_CUDA_GRAPHS"] = "0"
    launched = decoded(range(most))
    os.environ["KHALA_CUDA_GRAPHS"] = "1"
    together = decoded(range(most))
    report.same(f"graphs off and on, {most} takes", launched, together)
    report.same(f"alone and in a batch of {most}", (decoded([take])[0] for take in range(most)[:4]), together[:4])
    for size in set(report.takes) - {1, most}:
        report.same(f"in batches of {size} and {most}", decoded(range(size)), together[:size])
    _compare_with_one_pass(model, [*prompts[0], *together[0]], len(prompts[0]))

    if report.section("backbone, speed"):
        print("  takes  ms a step  tokens/s  GB/s read  of the copy's")
        for takes in report.takes:
            limit = _copy_rate(report)
            seconds = _step_seconds(report, model, takes)
            rate = _step_bytes(report, takes) / seconds
            report.step_seconds = seconds if takes == 1 else report.step_seconds
            found = f"{1e3 * seconds:10.2f} {takes / seconds:9.0f} {rate / 1e9:10.0f} {rate / limit:14.2f}"
            print(f"  {takes:5} {found}", flush=True)
        report.peak("backbone", most)


def _compare_with_one_pass(model: Backbone, ids: list[int], prompt: int) -> None:
    """Print how the hidden states of single steps differ from those of one pass over everything."""
    stepper = StaticStepper(model, 1, len(ids))
    hidden = [stepper.read(ids[:prompt], 0)]
    hidden += [stepper.step(torch.tensor([token], device=model.device), [0]) for token in ids[prompt:-1]]
    steps_TD = torch.cat(hidden, 1)[0].float()
    whole_TD = model(model.embed_tokens(torch.tensor([ids[:-1]], device=model.device)), causal=True)[0, prompt - 1 :]
    _print_error("single steps and one pass", steps_TD, whole_TD)


def _step_seconds(report: Report, model: Backbone, takes: int) -> float:
    """Seconds of a step of `takes`: the quicker of two differences of a long song and a short one."""
    slots = [Slot(_prompt(PROMPT), take, 10**6, Sampling(), 10**6) for take in range(takes)]

    def run(tokens: int) -> float:
        start = report.seconds()
        decoded = decode_tokens(model, slots, [tokens] * takes, static=True)
        assert all(len(ids) == tokens for ids in decoded), "a take ended early"
        return report.seconds() - start

    short, more = STEPS_PER_SYNC, int(report.arguments.tokens)
    run(short)
    return max(1e-9, min(run(short + more) - run(short) for _ in range(2)) / more)


def _step_bytes(report: Report, takes: int) -> int:
    """Bytes that a step reads: matrices of all layers, the rows of one level in float32, keys and values."""
    c = report.config.backbone
    matrices = c.layers * c.dim * ((2 * c.heads + 2 * c.kv_heads) * c.head_dim + 3 * c.ffn)
    cache = 2 * c.layers * c.kv_heads * c.head_dim * span(PROMPT + report.arguments.tokens) * takes
    return (matrices + cache) * report.dtype.itemsize + c.codebook * c.dim * 4


def _copy_rate(report: Report) -> float:
    """Bytes read plus bytes written a second by a copy."""
    size = 2**24 if report.arguments.tiny else 2**30
    source, target = torch.ones(2, size, dtype=torch.uint8, device=report.device)
    target.copy_(source)
    start = report.seconds()
    for _ in range(5):
        target.copy_(source)
    return 5.0 * 2 * size / (report.seconds() - start)


def _measure_superres(report: Report) -> None:
    if not report.section("super-resolution, parity"):
        return
    model = report.build(lambda: Superres(report.config.superres), report.dtype)
    books_QCK = torch.zeros(report.config.superres.levels, report.config.superres.codebook, 1)
    codes = _codes(report, 2)
    lengths = [max(report.frames // 6 - 31 * take, 1) for take in range(4)]
    inputs = [RefineInput(_prompt(TEXT), codes[:, :n], take, Sampling()) for take, n in enumerate(lengths)]
    songs = [_song(report, length) for length in lengths]
    whole = torch.cat([model(song, causal=False, start=TEXT)[0] for song in songs])

    def check(name: str, row_work: RowWork | None) -> None:
        together = refine(model, inputs, books_QCK, by_rows=True, row_work=row_work)
        alone = [refine(model, [one], books_QCK, by_rows=True, row_work=row_work)[0] for one in inputs]
        report.same(f"{name}, alone and in a pack of {len(inputs)}", alone, together)
        rows = torch.cat(encode_pack(model, songs, [TEXT] * 4, True, row_work), 1)[0]
        _print_error(f"{name}, by rows and song by song", rows.float(), whole.float())

    def measure(name: str, row_work: RowWork | None) -> None:
        for takes in (1, 4):
            seconds = _pass_seconds(report, model, takes, row_work)
            print(f"  {name:9} {takes:5} {1e3 * seconds:10.1f} {1e3 * seconds / takes:15.1f}", flush=True)

    check("plain", None)
    if report.section("super-resolution, a pass"):
        print("  compiled  takes  ms a pass  ms a pass, each")
        measure("no", None)
        start = report.seconds()
        refine(model, [RefineInput(_prompt(TEXT), codes, 0, Sampling())], books_QCK, by_rows=True)
        report.superres_seconds = report.seconds() - start
        report.peak("superres", 1)
    if report.section("super-resolution, compiled"):
        try:
            start = report.seconds()
            row_work = compiled_row_work(report.device, report.arguments.backend)
            encode_pack(model, songs, [TEXT] * 4, True, row_work)
            print(f"  compiling took {report.seconds() - start:.0f} s", flush=True)
            measure("yes", row_work)
            check("compiled", row_work)
        except InvalidRequest as error:
            print(f"  {error}")


def _pass_seconds(report: Report, model: Superres, takes: int, row_work: RowWork | None) -> float:
    """Seconds of the quickest of five passes over `takes` songs, with the logits of one level."""
    songs = [_song(report, report.frames) for _ in range(takes)]

    def run() -> float:
        start = report.seconds()
        for hidden in encode_pack(model, songs, [TEXT] * takes, by_rows=True, row_work=row_work):
            model.level_logits(hidden, 2)
        return report.seconds() - start

    run()
    return min(run() for _ in range(5))


def _measure_song(report: Report) -> None:
    if not report.section("a whole song"):
        return
    codec = report.build(lambda: build_codec(report.config.codec), torch.float32)
    codes = _codes(report, report.config.superres.levels)
    synthesise(codec, codes[:, :32])
    start = report.seconds()
    synthesise(codec, codes)
    decode = report.seconds() - start
    report.peak("decode", 1)
    backbone, superres = 2 * report.frames * report.step_seconds, report.superres_seconds
    print(f"  backbone {backbone:.2f} s, superres {superres:.2f} s, decode {decode:.2f} s")
    if backbone and superres:
        print(f"  estimate: {backbone + superres + decode:.1f} s for {report.arguments.seconds:g} s of song, alone")


def _print_error(what: str, found: Tensor, wanted: Tensor) -> None:
    error = ((found - wanted.float()).norm() / wanted.float().norm()).item()
    print(f"  {what:58} relative error of hidden states: {error:.1e}", flush=True)


def _song(report: Report, frames: int) -> Tensor:
    """Random embeddings [1, T, D] of a prompt and so many frames."""
    c = report.config.superres
    noise = torch.randn(1, TEXT + frames, c.dim, generator=torch.Generator().manual_seed(frames))
    return (INIT_STD * noise).to(report.device, report.dtype)


def _codes(report: Report, levels: int) -> NDArray[np.int16]:
    shape = levels, report.frames
    return np.random.default_rng(0).integers(0, report.config.superres.codebook, shape).astype(np.int16)


def _prompt(length: int) -> list[int]:
    return [300 + position % 200 for position in range(length)]


def _driver() -> str:
    if not shutil.which("nvidia-smi"):
        return "unknown"
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    said = subprocess.run(asked, capture_output=True, text=True).stdout
    return said.partition("\n")[0].strip() or "unknown"


if __name__ == "__main__":
    main()
