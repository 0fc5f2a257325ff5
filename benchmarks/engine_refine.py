"""Super-resolution and decode by the engine and by torch: seconds of CPU time, and memory.

    python benchmarks/engine_refine.py [--model mini] [--seconds 60 240] [--rounds 2] [--skip torch]

Each row runs in a process of its own, on one thread; of several rounds the quickest counts. Codes are random, which
takes as long as a song's own. "a pass" is a level that is not guided; "refine" is all levels of a guided song, by the
time of the guided ones and of some more. "above" is how far memory rises above what the process took with the model
loaded, first in super-resolution. The model is copied to a temporary folder, and its graphs are written there.
"""

import argparse
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from khala.engine.onnx.graphs import write_graphs
from khala.models.codec.config import SpectralConfig
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.refinement import FIRST_LEVEL, GUIDED_LEVELS
from khala.models.lm.windows import SONG_WINDOWS, Windows
from khala.weights.names import read_config, resolve

PROMPT = 50
"""Positions of text."""
PASSES = 4
"""Levels that are timed without guidance."""
Decode = Callable[[np.ndarray], object]
Refine = Callable[[RefineInput, Windows | None, int], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--seconds", type=float, nargs="+", default=[60.0, 240.0])
    parser.add_argument("--rounds", type=int, default=2, help="of each measurement")
    parser.add_argument("--skip", default="", help="engine or torch")
    arguments = parser.parse_args()
    print("| seconds | | a pass, ms | refine, s | above, MiB | decode, s | above, MiB |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(resolve(arguments.model), folder, dirs_exist_ok=True)
        write_graphs(Path(folder))
        for seconds in arguments.seconds:
            for kind in ("torch", "engine"):
                for windows in (None, SONG_WINDOWS):
                    if kind != arguments.skip:
                        its = (Path(folder), seconds, kind, windows, arguments.rounds)
                        process = multiprocessing.get_context("spawn").Process(target=measure, args=its)
                        process.start()
                        process.join()


def measure(folder: Path, seconds: float, kind: str, windows: Windows | None, rounds: int) -> None:
    """Print a row."""
    config, rng = read_config(folder), np.random.default_rng(0)
    frames = round(seconds * config.frame_rate)
    codes = rng.integers(0, 1024, (config.superres.levels, frames)).astype(np.int16)
    rows = rng.integers(1, config.superres.condition_rows, (frames, 15))
    one = RefineInput([300] * PROMPT, codes[:2], 1, config.sampling, rows, np.zeros_like(rows))
    refine, decode = by_engine(folder) if kind == "engine" else by_torch(folder)
    refine(one.between(0, 20), None, FIRST_LEVEL + 1)
    loaded = peak()
    guided = best(lambda: refine(one, windows, GUIDED_LEVELS), rounds)
    a_pass = (best(lambda: refine(one, windows, GUIDED_LEVELS + PASSES), rounds) - guided) / PASSES
    all_levels = guided + (config.superres.levels - GUIDED_LEVELS) * a_pass
    refined = peak()
    name = f"| {seconds:g} | {kind}{', windows' if windows else ''} | {1e3 * a_pass:.0f} | {all_levels:.1f} "
    print(f"{name}| {refined - loaded:.0f} ", end="", flush=True)
    if windows:
        print("| | |", flush=True)
    else:
        print(f"| {best(lambda: decode(codes), rounds):.2f} | {peak() - loaded:.0f} |", flush=True)


def by_engine(folder: Path) -> tuple[Refine, Decode]:
    """Open the model for onnxruntime."""
    from khala.engine.onnx.codebooks import Codebooks
    from khala.engine.onnx.codec import CodecSession
    from khala.engine.onnx.refine import SuperresSession, refine

    config, codebooks = read_config(folder), Codebooks(folder)
    assert isinstance(config.codec, SpectralConfig)
    model, codec = SuperresSession(folder, config.superres, codebooks), CodecSession(folder, config.codec, codebooks)

    def refine_some(one: RefineInput, windows: Windows | None, levels: int) -> None:
        model.config = replace(model.config, levels=levels)
        refine(model, [one], windows)

    return refine_some, codec.decode


def by_torch(folder: Path) -> tuple[Refine, Decode]:
    """Load the model for torch."""
    import torch

    from khala.engine.pytorch.refine import refine
    from khala.engine.pytorch.synthesis import synthesise
    from khala.weights import load_model

    torch.set_num_threads(1)
    model = load_model(folder)

    def refine_some(one: RefineInput, windows: Windows | None, levels: int) -> None:
        model.superres.config = replace(model.superres.config, levels=levels)
        refine(model.superres, [one], model.codebooks, windows=windows)

    return refine_some, lambda codes: synthesise(model.codec, codes)


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of CPU time of the quickest of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def peak() -> float:
    """The most memory that the process took so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main()
