"""Drawing codes from logits, with the noise that torch draws for the same seed."""

import numpy as np
from numpy.typing import NDArray

from khala.music.seeds import mixed_seed

AHEAD = 1 << 16
"""Numbers that are drawn at once."""


class Noise:
    """Uniform numbers in [0, 1) for a tuple of numbers, such as (seed, level): those that torch's CPU generator gives
    (`nn.sampling.generator`), which is a Mersenne Twister of the lower 32 bits of its seed."""

    def __init__(self, *seed: int) -> None:
        self._words = np.random.RandomState(mixed_seed(*seed) & 0xFFFFFFFF)
        self._ahead = np.empty(0, np.float32)

    def uniform(self, count: int) -> NDArray[np.float32]:
        """Draw so many numbers: the lower 24 bits of a word each."""
        if count > len(self._ahead):  # numpy takes as long for a few as for thousands
            words = self._words.randint(0, 1 << 32, max(count, AHEAD), dtype=np.uint32)
            drawn = (words & 0xFFFFFF).astype(np.float32) * np.float32(2.0**-24)
            self._ahead = np.concatenate([self._ahead, drawn])
        uniform, self._ahead = self._ahead[:count], self._ahead[count:]
        return uniform


def draw_class(logits_C: NDArray[np.float32], temperature: float, top_k: int, uniform_C: NDArray[np.float32]) -> int:
    """Draw from the `top_k` likeliest of C classes by Gumbel noise (`nn.sampling.sample`)."""
    top = np.arange(len(logits_C))
    if top_k < len(logits_C):
        top = np.argpartition(logits_C, -top_k)[-top_k:]
    with np.errstate(divide="ignore"):  # the noise of 0 is -infinity
        noise = -np.log(-np.log(uniform_C[top]))
    return int(top[np.argmax(logits_C[top] / np.float32(temperature) + noise)])
