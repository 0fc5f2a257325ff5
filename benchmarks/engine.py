"""Milliseconds a step of Khala Mini's backbone, with torch and without, in the calling thread's CPU time.

    python benchmarks/engine.py [--prompt 90] [--steps 200] [--compare decode_step.c]

A guided step is a batch of two sequences. "step" is the model alone, "song" everything that a token takes: conditions,
the aligner, guidance, noise. The best of five runs counts, as other programs only ever slow one down. `--compare` takes
a C program of the model's size, to be compiled with the machine's compiler, that prints microseconds a step when it is
given a batch, a first position and a number of steps.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from khala.engine.onnx.backbone import BackboneSession, Continuations
from khala.engine.onnx.decode import decode_takes
from khala.engine.onnx.graphs import write_graphs
from khala.generation.plan import TakePlan, guide_for, plan_take
from khala.music.request import SongRequest
from khala.weights.names import TOKENIZER, read_config
from khala.weights.tokenizer import Tokenizer

LYRICS = "[verse]\nThe morning light is on the water\nand I am walking down the hill\n"
RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--prompt", type=int, default=90, help="positions before the first step")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--compare", type=Path, help="a C program to time beside them")
    arguments = parser.parse_args()
    prompt, steps = arguments.prompt, arguments.steps
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "mini"
        shutil.copytree(str(files("khala") / "data" / "mini"), folder)
        write_graphs(folder)
        opened = time.perf_counter()
        session = BackboneSession(folder, read_config(folder).backbone)
        print(f"opened in {time.perf_counter() - opened:.2f} s")
        plan = planned(folder)
        slot = plan.slot()
        frames = [0]

        def without_torch() -> None:
            (result,) = decode_takes(session, [slot], guide_for([plan]))
            frames[0] = result.codes.shape[1]

        print(f"engine  step {best(engine_steps(session, prompt, steps)) / steps:6.3f} ms")
        song = best(without_torch)
        print(f"engine  song {song / (2 * frames[0]):6.3f} ms, {song / 1e3:.2f} s for {frames[0]} frames")
    assert "torch" not in sys.modules
    import torch

    from khala.engine.pytorch.decode import decode_backbone
    from khala.models.lm.stepper import Stepper
    from khala.weights import load_model

    torch.set_num_threads(1)
    backbone = load_model("mini").backbone

    def torch_steps() -> Callable[[], None]:
        stepper, condition_BD = Stepper(backbone, 2, prompt + 2 + steps), torch.zeros(2, backbone.config.dim)

        def run() -> None:
            stepper.cache.lengths[:] = [prompt, 2]
            for _ in range(steps):
                hidden_B1D = stepper.step(torch.tensor([600, 700]), [0, 1], condition_BD)
                backbone.level_logits(hidden_B1D, 0)

        return run

    with torch.inference_mode():
        print(f"torch   step {best(torch_steps()) / steps:6.3f} ms")
        song = best(lambda: decode_backbone(backbone, [slot], guide_for([plan])))
        print(f"torch   song {song / (2 * frames[0]):6.3f} ms")
    if arguments.compare and (compiler := shutil.which("cc")):
        with TemporaryDirectory() as temporary:
            program = Path(temporary) / "step"
            subprocess.run([compiler, "-O3", "-march=native", "-o", program, arguments.compare, "-lm"], check=True)
            for _ in range(RUNS):
                subprocess.run([program, "2", str(prompt), str(steps)], check=True)


def planned(folder: Path) -> TakePlan:
    """A sung song of 24 seconds."""
    config = read_config(folder)
    request = SongRequest(tags=("folk", "female vocals"), lyrics=LYRICS, duration=24, seed=7, sampling=config.sampling)
    return plan_take(request, 1, config, Tokenizer.load(folder / TOKENIZER))


def engine_steps(session: BackboneSession, prompt: int, steps: int) -> Callable[[], None]:
    rows_VD = session.rows_VD
    read = [session.read(rows_VD[np.arange(length) % 256]) for length in (prompt, 2)]

    def run() -> None:
        batch = Continuations(session, read)
        for _ in range(steps):
            batch.step(rows_VD[[600, 700]])

    return run


def best(run: Callable[[], object]) -> float:
    """Milliseconds of the calling thread's CPU, of the best of some runs."""
    found = []
    for _ in range(RUNS):
        began = time.thread_time()
        run()
        found.append(time.thread_time() - began)
    return 1e3 * min(found)


if __name__ == "__main__":
    main()
