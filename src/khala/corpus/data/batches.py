"""Batches of songs of similar lengths."""

from random import Random

POOL_SONGS = 512
"""Songs that are sorted by length together: enough for micro-batches with little padding, few enough to mix well."""


def pack(lengths: list[int], micro_batch: int, step: int, random: Random) -> list[list[list[int]]]:
    """Return training steps, each a list of micro-batches, each a list of indices into `lengths`.

    A micro-batch, padded to its longest song, has at most `micro_batch` positions, or a single song; a step has at
    least `step` positions. Each song occurs once, except those of an incomplete last step.
    """
    order = list(range(len(lengths)))
    random.shuffle(order)
    batches: list[list[int]] = []
    for begin in range(0, len(order), POOL_SONGS):
        current: list[int] = []
        for number in sorted(order[begin : begin + POOL_SONGS], key=lambda number: lengths[number]):
            if current and lengths[number] * (len(current) + 1) > micro_batch:
                batches.append(current)
                current = []
            current.append(number)
        batches.append(current)
    random.shuffle(batches)
    steps: list[list[list[int]]] = []
    waiting: list[list[int]] = []
    positions = 0
    for songs in batches:
        waiting.append(songs)
        positions += max(lengths[number] for number in songs) * len(songs)
        if positions >= step:
            steps.append(waiting)
            waiting, positions = [], 0
    return steps or ([waiting] if waiting else [])
