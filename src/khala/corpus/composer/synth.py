"""Makes a corpus: seed after seed is composed, rendered and stored, by several processes of one thread each.

A song depends on its seed alone. What is already there is kept, so an interrupted run goes on where it stopped.
"""

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from khala.corpus.composer.compose import compose
from khala.corpus.composer.compose.words import LEXICON
from khala.corpus.composer.render import render
from khala.corpus.composer.render.band import require_band
from khala.corpus.composer.singers import NATURAL_SEEDS
from khala.corpus.composer.voice import ToolMissing, VoiceBank
from khala.corpus.composer.voice.kokoro import require_kokoro
from khala.corpus.data.manifest import GENERATOR, CorpusError, json_path, read_song, write_song


@dataclass(frozen=True)
class Progress:
    """`songs` and `seconds` of audio that are there, `made` seconds of them by this run in `elapsed` seconds."""

    songs: int
    seconds: float
    made: float
    elapsed: float

    @property
    def speed(self) -> float:
        """Seconds of audio made in a second."""
        return self.made / max(self.elapsed, 1e-9)


def synth(
    out: Path,
    songs: int | None = None,
    hours: float | None = None,
    seed: int = 1,
    processes: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Makes the songs of `seed`, `seed + 1`, ... until there are `songs` of them, or `hours` of audio.

    Raises `ToolMissing` if FluidSynth, its sound fonts or the voices of these seeds are missing, `OutputError` if `out`
    takes no files, `CorpusError` if it holds songs of another version of the composer.
    """
    require_band()
    natural = range(seed, seed + songs)[-1] in NATURAL_SEEDS if songs else seed in NATURAL_SEEDS
    if natural:
        require_kokoro()
    elif shutil.which("flite") is None:
        raise ToolMissing("the program flite")
    begin = time.monotonic()
    done, seconds, made = 0, 0.0, 0.0
    seeds: Iterator[int] = iter(range(seed, seed + songs) if songs is not None else count(seed))
    running: set[Future[float]] = set()
    with _pool(processes) as pool:
        try:
            while True:
                while len(running) < 2 * processes and (hours is None or seconds < 3600 * hours):
                    following = next(seeds, None)
                    if following is None:
                        break
                    if json_path(out, following).exists():
                        done, seconds = done + 1, seconds + _kept(json_path(out, following))
                    else:
                        running.add(pool.submit(make_song, out, following))
                if not running:
                    break
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    done, seconds, made = done + 1, seconds + future.result(), made + future.result()
                if progress:
                    progress(Progress(done, seconds, made, time.monotonic() - begin))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Progress(done, seconds, made, time.monotonic() - begin)


def _kept(path: Path) -> float:
    """The seconds of a song that is there already; it has to be one that would be made again just so."""
    song = read_song(path)
    if song.generator != GENERATOR:
        raise CorpusError(
            f"{path} was made by version {song.generator} of the composer, this is {GENERATOR}; choose another folder"
        )
    return song.duration


def make_song(out: Path, seed: int) -> float:
    """Composes, renders and stores the song of a seed; returns its seconds."""
    score = compose(seed)
    write_song(out, score, render(score, _voices()))
    return score.seconds


@cache
def _voices() -> VoiceBank:
    return VoiceBank(LEXICON)


def _pool(processes: int) -> ProcessPoolExecutor:
    for library in ("OMP", "OPENBLAS", "MKL"):  # read when a new process imports numpy
        os.environ[f"{library}_NUM_THREADS"] = "1"
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_leave_interrupts_to_parent)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
