"""Load test of a server: many clients submit songs while many streams listen; no worker runs.

python benchmarks/service.py [--model NAME|FOLDER] [--songs 1000] [--clients 50] [--streams 200] [--database URL]

Starts `khala serve --workers 0`; prints the time until it answers, the time of a submission (p50, p99, worst), events
that a stream missed or received twice, and the server's memory before, during and after.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2

SONG = {"tags": ["folk"], "instrumental": True, "duration": 10}


@contextlib.contextmanager
def server(folder: str, model: str, database: str) -> Iterator[tuple[str, int, float]]:
    """Start a server; yields its URL, its process id, and the seconds from its start to its first response."""
    limits = {"KHALA_OWNER_QUEUED": "1000000", "KHALA_QUEUE_LIMIT": "1000000"}
    command = [sys.executable, "-m", "khala", "serve", "--port", "0", "--workers", "0", "--model", model]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--artifacts", f"{folder}/artifacts"],
        env={**os.environ, **limits, "KHALA_DATABASE": database},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    found = re.search(r"http://\S+", line := process.stderr.readline())
    if found is None:
        sys.exit(line)
    subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)  # its log
    try:
        httpx2.get(f"{found[0]}/healthz", timeout=60, trust_env=False)
        yield found[0], process.pid, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024  # type: ignore[index]


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def listen(http: httpx2.AsyncClient, heard: Counter[str], ready: asyncio.Semaphore) -> None:
    """Count the songs that a stream reports as queued."""
    async with http.stream("GET", "/api/v1/events") as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                event = json.loads(line[6:])
                if event["event"] == "ready":
                    ready.release()
                elif event["event"] == "queued":
                    heard[event["song_id"]] += 1


async def submit(http: httpx2.AsyncClient, numbers: Iterator[int], ids: list[str], seconds: list[float]) -> None:
    """Submit songs one after another, as long as there are numbers."""
    for number in numbers:
        began = time.perf_counter()
        answer = await http.post("/api/v1/songs", json={**SONG, "seed": number})
        seconds.append(time.perf_counter() - began)
        ids.append(answer.raise_for_status().json()["id"])


async def measure(url: str, pid: int, songs: int, clients: int, streams: int) -> None:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(base_url=url, timeout=600, limits=limits, trust_env=False) as http:
        before = memory(pid)
        counts: list[Counter[str]] = [Counter() for _ in range(streams)]
        ready = asyncio.Semaphore(0)
        listening = [asyncio.create_task(listen(http, heard, ready)) for heard in counts]
        for _ in range(streams):
            await ready.acquire()
        opened = memory(pid)
        ids: list[str] = []
        seconds: list[float] = []
        rounds = []
        numbers = iter(range(songs))
        began, used = time.perf_counter(), cpu_seconds(pid)
        submitting = [asyncio.create_task(submit(http, numbers, ids, seconds)) for _ in range(clients)]
        for quarter in range(1, 5):
            while len(ids) < quarter * songs // 4 and not all(task.done() for task in submitting):
                await asyncio.sleep(0.05)
            rounds.append(memory(pid))
        await asyncio.gather(*submitting)
        took = time.perf_counter() - began
        deadline = time.monotonic() + 60
        while any(len(heard) < len(ids) for heard in counts) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        used = cpu_seconds(pid) - used
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    seconds.sort()
    lost = sum(len(set(ids) - set(heard)) for heard in counts)
    twice = sum(count - 1 for heard in counts for count in heard.values())
    p50, p99 = (1000 * seconds[int(share * (len(seconds) - 1))] for share in (0.5, 0.99))
    print(f"submitted        {len(ids)} songs by {clients} clients in {took:.1f} s, {len(ids) / took:.0f} a second")
    print(f"a submission     p50 {p50:.0f} ms, p99 {p99:.0f} ms, worst {1000 * seconds[-1]:.0f} ms")
    print(f"server's work    {1000 * used / len(ids):.1f} ms of a core for each, including its events to all streams")
    print(f"events           {len(ids) * streams} sent to {streams} streams, {lost} lost, {twice} sent twice")
    print(f"server's memory  {before:.0f} MB, {opened:.0f} MB with {streams} streams, then by quarters of the songs:")
    print(f"                 {', '.join(f'{mb:.0f}' for mb in rounds)} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--database", help="default: SQLite in a temporary folder")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = args.database or f"sqlite:///{folder}/khala.sqlite"
        with server(folder, args.model, database) as (url, pid, cold):
            print(f"cold start       {cold:.2f} s")
            asyncio.run(measure(url, pid, args.songs, args.clients, args.streams))


if __name__ == "__main__":
    main()
