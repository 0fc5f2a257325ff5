"""Wall time and peak memory of a song, cold start included: a fresh `khala generate` process for every run.

    python benchmarks/song.py [--seconds 60] [--takes 1] [--runs 3] [--model mini]

The target is a 60 s song in at most 60 s on two cores. Nothing else should run on the machine meanwhile; if
something does, go by processor seconds.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TAGS = "rock, fast tempo, male vocals"
LYRICS = """[intro]

[verse]
Walking down the road tonight
Every window holds a light

[chorus]
We will run until the day
We will never fade away

[verse]
Rain is falling on the town
Take my hand and turn around

[chorus]
We will run until the day
We will never fade away

[outro]"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--takes", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--model", default="mini")
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before it")
    print("run   wall s   CPU s   song s   stages (s)")
    for run in range(1, arguments.runs + 1):
        before = processor_seconds()
        wall, record = sing(arguments.model, arguments.seconds, arguments.takes, seed=run)
        stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in record["seconds"].items())
        used = processor_seconds() - before
        print(f"{run:3} {wall:8.1f} {used:7.1f} {record['duration']:8.1f}   {stages}", flush=True)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10:.0f} MiB")


def sing(model: str, seconds: float, takes: int, seed: int) -> tuple[float, dict]:
    """Wall seconds of the command, and the record of its first take."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "khala", "generate", "--tags", TAGS, "--lyrics", LYRICS, "--quiet"]
        options = [
            "--duration",
            str(seconds),
            "--takes",
            str(takes),
            "--seed",
            str(seed),
            "--model",
            model,
            "-o",
            folder,
        ]
        start = time.perf_counter()
        if status := subprocess.run([*command, *options]).returncode:
            sys.exit(status)  # it has said why
        wall = time.perf_counter() - start
        return wall, json.loads(min(Path(folder).glob("*-1.json")).read_text())


def processor_seconds() -> float:
    """Of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
