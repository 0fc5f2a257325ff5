"""Synthesis of a corpus: seeds are composed, rendered and stored by several single-threaded processes.

A song depends on its seed alone. Existing songs are kept, so an interrupted run continues where it stopped.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from khala.corpus.composer.compose import compose
from khala.corpus.composer.compose.words import LEXICON
from khala.corpus.composer.render import Rendered, render_score
from khala.corpus.composer.render.fluidsynth import require_fluidsynth
from khala.corpus.composer.score import Score
from khala.corpus.composer.singers import NATURAL_SEEDS
from khala.corpus.composer.voice import ToolMissing, VoiceBank
from khala.corpus.composer.voice.kokoro import require_kokoro
from khala.corpus.data.manifest import CorpusError, CorpusSong, json_path, read_song, store_song
from khala.corpus.data.pool import process_pool

GENERATOR = 5
"""Version of composing and rendering; songs of different versions differ for the same seed."""


@dataclass(frozen=True)
class SynthProgress:
    """`songs` and `seconds` of audio in the corpus; `made` seconds of them come from this run, in `elapsed` seconds."""

    songs: int
    seconds: float
    made: float
    elapsed: float

    @property
    def speed(self) -> float:
        """Seconds of audio made per second."""
        return self.made / max(self.elapsed, 1e-9)


def synth(
    out: Path,
    songs: int | None = None,
    hours: float | None = None,
    seed: int = 1,
    processes: int = 1,
    progress: Callable[[SynthProgress], None] | None = None,
) -> SynthProgress:
    """Make the songs of `seed`, `seed + 1`, ... until there are `songs` of them, or `hours` of audio.

    Raises `ToolMissing` if FluidSynth, its sound fonts or the voices of these seeds are missing, `OutputError` if `out`
    cannot be written, `CorpusError` if it holds songs of another version of the composer.
    """
    require_fluidsynth()
    natural = range(seed, seed + songs)[-1] in NATURAL_SEEDS if songs else seed in NATURAL_SEEDS
    if natural:
        require_kokoro()
    elif shutil.which("flite") is None:
        raise ToolMissing("the program flite")
    begin = time.monotonic()
    done, seconds, made = 0, 0.0, 0.0
    seeds: Iterator[int] = iter(range(seed, seed + songs) if songs is not None else count(seed))
    running: set[Future[float]] = set()
    with process_pool(processes, patient=True) as pool:
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
                progress(SynthProgress(done, seconds, made, time.monotonic() - begin))
    return SynthProgress(done, seconds, made, time.monotonic() - begin)


def _kept(path: Path) -> float:
    """Return the seconds of an existing song. Raises `CorpusError` if another version of the composer made it."""
    song = read_song(path)
    if song.generator != GENERATOR:
        raise CorpusError(
            f"{path} was made by version {song.generator} of the composer, this is {GENERATOR}; choose another folder"
        )
    return song.duration


def make_song(out: Path, seed: int) -> float:
    """Compose, render and store the song of a seed; return its seconds."""
    score = compose(seed)
    write_song(out, score, render_score(score, _voices()))
    return score.seconds


def write_song(corpus: Path, score: Score, rendered: Rendered) -> Path:
    """Store a rendered score and return the path of its JSON. Raises `OutputError` if the folder cannot be written."""
    path = json_path(corpus, score.seed)
    song = CorpusSong(
        generator=GENERATOR,
        seed=score.seed,
        style=score.style,
        duration=round(score.seconds, 4),
        frames=score.frames,
        tags=score.tags,
        description=score.description,
        lyrics=score.lyrics,
        vocal=score.voice,
        truth=rendered.truth,
        audio=path.with_suffix(".flac"),
    )
    store_song(song, rendered.samples)
    return path


@cache
def _voices() -> VoiceBank:
    return VoiceBank(LEXICON)
