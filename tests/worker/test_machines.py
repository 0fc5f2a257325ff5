"""Two machines share one queue on PostgreSQL; one is cut off in the middle of a song."""

import socket
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from service import DEAD, Site, Trouble, Workers, ask, assert_made, begun, ended, undisturbed, until
from sqlalchemy import make_url

from khala.jobs.library import Library

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Cable:
    """What connects a machine with the database; it can be cut and joined."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._to, self._whole = to, True
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole = False
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        self._whole = True

    def _accept(self) -> None:
        while True:
            here, _ = self._listener.accept()
            if not self._whole:
                here.close()
                continue
            there = socket.create_connection(self._to)
            self._ends += [here, there]
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def test_a_song_is_finished_elsewhere_and_the_lost_machine_comes_back(
    site: Site, library: Library, workers: Workers, tmp_path: Path
) -> None:
    url = make_url(site.database)
    cable = Cable((str(url.host), int(url.port or 0)))
    far = replace(site, database=url.set(port=cable.port).render_as_string(hide_password=False))
    song = library.submit("local", ask(seed=8), site.model)
    cut_off = workers.start(Trouble(slow=2 * DEAD), far)
    until(lambda: begun(site, song, "backbone") == [1])
    cable.cut()
    workers.start()
    until(lambda: ended(library.song(None, song.id)))
    expected = undisturbed(site, song, tmp_path)
    assert_made(library, song, expected)

    cable.join()
    until(lambda: len(library.maintenance.status().workers) == 2)
    assert cut_off.is_alive()
    assert_made(library, song, expected)
    assert begun(site, song, "superres") == [1]


def test_a_database_that_restarts_loses_nothing(site: Site, library: Library, workers: Workers, tmp_path: Path) -> None:
    url = make_url(site.database)
    cable = Cable((str(url.host), int(url.port or 0)))
    far = replace(site, database=url.set(port=cable.port).render_as_string(hide_password=False))
    song = library.submit("local", ask(seed=9), site.model)
    workers.start(Trouble(slow=1.0), far)
    for stage in ("backbone", "superres", "render"):
        until(lambda stage=stage: begun(site, song, stage) == [1])
        cable.cut()
        cable.join()
    until(lambda: ended(library.song(None, song.id)))
    assert_made(library, song, undisturbed(site, song, tmp_path))
