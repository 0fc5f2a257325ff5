"""How time and memory grow with a song's length: a fresh process for each length, by the default engine.

    python benchmarks/length.py [--seconds 30 60 120 240] [--model mini]

A model that knows no songs of that length is told in a copy that it does, with a longer context unless it goes through
songs in windows: what it sings there is worth nothing, but costs what songs of that length cost. The target is a time
and a memory per second that grow by at most 1.3 times; the last columns are the ratios to the first song. Processor
seconds are of all threads; go by them if something else runs on the machine.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from khala.weights.digests import write_digests
from khala.weights.names import CONFIG, digested_files, resolve

PROMPT = 2048
PROGRAM = """
import json, resource, sys, khala
from khala.generation import plan
plan.MARGIN = 1.0
model, seconds = sys.argv[1], float(sys.argv[2])
words = "[verse]\\nWalking down the road tonight\\nEvery window holds a light\\n[chorus]\\nWe will run until the day\\n"
fields = dict(tags="rock, male vocals", lyrics=words * max(round(seconds / 20), 1), duration=seconds, seed=1)
(take,) = khala.load(model, seconds=seconds).generate(**fields)
used = resource.getrusage(resource.RUSAGE_SELF)
told = {"song": take.seconds, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 2**10}
print(json.dumps(told | {"seconds": take.metadata["seconds"], "engine": take.metadata["engine"]}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", nargs="+", type=float, default=[30, 60, 120, 240])
    parser.add_argument("--model", default="mini")
    arguments = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before it")
    print("song s   CPU s   CPU s per s   peak MiB   times longer, CPU s per s, peak   stages (s)")
    first: tuple[float, float, float] | None = None
    with tempfile.TemporaryDirectory() as folder:
        model = lengthened(arguments.model, Path(folder) / "model", max(arguments.seconds))
        for seconds in arguments.seconds:
            program = [sys.executable, "-c", PROGRAM, str(model), str(seconds)]
            told = json.loads(subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout)
            found = told["song"], told["cpu"] / told["song"], told["peak"]
            first = first or found
            ratios = " ".join(f"{now / then:9.2f}" for now, then in zip(found, first, strict=True))
            stages = ", ".join(f"{stage} {wall:.1f}" for stage, wall in told["seconds"].items())
            row = f"{told['song']:6.1f} {told['cpu']:7.1f} {told['cpu'] / told['song']:13.3f} {told['peak']:10.0f}"
            print(f"{row} {ratios}   {stages} ({told['engine']})", flush=True)
    print(f"peak of any {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10:.0f} MiB")


def lengthened(name: str, folder: Path, seconds: float) -> Path:
    """A copy of a model whose songs may be as long as `seconds`."""
    shutil.copytree(resolve(name), folder)
    config = json.loads((folder / CONFIG).read_text())
    config["max_seconds"] = max(config["max_seconds"], seconds)
    frames = 0 if config.get("window_frames") else round(1.3 * seconds * 44100 / 2048)
    for part, positions in (("backbone", 2 * frames), ("superres", frames)):
        config[part]["context"] = max(config[part]["context"], positions + PROMPT)
    (folder / CONFIG).write_text(json.dumps(config))
    write_digests(folder, digested_files(folder))
    return folder


if __name__ == "__main__":
    main()
