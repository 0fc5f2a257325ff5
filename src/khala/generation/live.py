"""A take that can be heard while it is made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from types import TracebackType
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.base import Engine, Written
from khala.generation.composition import Composition, DecidedWindow, DecodedBlock
from khala.generation.pace import Pace
from khala.generation.plan import TakePlan
from khala.generation.preview import INSTRUMENTAL_GAIN_DB, SUNG_GAIN_DB, Preview
from khala.generation.take import Take
from khala.models.lm.result import BackboneResult
from khala.music.progress import Progress, silent

LOOK_SECONDS = 0.5
"""How long the listening thread waits before it looks for an interrupt."""


@dataclass(frozen=True)
class LiveBlock:
    """Frames `first` to `stop` of a song as they are heard before it is mastered (`generation.preview`): samples
    [2, hop (stop - first)]. `can_start` says that playback which begins now will not stall, as far as can be told."""

    first: int
    stop: int
    samples: Samples
    can_start: bool


News = BackboneResult | DecidedWindow | LiveBlock
"""What comes of a take while it is made: windows and blocks, each in order, and what the backbone made of it, once."""


Tell = Callable[[News], None]


class Closed(Exception):
    """A take was closed before it was finished."""


class LiveTake:
    """A take in the making: iterate over its blocks, or over all `news`, then look at `take`.

    It begins with the first of these, on threads of its own, and goes on whether somebody listens or not. What fails
    there is raised where somebody listens. `close`, or the end of a `with` statement, ends it: no thread is left then.
    """

    def __init__(
        self, make: Callable[[Tell, Progress], Take], rate: int, frame_rate: float, progress: Progress = silent
    ) -> None:
        """`make` computes the take and tells what comes of it; `rate` is that of the samples, in Hz. `progress` is
        called on the threads that compute, by one at a time."""
        self.rate, self.frame_rate = rate, frame_rate
        self._closed, self._queue = Event(), SimpleQueue[News | Take | BaseException]()
        arguments = make, progress, self._closed, self._queue
        self._thread = Thread(target=_run, args=arguments, name="khala-live", daemon=True)
        self._outcome: Take | BaseException | None = None
        finalize(self, self._closed.set)  # forgotten, it ends, too

    def __enter__(self) -> "LiveTake":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Iterator[LiveBlock]:
        """Yield the blocks of the song as they come, to its end."""
        return (news for news in self.news() if isinstance(news, LiveBlock))

    def news(self) -> Iterator[News]:
        """Yield news as they come. What has been yielded once does not come again."""
        if self._thread.ident is None and self._outcome is None:
            self._thread.start()
        while self._outcome is None:
            item = self._next()
            if isinstance(item, Take | BaseException):
                self._outcome = item
                self._thread.join()
            else:
                yield item
        if isinstance(self._outcome, BaseException):
            raise self._outcome

    @property
    def take(self) -> Take:
        """The finished take. Waits for it, and drops what nobody has listened to."""
        for _ in self.news():
            pass
        assert isinstance(self._outcome, Take)
        return self._outcome

    def close(self) -> None:
        """End the work, unless it is done. It takes a fraction of a second with Khala Mini."""
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._outcome is None:
            self._outcome = Closed("the take was closed before it was finished")

    def _next(self) -> News | Take | BaseException:
        while True:
            try:
                return self._queue.get(timeout=LOOK_SECONDS)
            except Empty:
                continue


def _run(
    make: Callable[[Tell, Progress], Take],
    progress: Progress,
    closed: Event,
    queue: "SimpleQueue[News | Take | BaseException]",
) -> None:
    """Make a take; it has no reference to the `LiveTake`, which may be forgotten."""
    one_at_a_time = Lock()

    def tell(news: News) -> None:
        if closed.is_set():
            raise Closed
        queue.put(news)

    def report(stage: str, done: int, total: int) -> None:
        if closed.is_set():
            raise Closed
        with one_at_a_time:
            progress(stage, done, total)

    try:
        queue.put(make(tell, report))
    except BaseException as error:
        queue.put(error)


def compose(
    engine: Engine,
    plan: TakePlan,
    backbone: Callable[[Written, Progress], BackboneResult],
    finished: Callable[[NDArray[np.int16], BackboneResult, Samples, dict[str, float]], Take],
    known: NDArray[np.int16] | None,
    tell: Tell,
    progress: Progress,
) -> Take:
    """Make a take, and tell of its windows and of what can be heard. `backbone` computes the first stage, `finished`
    the last from codes [Q, T], samples and seconds of the stages; `known` as in `Composition`."""
    config = engine.config
    gain = INSTRUMENTAL_GAIN_DB if plan.request.instrumental else SUNG_GAIN_DB
    preview = Preview(config.codec.sample_rate, config.codec.hop, plan.max_frames, gain)
    pace = Pace(config.frame_rate, len(plan.superres_ids), engine.threads)

    def hear(samples_2N: Samples, first: int, can_start: bool) -> None:
        if samples_2N.shape[1]:
            tell(LiveBlock(first, preview.heard, samples_2N, can_start))

    def take_in(news: BackboneResult | DecidedWindow | DecodedBlock) -> None:
        if not isinstance(news, BackboneResult):
            pace.add(news)
        if not isinstance(news, DecodedBlock):
            tell(news)
            return
        preview.add(news.samples)
        first, samples_2N = preview.heard, preview.go_on(composition.frames)
        written, slowness = composition.frames, composition.seconds_to_write_a_frame
        hear(samples_2N, first, pace.can_start(preview.heard, composition.expected_windows, written, slowness))

    composition = Composition(engine, plan, take_in, progress, known)
    result = composition.run(lambda written: backbone(written, progress))
    first = preview.heard
    hear(preview.end(not result.ended), first, True)
    seconds = {stage: round(spent, 3) for stage, spent in composition.seconds.items()}
    return finished(composition.codes, result, preview.raw, seconds)
