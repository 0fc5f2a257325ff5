"""Sequences of phones in frames of log probabilities [T, C], class 0 of which is "no phone" (CTC, Graves et al. 2006).

A path moves through a sequence's states: a rest, the first phone, a rest, and so on to a last rest. A rest may be left
out, but not between two equal phones.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from khala.music.phones import PHONES
from khala.scoring.types import Array
from khala.scoring.viterbi import NEVER, Chain


def greedy_decode(ctc_TC: Array) -> list[str]:
    """Decode greedily: the likeliest classes, repetitions merged, "no phone" left out."""
    best = ctc_TC.argmax(1)
    changes = np.diff(best, prepend=-1) != 0
    return [PHONES[number - 1] for number in best[changes].tolist() if number]


def ctc_log_likelihood(ctc_TC: Array, phones: Sequence[str]) -> float:
    """Return the log likelihood of a sequence of phones in nats, by all paths together; -inf if they do not fit."""
    states, skips = _states(phones)
    routes = np.full((3, len(states)), NEVER)  # staying, from the state before, from the one before that
    score = np.full(len(states), NEVER)
    score[:2] = ctc_TC[0, states[:2]]
    for frame_C in ctc_TC[1:]:
        routes[0], routes[1, 1:], routes[2, 2:] = score, score[:-1], score[:-2] + skips[2:]
        best = routes.max(0)
        score = best + np.log(np.exp(routes - best).sum(0)) + frame_C[states]
    nats = float(np.logaddexp.reduce(score[-2:]))
    return nats if nats > NEVER / 2 else float("-inf")


def force_align(frames_TC: Array, phones: Sequence[str]) -> list[tuple[int, int]]:
    """Align phones with frames -> first frame and end of each, on the likeliest path (Viterbi).

    There may be rests of any length between phones, before and after them. Raises ValueError if there are too few
    frames.
    """
    repeated = sum(one == other for one, other in pairwise(phones))  # two equal ones need a rest between them
    if len(frames_TC) < len(phones) + repeated:
        raise ValueError(f"{len(phones)} phones do not fit into {len(frames_TC)} frames")
    if not phones:
        return []
    no_gates = np.zeros(0, np.intp)
    path = Chain(*_states(phones), no_gates, no_gates).likeliest_path(frames_TC)
    edges = np.searchsorted(path, np.arange(1, 2 * len(phones) + 1)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _states(phones: Sequence[str]) -> tuple[Array, Array]:
    """Return the class of each state, and 0 for a state that a path may enter from the last but one, else `NEVER`."""
    states = np.zeros(2 * len(phones) + 1, np.intp)
    states[1::2] = [1 + PHONES.index(phone) for phone in phones]
    skips = np.full(len(states), NEVER)
    skips[3::2] = np.where(states[3::2] == states[1:-2:2], NEVER, 0.0)
    return states, skips
