"""The stages of one take side by side: windows are refined and blocks decoded while the backbone writes on.

What a song becomes is the same as when one stage comes after the other: a window depends on codes that stay what they
are when the song goes on (`models.lm.windows`), a block on windows that are decided.
"""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.base import Engine, Refining, Synthesis, Written
from khala.engine.chains import Chains
from khala.generation.plan import TakePlan
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.result import BackboneResult
from khala.models.lm.windows import Window, windows_over
from khala.music.progress import Progress


@dataclass(frozen=True)
class DecidedWindow:
    """Frames `first` to `stop` of a song have the `codes` [Q, stop - first] for good, and their phones, if they are
    known, this `phone_index` [stop - first]. The window `read` so many, and took `seconds` from its first pass to its
    last."""

    first: int
    stop: int
    read: int
    codes: NDArray[np.int16]
    phone_index: NDArray[np.int16] | None
    seconds: float


@dataclass(frozen=True)
class DecodedBlock:
    """Frames `first` to `stop` of a song as the codec gives them, samples [2, hop (stop - first)], in so many
    `seconds`."""

    first: int
    stop: int
    samples: Samples
    seconds: float


@dataclass
class _Part:
    """A window on its way: what is refined, and since when."""

    window: Window
    draft: RefineInput
    refining: Refining | None = None
    began: float = 0.0


class Composition:
    """A take on its way. `tell` takes in its windows, its blocks, both in order, and what the backbone made of it once
    that is whole, on threads that compute; it may end the work by an exception, and so may `progress`."""

    def __init__(
        self,
        engine: Engine,
        plan: TakePlan,
        tell: Callable[[BackboneResult | DecidedWindow | DecodedBlock], None],
        progress: Progress,
        known: NDArray[np.int16] | None = None,
    ) -> None:
        """`known` are the codes [Q, T] of windows that were decided before, of a take that was interrupted."""
        levels = engine.config.superres.levels
        self._engine, self._plan, self._tell, self._progress = engine, plan, tell, progress
        self._known_frames = 0 if known is None else known.shape[1]
        self._codes_QT = np.zeros((levels, max(plan.max_frames, self._known_frames)), np.int16)
        if known is not None:
            self._codes_QT[:, : self._known_frames] = known
        self._result = BackboneResult(self._codes_QT[:2, :0], False)  # as far as it is written
        self._is_whole = False
        self._chains, self._steps = Chains(levels - FIRST_LEVEL, in_order=True), levels - FIRST_LEVEL
        self._windows: list[Window] = []  # those that stay what they are
        self._parts: list[_Part] = []  # those of them that are not known
        self._decided: deque[tuple[Window, float]] = deque()  # to be told
        self._telling, self._lock = False, Lock()
        self._synthesis: Synthesis | None = None
        self._decoded_frames = 0
        self._failure: BaseException | None = None
        self._began = self._in_between = 0.0  # when the backbone began; seconds of other stages meanwhile
        self.seconds: dict[str, float] = {"backbone": 0.0, "superres": 0.0, "decode": 0.0}
        """Time spent in the stages, by all threads: they overlap."""

    @property
    def codes(self) -> NDArray[np.int16]:
        """All codes [Q, T], once `run` has returned."""
        return self._codes_QT[:, : self.frames]

    @property
    def frames(self) -> int:
        """Frames that the backbone has written."""
        return int(self._result.codes.shape[1])

    @property
    def expected_windows(self) -> list[Window]:
        """The windows of a song as long as this one is expected to be."""
        plan = self._plan
        expected = self.frames if self._is_whole else max(plan.target_frames or plan.max_frames, self.frames)
        return windows_over(expected, self._engine.windows)

    @property
    def seconds_to_write_a_frame(self) -> float:
        """What the backbone takes for each of the frames that are still to be written."""
        if self._is_whole or not self.frames:
            return 0.0
        return (time.perf_counter() - self._began - self._in_between) / self.frames

    def run(self, backbone: Callable[[Written], BackboneResult]) -> BackboneResult:
        """Compute all stages; `backbone` the first one, which says what it has written so far.

        An exception of any thread is raised once all of them have stopped. Raises ValueError if the codes that are
        known do not end with a window.
        """
        engine = self._engine
        # With one thread the other stages come in between, but not where that would swap parts of the model.
        in_between = engine.threads == 1 and engine.mode != "one_shot"

        def written(take: int, result: BackboneResult) -> None:
            self._require_going()
            self._write(result, False)
            if in_between:
                start = time.perf_counter()
                self._compute(may_wait=False)
                self._in_between += time.perf_counter() - start

        def lead() -> None:
            self._began = time.perf_counter()
            result = backbone(written)
            self.seconds["backbone"] = time.perf_counter() - self._began - self._in_between
            self._tell(result)
            self._write(result, True)
            self._compute()

        with ThreadPoolExecutor(max(engine.threads - 1, 1), "khala") as pool:
            for _ in range(engine.threads - 1):
                pool.submit(self._guard, self._compute)
            self._guard(lead)
        if self._failure:
            raise self._failure
        return self._result

    def _guard(self, work: Callable[[], None]) -> None:
        """Stop all threads if one of them fails."""
        try:
            work()
        except BaseException as error:
            with self._lock:
                self._failure = self._failure or error
            self._chains.stop()

    def _require_going(self) -> None:
        if self._failure:
            raise self._failure

    def _write(self, result: BackboneResult, is_whole: bool) -> None:
        """Begin the windows that stay what they are now that so much is written."""
        self._result, self._is_whole = result, is_whole
        windows = windows_over(self.frames, self._engine.windows)
        certain = windows if is_whole else windows[:-1]
        if len(certain) > len(self._windows):
            draft = self._plan.refine_input(result)
            for window in certain[len(self._windows) :]:
                self._begin(window, draft)
        if is_whole:
            self._chains.close()

    def _begin(self, window: Window, draft: RefineInput) -> None:
        self._windows.append(window)
        if window.stop <= self._known_frames:
            written = draft.codes[:, window.start : window.stop]
            if not np.array_equal(written, self._codes_QT[:2, window.start : window.stop]):
                raise ValueError("the codes that are known are another take's")
            self._hand_over(window, 0.0)
        elif window.start < self._known_frames:
            raise ValueError(f"{self._known_frames} frames are known, which end within a window: {window}")
        else:
            self._parts.append(_Part(window, draft))
            self._chains.add(follows=len(self._parts) > 1)

    def _compute(self, may_wait: bool = True) -> None:
        """Refine windows, and decode what they decide, until there is nothing left to do, or nothing now."""
        while (chain := self._chains.begin(may_wait)) is not None:
            part, step, start = self._parts[chain], self._chains.done[chain], time.perf_counter()
            if part.refining is None:
                part.refining = self._engine.refining(part.draft, part.window, self._codes_QT)
                part.began = start
            part.refining.decide(FIRST_LEVEL + step, self._report)
            is_last, now = self._chains.end(chain), time.perf_counter()
            with self._lock:
                self.seconds["superres"] += now - start
            if is_last:
                part.refining = None
                self._hand_over(part.window, now - part.began)
            self._report()

    def _hand_over(self, window: Window, seconds: float) -> None:
        """Tell of a window, and decode what it decides; if another thread is at that, it goes on with this one."""
        with self._lock:
            self._decided.append((window, seconds))
            if self._telling:
                return
            self._telling = True
        while True:
            with self._lock:
                if not self._decided:
                    self._telling = False
                    return
                window, seconds = self._decided.popleft()
            its, phones = slice(window.start, window.stop), self._result.phone_index
            codes_QT = self._codes_QT[:, its].copy()
            phones = None if phones is None else phones[its]
            self._tell(DecidedWindow(window.start, window.stop, window.last - window.first, codes_QT, phones, seconds))
            self._decode(window.stop)

    def _decode(self, stop: int) -> None:
        if self._synthesis is None:
            self._synthesis = self._engine.synthesis()
        is_all = self._is_whole and stop == self.frames
        while True:
            start = time.perf_counter()
            block_2N = self._synthesis.next(self._codes_QT[:, :stop], is_all)
            if block_2N is None:
                return
            seconds = time.perf_counter() - start
            with self._lock:
                self.seconds["decode"] += seconds
            first = self._decoded_frames
            self._decoded_frames += block_2N.shape[1] // self._engine.config.codec.hop
            self._tell(DecodedBlock(first, self._decoded_frames, block_2N, seconds))
            self._report()

    def _report(self) -> None:
        """Say how far all is, of a song of about the length that is expected."""
        self._require_going()
        windows, known = self.expected_windows, len(self._windows) - len(self._parts)
        self._progress("superres", sum(self._chains.done) + known * self._steps, len(windows) * self._steps)
        self._progress("decode", self._decoded_frames, windows[-1].stop)
