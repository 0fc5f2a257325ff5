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
    chains, reported = Chains(steps), 0
    for one in follows:
        chains.add(one)
    chains.close()

    def tell() -> None:
        nonlocal reported
        if (done := sum(chains.done)) > reported:
            reported = done
            report(done)

    def share(after_each: Callable[[], None] = lambda: None) -> None:
        try:
            while (chain := chains.begin()) is not None:
                work(chain, chains.done[chain])
                chains.end(chain)
                after_each()
        except BaseException:
            chains.stop()
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


class Chains:
    """How many of its `steps` each chain has `done`, and which chains a thread is busy with.

    Which step comes next is that of the chain that is least far, so that all end soon, or with `in_order` that of the
    first chain, so that it ends first.
    """

    def __init__(self, steps: int, in_order: bool = False) -> None:
        self.done = list[int]()
        self._busy, self._follows = list[bool](), list[bool]()
        self._steps, self._in_order, self._closed, self._stopped = steps, in_order, False, False
        self._changed = Condition()

    def add(self, follows: bool) -> int:
        """Append a chain, which may follow the one before, and return its number."""
        with self._changed:
            self.done.append(0)
            self._busy.append(False)
            self._follows.append(follows)
            self._changed.notify_all()
            return len(self.done) - 1

    def begin(self, may_wait: bool = True) -> int | None:
        """Wait for a step that can be computed and return its chain; None if all steps are done or begun and no chain
        is to come, or if there is none now and the caller may not wait."""
        with self._changed:
            while not self._stopped:
                left = [i for i, done in enumerate(self.done) if done + self._busy[i] < self._steps]
                ready = [i for i in left if not self._busy[i] and self._is_ready(i)]
                if ready:
                    chain = ready[0] if self._in_order else min(ready, key=self.done.__getitem__)
                    self._busy[chain] = True
                    return chain
                if not may_wait or (self._closed and not left):
                    return None
                self._changed.wait()
        return None

    def end(self, chain: int) -> bool:
        """Count the step that `begin` returned, and return whether it was the chain's last."""
        with self._changed:
            self.done[chain] += 1
            self._busy[chain] = False
            self._changed.notify_all()
            return self.done[chain] == self._steps

    def close(self) -> None:
        """Add no more chains."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Begin no more steps."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _is_ready(self, chain: int) -> bool:
        return not self._follows[chain] or self.done[chain - 1] > self.done[chain]
