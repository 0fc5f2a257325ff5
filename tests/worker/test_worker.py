"""Workers end to end, on both databases: what they make, and what happens when they are killed, hang or are stopped."""

import os
import signal
from pathlib import Path

import pytest
from service import Site, Trouble, Workers, ask, assert_made, begun, ended, undisturbed, until

from khala.jobs.library import Library

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What happens within one process does not ask which database it is; test_chaos and test_machines do."""


def test_a_song_is_made_as_without_a_service(site: Site, library: Library, workers: Workers, tmp_path: Path) -> None:
    songs = [library.submit("local", ask(seed=seed, takes=takes), site.model) for seed, takes in ((1, 2), (2, 1))]
    workers.start()
    for song in songs:
        until(lambda song=song: ended(library.song(None, song.id)))
        assert_made(library, song, undisturbed(site, song, tmp_path))
        assert begun(site, song, "backbone") == [1] * len(song.takes)
        metadata = library.song(None, song.id).takes[0].metadata
        assert metadata is not None and set(metadata["seconds"]) == {"backbone", "superres", "decode", "finish"}
    first = (site.marks / f"{songs[0].takes[0].id}-backbone").read_text()
    assert first.strip().endswith("with 3"), "takes of both songs were decoded in one batch"
    refined = (site.marks / f"{songs[0].takes[0].id}-superres").read_text()
    assert refined.strip().endswith("with 3"), "and shared the passes of super-resolution"
    counts = {(count.name, count.label): count for count in library.maintenance.counts()}
    assert counts["takes", "done"].count == 3 and counts["stage_seconds", "backbone"].total > 0
    worker = library.maintenance.status().workers[0]
    assert worker.model == site.model and worker.takes == ()


@on_sqlite
@pytest.mark.parametrize("stage", ["backbone", "superres", "render"])
def test_a_killed_worker_loses_its_takes_to_another(
    site: Site, library: Library, workers: Workers, tmp_path: Path, stage: str
) -> None:
    song = library.submit("local", ask(seed=3), site.model)
    first = workers.start(Trouble(slow=1.0))
    until(lambda: begun(site, song, stage) == [1])
    first.kill()
    workers.start()
    until(lambda: ended(library.song(None, song.id)))
    assert_made(library, song, undisturbed(site, song, tmp_path))
    stages = ["backbone", "superres", "render"]
    assert [begun(site, song, name)[0] for name in stages] == [2 if name == stage else 1 for name in stages]


@on_sqlite
def test_a_hanging_device_loses_its_take_and_its_process_ends(
    site: Site, library: Library, workers: Workers, tmp_path: Path
) -> None:
    song = library.submit("local", ask(seed=4), site.model)
    hanging = workers.start(Trouble(hang="superres", options={"stall": 15.0}))
    hanging.join(300)
    assert hanging.exitcode == 75
    assert library.song(None, song.id).takes[0].state == "queued"
    assert any("no progress" in str(event.data) for event in library.events(0))
    workers.start()
    until(lambda: ended(library.song(None, song.id)))
    assert_made(library, song, undisturbed(site, song, tmp_path))
    assert begun(site, song, "backbone") == [1]


@on_sqlite
def test_a_cancelled_take_is_left_alone_and_the_worker_goes_on(site: Site, library: Library, workers: Workers) -> None:
    song = library.submit("local", ask(), site.model)
    process = workers.start(Trouble(slow=2.0))
    until(lambda: begun(site, song, "superres") == [1])
    library.cancel("local", song.id)
    other = library.submit("local", ask(seed=5), site.model)
    until(lambda: ended(library.song(None, other.id)))
    assert library.song(None, song.id).state == "cancelled" and begun(site, song, "render") == [0]
    library.retry("local", song.id)
    until(lambda: library.song(None, song.id).state == "done")
    assert begun(site, song, "backbone") == [1], "what was finished before is not repeated"
    assert process.is_alive()


@on_sqlite
def test_a_deleted_song_leaves_no_files_even_if_a_worker_was_at_it(
    site: Site, library: Library, workers: Workers
) -> None:
    song = library.submit("local", ask(), site.model)
    workers.start(Trouble(slow=1.0))
    until(lambda: begun(site, song, "superres") == [1])
    library.delete("local", song.id)
    other = library.submit("local", ask(), site.model)
    until(lambda: ended(library.song(None, other.id)))
    assert {path.name for path in site.artifacts.iterdir()} == {other.id}


@on_sqlite
def test_a_stopped_worker_hands_back_what_it_cannot_finish(site: Site, library: Library, workers: Workers) -> None:
    song = library.submit("local", ask(), site.model)
    slow = workers.start(Trouble(slow=30.0, options={"grace": 0.0}))
    until(lambda: begun(site, song, "backbone") == [1])
    os.kill(slow.pid, signal.SIGTERM)
    slow.join(300)
    take = library.song(None, song.id).takes[0]
    assert (slow.exitcode, take.state, take.worker_id) == (0, "queued", None)
    assert library.maintenance.status().workers == ()
    patient = workers.start(Trouble(slow=0.5, options={"grace": 60.0}))
    until(lambda: begun(site, song, "superres") == [1])
    os.kill(patient.pid, signal.SIGTERM)
    patient.join(300)
    assert (patient.exitcode, library.song(None, song.id).state) == (0, "done")


@on_sqlite
def test_a_full_disk_makes_takes_wait_and_nothing_is_lost(
    site: Site, library: Library, workers: Workers, tmp_path: Path
) -> None:
    (site.marks / "full").touch()
    song = library.submit("local", ask(seed=6), site.model)
    workers.start()
    take = until(lambda: next((take for take in library.song(None, song.id).takes if take.note), None))
    assert take.state == "running" and "No space left on device" in take.note and take.note_kind == "storage-full"
    assert any(event.kind == "waiting" for event in library.events(0))
    (site.marks / "full").unlink()
    until(lambda: ended(library.song(None, song.id)))
    assert_made(library, song, undisturbed(site, song, tmp_path))
    assert library.song(None, song.id).takes[0].note is None


@on_sqlite
def test_a_folder_that_cannot_be_written_makes_takes_wait(
    site: Site, library: Library, workers: Workers, tmp_path: Path
) -> None:
    site.artifacts.write_text("in the way")
    song = library.submit("local", ask(seed=7), site.model)
    workers.start()
    until(lambda: library.song(None, song.id).takes[0].note)
    site.artifacts.unlink()
    until(lambda: ended(library.song(None, song.id)))
    assert_made(library, song, undisturbed(site, song, tmp_path))


@on_sqlite
def test_a_take_that_the_model_cannot_make_fails_alone(site: Site, library: Library, workers: Workers) -> None:
    bad = library.submit("local", ask(duration=600), site.model)
    good = library.submit("local", ask(), site.model)
    lost = library.submit("local", ask(), "no-such-model")
    workers.start()
    for song in (bad, good, lost):
        until(lambda song=song: ended(library.song(None, song.id)))
    assert library.song(None, good.id).state == "done"
    assert "makes songs of up to 30 s" in str(library.song(None, bad.id).takes[0].error)
    assert "there is no model" in str(library.song(None, lost.id).takes[0].error)
    failures = {count.label: count.count for count in library.maintenance.counts() if count.name == "failures"}
    kinds = [library.song(None, song.id).takes[0].error_kind for song in (bad, lost)]
    assert list(failures) == kinds == ["invalid", "model-missing"]


@on_sqlite
def test_a_damaged_file_fails_its_take_and_no_other(site: Site, library: Library, workers: Workers) -> None:
    song = library.submit("local", ask(), site.model)
    first = workers.start(Trouble(slow=1.0))
    until(lambda: begun(site, song, "superres") == [1])
    first.kill()
    stored = library.artifact(None, song.takes[0].id, "backbone")
    (site.artifacts / stored.path).write_bytes(b"x" * stored.size)
    other = library.submit("local", ask(), site.model)
    workers.start()
    for one in (song, other):
        until(lambda one=one: ended(library.song(None, one.id)))
    assert "changed or damaged" in str(library.song(None, song.id).takes[0].error)
    assert library.song(None, other.id).state == "done"


@on_sqlite
def test_a_worker_ends_with_the_process_that_started_it(site: Site, library: Library, workers: Workers) -> None:
    process = workers.start(Trouble(options={"with_parent": True}))
    until(lambda: library.maintenance.status().workers)
    (site.marks / "orphaned").touch()
    process.join(300)
    assert process.exitcode == 0


@on_sqlite
def test_a_model_is_kept_or_freed_between_takes(site: Site, library: Library, workers: Workers) -> None:
    library.submit("local", ask(), site.model)
    workers.start(Trouble(slow=1.5, options={"keep_loaded": False}))
    until(lambda: any(worker.model == site.model for worker in library.maintenance.status().workers))
    until(lambda: all(worker.model is None for worker in library.maintenance.status().workers))
    assert library.songs(None).songs[0].state == "done"
