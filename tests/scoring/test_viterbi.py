"""The likeliest path is that of a search through all paths, in one block or in many."""

from itertools import product

import numpy as np
import pytest

from khala.scoring.types import Array
from khala.scoring.viterbi import BLOCK_FRAMES, NEVER, Chain

CLASSES = np.array([0, 1, 0, 2, 0])
SKIPS = np.array([NEVER, NEVER, NEVER, 0.0, NEVER])
GATES, COSTS = np.array([0, 2, 4]), np.array([0.0, 1.0, 3.0])


def random_frames(length: int, seed: int) -> Array:
    return 2 * np.random.default_rng(seed).standard_normal((length, 4))


def best_score(chain: Chain, frames_TC: Array) -> float:
    """By trying all paths; a state may be entered from a gate, a jump before it."""

    def arrive(before: int, state: int) -> float:
        """The least cost of a move, without the emission."""
        costs = [0.0 if 0 <= state - before <= 1 else -chain.skips[state] if state - before == 2 else -NEVER]
        if state in chain.gates:
            to = list(chain.gates).index(state)
            for origin in range(to):
                costs.append(chain.costs[to] - chain.costs[origin] + arrive(before, int(chain.gates[origin])))
        return min(costs)

    last = len(chain.classes) - 1
    best = NEVER
    for path in product(range(last + 1), repeat=len(frames_TC)):
        ends = {last: 0.0, last - 1: 0.0} if last else {0: 0.0}
        for gate, cost in zip(chain.gates, chain.costs, strict=True):
            ends.setdefault(int(gate), chain.costs[-1] - cost)
        if path[-1] not in ends:
            continue
        moves = sum(arrive(one, other) for one, other in zip((0, *path), path, strict=False))
        best = max(best, score_of(chain, frames_TC, path) - moves - ends[path[-1]])
    return best


def score_of(chain: Chain, frames_TC: Array, path: tuple[int, ...]) -> float:
    return float(sum(frame[chain.classes[state]] for frame, state in zip(frames_TC, path, strict=True)))


@pytest.mark.parametrize("seed", range(6))
def test_the_path_is_the_best_of_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for gates, costs in ((GATES[:0], COSTS[:0]), (GATES, COSTS)):
        chain, frames = Chain(CLASSES, SKIPS, gates, costs), random_frames(4, seed)
        for block in (BLOCK_FRAMES, 3, 1):
            monkeypatch.setattr("khala.scoring.viterbi.BLOCK_FRAMES", block)
            path = tuple(chain.likeliest_path(frames).tolist())
            assert list(path) == sorted(path)
            fixed = np.full_like(frames, NEVER)  # what this path alone may read
            fixed[range(4), chain.classes[list(path)]] = frames[range(4), chain.classes[list(path)]]
            assert best_score(chain, frames) == pytest.approx(best_score(chain, fixed))


def test_what_is_not_heard_is_passed_over() -> None:
    heard = np.full((4, 4), -50.0)
    heard[:, 0] = 0.0
    assert Chain(CLASSES, SKIPS, GATES, COSTS).likeliest_path(heard).tolist() == [4] * 4
    heard[1, 1] = 40.0
    assert Chain(CLASSES, SKIPS, GATES, COSTS).likeliest_path(heard).tolist() == [0, 1, 4, 4]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    states, rng = 401, np.random.default_rng(0)
    classes = np.zeros(states, int)
    classes[1::2] = rng.integers(1, 4, states // 2)
    skips = np.full(states, NEVER)
    skips[3::2] = 0.0
    gates = np.arange(0, states, 40)
    chain = Chain(classes, skips, gates, 2.0 * np.arange(len(gates)))
    frames = random_frames(1000, 1)
    whole = chain.likeliest_path(frames)
    monkeypatch.setattr("khala.scoring.viterbi.BLOCK_FRAMES", 10**6)
    assert np.array_equal(whole, chain.likeliest_path(frames))
    assert whole[0] < 40 and whole[-1] >= states - 2 and 0 < np.diff(whole).max() <= 80
