"""A song alone, beside one busy program, and beside two: how many times longer each stage takes.

    python benchmarks/neighbours.py [--seconds 20] [--rounds 1] [--busy 2] [--model mini] [--engine auto]

A busy program is a process of ours that counts. The target on two cores is at most 1.8 times the time alone beside one
of them, and 2.5 times beside two. The model is loaded once; of several rounds the quickest counts. Nothing else should
run.
"""

import argparse
import os

from live import busy

from khala.generation.pipeline import Pipeline, load
from khala.music.request import SongRequest

TAGS = ("rock", "fast tempo", "male vocals")
LYRICS = "[verse]\nWalking down the road tonight\nEvery window holds a light\n\n[chorus]\nWe will run until the day"
STAGES = ("backbone", "superres", "decode")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--busy", type=int, default=2, help="at most so many busy programs")
    parser.add_argument("--model", default="mini")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--engine", default="auto")
    arguments = parser.parse_args()
    pipe = load(arguments.model, "cpu", arguments.dtype, engine=arguments.engine)
    sing(pipe, arguments.seconds)  # what is done but once
    engine, cores = pipe.engine, len(os.sched_getaffinity(0))
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f} before it, engine {engine.name}, {engine.dtype}")
    print("busy      " + "".join(f"{stage:>10}" for stage in (*STAGES, "together")) + "   times alone")
    alone = 0.0
    for count in range(arguments.busy + 1):
        with busy(count):
            songs = [sing(pipe, arguments.seconds) for _ in range(arguments.rounds)]
        best = min(songs, key=sum)
        alone = alone or sum(best)
        figures = "".join(f"{seconds:10.2f}" for seconds in (*best, sum(best)))
        print(f"{count:4}      {figures} {sum(best) / alone:13.2f}", flush=True)


def sing(pipe: Pipeline, seconds: float) -> list[float]:
    """Seconds of every stage."""
    (take,) = pipe.generate(SongRequest(tags=TAGS, lyrics=LYRICS, duration=seconds, seed=1))
    return [take.metadata["seconds"][stage] for stage in STAGES]


if __name__ == "__main__":
    main()
