"""The likeliest path through states that follow each other (Viterbi), in bounded memory.

Only the scores of every `BLOCK_FRAMES`th frame are kept; the steps of a block are computed again, from its first frame
on, when the path is read backwards. Ten minutes of a song with 8000 phones so need 7 MB instead of 400.
"""

from dataclasses import dataclass

import numpy as np

from khala.scoring.types import Array

NEVER = -1e30
"""The log probability of what cannot be; finite, so that it can be subtracted from itself."""
BLOCK_FRAMES = 256


@dataclass(frozen=True)
class Chain:
    """States in order; a path starts in the first or second one, stays or moves on to the next, and ends in the last or
    last but one.

    `classes` [S] holds the column of the log probabilities that each state reads; `skips` [S] is 0 for a state that may
    be entered from the last but one, else `NEVER`. `gates` [G] are states between which a path may jump ahead without
    spending a frame, from the first and to the last one also at its ends; `costs` [G] are nats from the first gate on.
    """

    classes: Array
    skips: Array
    gates: Array
    costs: Array

    def likeliest_path(self, frames_TC: Array) -> Array:
        """Return the state of each frame of log probabilities, int [T]; states never decrease."""
        starts = range(0, len(frames_TC), BLOCK_FRAMES)
        blocks = [frames_TC[start : start + BLOCK_FRAMES] for start in starts]
        scores = [np.full(len(self.classes), NEVER)]
        scores[0][0] = 0.0  # before the first frame
        for block_TC in blocks:
            scores.append(self._forward(scores[-1], block_TC))
        state, path = self._end(scores.pop()), np.empty(len(frames_TC), np.intp)
        gate_of = {int(gate): number for number, gate in enumerate(self.gates)}
        for start, block_TC in zip(reversed(starts), reversed(blocks), strict=True):
            steps = np.zeros((len(block_TC), len(self.classes)), np.int8)
            jumps = np.zeros((len(block_TC), len(self.gates)), np.int32)
            self._forward(scores.pop(), block_TC, steps, jumps)
            for time in reversed(range(len(block_TC))):
                path[start + time] = state
                if state in gate_of:
                    state = int(self.gates[jumps[time, gate_of[state]]])
                state -= int(steps[time, state])
        return path

    def _forward(self, score: Array, frames_TC: Array, steps: Array | None = None, jumps: Array | None = None) -> Array:
        """Return the scores after some more frames. Each frame's steps [S] and the gates [G] that its jumps come from
        are written to `steps` and `jumps`."""
        one, two = np.full(len(score), NEVER), np.full(len(score), NEVER)
        for time, frame_C in enumerate(frames_TC):
            one[1:], two[2:] = score[:-1], score[:-2] + self.skips[2:]
            best = np.maximum(score, one)
            if steps is not None:
                steps[time, one > score] = 1
                steps[time, two > best] = 2
            score = np.maximum(best, two)
            if len(self.gates):
                score[self.gates], origins = self._jump(score)
                if jumps is not None:
                    jumps[time] = origins
            score += frame_C[self.classes]
        return score

    def _jump(self, score: Array) -> tuple[Array, Array]:
        """Return the scores of the gates after jumps, and the number of the gate that each comes from."""
        level = score[self.gates] + self.costs
        best = np.maximum.accumulate(level)
        origins = np.maximum.accumulate(np.where(level == best, np.arange(len(level)), 0))
        return best - self.costs, origins

    def _end(self, score: Array) -> int:
        last = len(score) - 1
        if len(self.gates):
            score[self.gates], origins = self._jump(score)
        if last and score[last - 1] > score[last]:
            return last - 1
        return int(self.gates[origins[-1]]) if len(self.gates) else last
