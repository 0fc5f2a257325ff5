"""Forty takes while everything is killed: each is done once, with the samples of an undisturbed run, or failed by its
own fault. On both databases."""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from service import PROCESSES, Site, Trouble, Workers, ask, assert_made, impatient, undisturbed, until

from khala.jobs.library import Library
from khala.jobs.records import Limits

SONGS = 20
TAKES = 2
IMPOSSIBLE = 13
"""The song that no model here can make."""
DEEDS = ["kill"] * 6 + ["kill all", "freeze", "fill the disk", "kill the dispatcher", "kill the dispatcher"]
ENDED = ("done", "failed", "cancelled")


def dispatch(site: Site) -> None:
    """A dispatcher: takes orders, which it may have taken before it was killed, and looks after lost workers."""
    impatient()
    library = Library.open(site.database, site.artifacts)
    for i in range(SONGS):
        request = ask(seed=i, takes=TAKES, duration=600 if i == IMPOSSIBLE else 5, title=f"Song {i}")
        library.submit(owner(library, i % 3), request, site.model, idempotency_key=f"order {i}")
        time.sleep(0.05)
    while True:
        library.maintenance.reap()
        time.sleep(0.5)


def owner(library: Library, number: int) -> str:
    """The id of one of three owners, who are there already."""
    return library.owners.all()[number].id


def test_forty_takes_survive_everything(site: Site, workers: Workers, tmp_path: Path) -> None:
    chance = random.Random(7)
    library = site.library()
    for name in ("second", "third"):
        library.owners.create(name, limits=Limits(100, 100))
    trouble = Trouble(slow=0.3, hang="superres", options={"stall": 5.0})
    crew = [workers.start(trouble) for _ in range(3)]
    dispatcher = start_dispatcher(site, workers)
    deeds = DEEDS.copy()
    chance.shuffle(deeds)
    for deed in deeds:
        time.sleep(chance.uniform(0.2, 1.5))
        victim = chance.randrange(len(crew))
        match deed:
            case "kill":
                crew[victim].kill()
            case "kill all":
                for process in (dispatcher, *crew):
                    process.kill()
            case "freeze":  # it comes back when its takes have long been given to others
                os.kill(crew[victim].pid, signal.SIGSTOP)
                crew.append(workers.start(trouble))
                time.sleep(5.0)
                os.kill(crew[victim].pid, signal.SIGCONT)
            case "fill the disk":
                (site.marks / "full").touch()
                time.sleep(1.0)
                (site.marks / "full").unlink()
            case "kill the dispatcher":
                dispatcher.kill()
        crew = [process if process.is_alive() else workers.start(trouble) for process in crew]
        if not dispatcher.is_alive():
            dispatcher = start_dispatcher(site, workers)

    def over() -> bool:
        for i, process in enumerate(crew):  # a supervisor's work: hung workers end themselves
            if not process.is_alive():
                crew[i] = workers.start(trouble)
        states = [take.state for song in library.songs(None, limit=200).songs for take in song.takes]
        return len(states) == SONGS * TAKES and all(state in ENDED for state in states)

    until(over, 400)
    assert (site.marks / "hung-superres").exists()
    check(library, site, tmp_path)


def start_dispatcher(site: Site, workers: Workers) -> Any:
    process = PROCESSES.Process(target=dispatch, args=(site,), daemon=True)
    process.start()
    workers.processes.append(process)
    return process


def check(library: Library, site: Site, tmp_path: Path) -> None:
    """Nothing lost, nothing twice, nothing else than what an undisturbed run makes."""
    torch.set_num_threads(1)
    songs = library.songs(None, limit=200).songs
    assert sorted(song.title for song in songs) == sorted(f"Song {i}" for i in range(SONGS))
    for song in songs:
        if song.title == f"Song {IMPOSSIBLE}":
            assert {take.state for take in song.takes} == {"failed"}
            assert all("makes songs of up to 30 s" in str(take.error) for take in song.takes)
        else:
            assert_made(library, song, undisturbed(site, song, tmp_path))
    ends = [event for event in library.events(0, limit=10**6) if event.kind in ("done", "failed")]
    assert Counter(event.take_id for event in ends) == {take.id: 1 for song in songs for take in song.takes}
    stages = [event for event in library.events(0, limit=10**6) if event.kind == "stage"]
    assert set(Counter((event.take_id, event.data["stage"]) for event in stages).values()) == {1}
