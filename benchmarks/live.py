"""How soon a song is heard that is played while it is made, and whether playback stalls: fresh processes.

    python benchmarks/live.py [--seconds 30 60] [--busy 0 1] [--runs 1] [--model mini] [--engine auto] [--clock wall]

"first" is from the start of the process to the first sound, "safe" to where the song says that playback can start;
"stalls" are the seconds of silence, by number, of a player that starts with the first sound, and of one that waits.
"x real" is the song's length over the time until its last sound. A busy program is a process of ours that counts. The
targets on two idle cores with Khala Mini are 5 s to the first sound, and no stalls.

Nothing else should run on the machine. If something does, `OMP_NUM_THREADS=1` and `--clock cpu` tell of an idle one:
with a single thread, its processor seconds are what wall seconds would be there.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from song import LYRICS, TAGS

from khala.generation.pipeline import load


class Sound(NamedTuple):
    """A block: when it came, seconds of the song that it covers, and whether playback can start."""

    came: float
    first: float
    stop: float
    can_start: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, nargs="+", default=[30, 60])
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--one", type=float, nargs=2, metavar=("SECONDS", "BEGAN"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        sing(arguments, *arguments.one)
        return
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before it, {arguments.clock} seconds")
    print("song s   busy   first    safe   stalls: first     safe   x real   CPU s", flush=True)
    for seconds in arguments.seconds:
        for count in arguments.busy:
            with busy(count):
                for _ in range(arguments.runs):
                    show(seconds, count, run(seconds))


def run(seconds: float) -> tuple[list[Sound], float]:
    """Make a song in a fresh process -> its sounds, and its processor seconds."""
    command = [sys.executable, __file__, *sys.argv[1:], "--one", str(seconds), str(time.time())]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return [Sound(*sound) for sound in told["sounds"]], told["cpu"]


def sing(arguments: argparse.Namespace, seconds: float, began: float) -> None:
    """Make a song, and print when its sounds came."""
    pipe = load(arguments.model, "cpu", seconds=seconds, engine=arguments.engine)
    sounds = []
    with pipe.live(tags=tuple(TAGS.split(", ")), lyrics=LYRICS, duration=seconds, seed=1) as song:
        for block in song:
            now = time.process_time() if arguments.clock == "cpu" else time.time() - began
            sounds.append((now, block.first / song.frame_rate, block.stop / song.frame_rate, block.can_start))
    print(json.dumps({"sounds": sounds, "cpu": time.process_time()}))


def show(seconds: float, count: int, made: tuple[list[Sound], float]) -> None:
    """Print a row."""
    sounds, cpu = made
    first, safe = sounds[0].came, next(sound.came for sound in sounds if sound.can_start)
    both = "".join(f"{silent:12.1f} ({times})" for silent, times in (stalls(sounds, first), stalls(sounds, safe)))
    rate = sounds[-1].stop / sounds[-1].came
    print(f"{seconds:6.0f} {count:6} {first:7.2f} {safe:7.2f}{both} {rate:8.1f} {cpu:7.1f}", flush=True)


def stalls(sounds: list[Sound], start: float) -> tuple[float, int]:
    """Seconds of silence, and how many, of a player that starts at a time."""
    late, times = 0.0, 0
    for sound in sounds:
        if (wait := sound.came - (start + late + sound.first)) > 0:
            late, times = late + wait, times + 1
    return late, times


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that count, as long as the block lasts."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
