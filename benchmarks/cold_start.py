"""Seconds from `khala generate` to the first step of the backbone, in fresh processes.

    python benchmarks/cold_start.py [--runs 5] [--model mini]

The target is 1.2 s of wall time on an idle machine. Processor seconds are of all threads; go by them if something else
runs on the machine.
"""

import argparse
import os
import subprocess
import sys
import time

PROGRAM = """
import os, sys, time
from contextlib import contextmanager
import khala.cli.progress

@contextmanager
def progress(quiet):
    def report(stage, done, total):
        if stage == "backbone":
            print(time.time() - float(sys.argv[1]), time.process_time(), len(sys.modules), flush=True)
            os._exit(0)
    yield report

khala.cli.progress.progress = progress
from khala.cli.main import run
sys.exit(run(sys.argv[2:]))
"""
WORDS = ["--tags", "pop, female vocals", "--lyrics", "[verse]\nOver the hills", "--duration", "20", "--seed", "1"]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="mini")
    arguments = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before it")
    print("run   wall s   CPU s   modules")
    for run in range(1, arguments.runs + 1):
        command = [sys.executable, "-c", PROGRAM, str(time.time()), "generate", "--model", arguments.model, *WORDS]
        wall, used, modules = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.split()
        print(f"{run:3} {float(wall):8.2f} {float(used):7.2f} {int(modules):9}", flush=True)


if __name__ == "__main__":
    main()
