"""Work in chains: steps that come one after the other, in several chains that go on side by side."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Condition


def run_chains(
    work: Callable[[int, int], None],
    follows: Sequence[bool],
    steps: int,
    report: Callable[[int], None] = lambda done: None,
    threads: int = 1,
) -> None:
    """Call `work(chain, step)` for steps 0, 1, ... of each chain, on the calling thread and others.

    A step comes after those before it in its chain and, where the chain `follows` the one before, after the same step
    of that one. The calling thread passes to `report` how many steps of all chains are done. An exception of either is
    raised once all threads have stopped.
    """
    state, reported = _Chains(follows, steps), 0

    def tell() -> None:
        nonlocal reported
        if (done := sum(state.done)) > reported:
            reported = done
            report(done)

    def share(after_each: Callable[[], None] = lambda: None) -> None:
        try:
            while (chain := state.begin()) is not None:
                work(chain, state.done[chain])
                state.end(chain)
                after_each()
        except BaseException:
            state.stop()
            raise

    with ThreadPoolExecutor(max(threads - 1, 1), "khala") as pool:
        others = [pool.submit(share) for _ in range(min(threads, len(follows)) - 1)]
        try:
            share(tell)
        finally:
            wait(others)
        for other in others:
            other.result()
    tell()


class _Chains:
    """How many steps of each chain are `done`, and which chains a thread is busy with."""

    def __init__(self, follows: Sequence[bool], steps: int) -> None:
        self.done, self._busy = [0] * len(follows), [False] * len(follows)
        self._follows, self._steps, self._stopped = follows, steps, False
        self._changed = Condition()

    def begin(self) -> int | None:
        """Wait for a step that can be computed, one of the chain that is least far; return its chain, or None if all
        steps are done or begun."""
        with self._changed:
            while not self._stopped:
                left = [i for i, done in enumerate(self.done) if done + self._busy[i] < self._steps]
                ready = [i for i in left if not self._busy[i] and self._is_ready(i)]
                if ready:
                    chain = min(ready, key=self.done.__getitem__)
                    self._busy[chain] = True
                    return chain
                if not left:
                    return None
                self._changed.wait()
        return None

    def end(self, chain: int) -> None:
        """Count the step that `begin` returned."""
        with self._changed:
            self.done[chain] += 1
            self._busy[chain] = False
            self._changed.notify_all()

    def stop(self) -> None:
        """Begin no more steps."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _is_ready(self, chain: int) -> bool:
        return not self._follows[chain] or self.done[chain - 1] > self.done[chain]
