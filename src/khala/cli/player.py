"""The sound card: through the library sounddevice, where it is installed, or through a player that reads its input."""

import shutil
import subprocess
from contextlib import suppress
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

from khala.audio.wav_stream import pcm
from khala.cli.errors import print_line
from khala.generation.live import LiveBlock

PLAYERS = (
    "ffplay -nodisp -autoexit -loglevel quiet -f s16le -ar {rate} -ch_layout stereo -i -",
    "paplay --raw --format=s16le --rate={rate} --channels=2",
    "aplay -q -t raw -f S16_LE -r {rate} -c 2",
    "play -q -t raw -e signed -b 16 -L -r {rate} -c 2 -",
)
"""Commands that play PCM of 16 bits from their standard input: of FFmpeg, PulseAudio, ALSA and SoX."""

NO_PLAYER = "install FFmpeg, or the Python package sounddevice"
"""What to do where there is none."""


class _Output(Protocol):
    """What takes in PCM of 16 bits at the pace of the sound card."""

    def write(self, data: bytes) -> Any: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


class Player:
    """Plays a song while it is made, from the block on that says that it `can_start`. A sound card that fails does not
    end the song."""

    def __init__(self, rate: int) -> None:
        """Raises LookupError if there is no player."""
        self._output, self._failed, self._started = _open(rate), False, False
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = Thread(target=self._feed, name="khala-player", daemon=True)

    def __enter__(self) -> "Player":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until all has been played, or after an exception be silent at once."""
        try:
            if kind is None:
                self._start()
                self._queue.put(None)
                self._thread.join()
        finally:  # an interrupt, too
            self._output.abort()
        if self._failed and kind is None:
            print_line("note: the player stopped before the end of the song")

    def hear(self, block: LiveBlock) -> None:
        """Play a block behind those before."""
        self._queue.put(pcm(block.samples, 16))
        if block.can_start:
            self._start()

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._thread.start()

    def _feed(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                self._output.write(data)
            self._output.finish()
        except Exception:  # a player that was closed, a sound card that was pulled out
            self._failed = True


class _Process:
    """A player that reads its standard input."""

    def __init__(self, command: list[str]) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)
        assert self._process.stdin is not None
        self.write = self._process.stdin.write

    def finish(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait():
            raise OSError("the player failed")

    def abort(self) -> None:
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()


class _Device:
    """The sound card itself."""

    def __init__(self, sounddevice: Any, rate: int) -> None:
        self._stream = sounddevice.RawOutputStream(rate, channels=2, dtype="int16")
        self._stream.start()
        self.write = self._stream.write

    def finish(self) -> None:
        self._stream.stop()  # waits until all has been played

    def abort(self) -> None:
        with suppress(Exception):  # it may be gone
            self._stream.abort()
            self._stream.close()


def _open(rate: int) -> _Output:
    with suppress(Exception):  # not installed, without its library, no sound card: each has an error of its own
        return _Device(import_module("sounddevice"), rate)
    for command in PLAYERS:
        name, *arguments = command.format(rate=rate).split()
        if (path := shutil.which(name)) is not None:
            return _Process([path, *arguments])
    raise LookupError("no player was found")
