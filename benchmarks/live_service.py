"""How soon a song is heard that is asked of a server, and whether it stalls: `khala serve`, one worker, one listener.

    python benchmarks/live_service.py [--seconds 60] [--busy 0 1] [--runs 1] [--takes 1] [--model mini] [--engine auto]

For every row a server is started, and songs are asked for when it and its worker are up. The worker is "cold" for the
first, as it has loaded no model, and "warm" for the others. "first" is from the request to the first bytes of sound, by
way of the event `live` and `GET /takes/{id}/live`; "stalls" are the seconds of silence, by number, of a player that
starts with them; "x real" is the song's length over the time until its last sound; "done" is when the take is. A busy
program is a process of ours that counts. The targets on two idle cores with Khala Mini are 5 s (cold: 8 s) to the first
sound, and no stalls. Nothing else should run on the machine.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from live import LYRICS, TAGS, Sound, busy, stalls

from khala.audio.wav_stream import wav_header

HEADER_BYTES, FRAME_BYTES = len(wav_header(44100)), 6
RATE = 44100


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, nargs="+", default=[60])
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--runs", type=int, default=1, help="songs of a warm worker, after that of the cold one")
    parser.add_argument("--takes", type=int, default=1)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--engine", default="auto")
    arguments = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before it")
    print("song s   busy   worker   first      stalls   x real    done", flush=True)
    for seconds in arguments.seconds:
        for count in arguments.busy:
            with tempfile.TemporaryDirectory() as folder, server(folder, arguments.engine) as http, busy(count):
                for worker in ("cold", *["warm"] * arguments.runs):
                    sounds, done = listen(http, seconds, arguments)
                    first, last = sounds[0], sounds[-1]
                    silent, times = stalls(sounds, first.came)
                    row = f"{seconds:6.0f} {count:6} {worker:>8} {first.came:7.2f} {silent:7.1f} ({times})"
                    print(f"{row} {last.stop / last.came:8.1f} {done:7.1f}", flush=True)


@contextmanager
def server(folder: str, engine: str) -> Iterator[httpx2.Client]:
    """A client of a server with one worker, both up."""
    command = [sys.executable, "-m", "khala", "serve", "--port", "0", "--workers", "1", "--engine", engine]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    found = re.search(r"http://\S+", line := process.stderr.readline())
    if found is None:
        sys.exit(line)
    subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)  # its log
    try:
        with httpx2.Client(base_url=found[0], timeout=3600, trust_env=False) as http:
            while not http.get("/api/v1/status").json()["workers"]:
                time.sleep(0.1)
            yield http
    finally:
        process.terminate()
        process.wait()


def listen(http: httpx2.Client, seconds: float, arguments: argparse.Namespace) -> tuple[list[Sound], float]:
    """Ask for a song, and listen to its first take as soon as that can be heard -> when which of its sounds came, and
    when it was done, since the request."""
    body = {"tags": TAGS, "lyrics": LYRICS, "duration": seconds, "seed": 1}
    began = time.perf_counter()
    song = http.post("/api/v1/songs", json={**body, "takes": arguments.takes, "model": arguments.model}).json()
    take = song["takes"][0]["id"]
    with http.stream("GET", f"/api/v1/songs/{song['id']}/events") as events:
        told = (json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: "))
        next(event for event in told if event["event"] == "live" and event["take_id"] == take)
        sounds, size = list[Sound](), -HEADER_BYTES
        with http.stream("GET", f"/api/v1/takes/{take}/live") as answer:
            for block in answer.raise_for_status().iter_bytes():
                at, size = max(size, 0) / FRAME_BYTES / RATE, size + len(block)
                sounds.append(Sound(time.perf_counter() - began, at, size / FRAME_BYTES / RATE, True))
        done = time.perf_counter() - began
        http.post(f"/api/v1/songs/{song['id']}/cancel")  # the other takes would keep the worker from the next song
        for _ in told:
            pass
    return sounds, done


if __name__ == "__main__":
    main()
