"""Steps and micro-batches: every song once, little padding, a new order in every epoch."""

import random

import numpy as np

from khala.corpus.data.batches import pack


def test_steps_hold_every_song_once_and_little_padding() -> None:
    dice = random.Random(1)
    lengths = [dice.randint(600, 2400) for _ in range(1000)]
    steps = pack(lengths, micro_batch=4096, step=8192, random=random.Random(2))
    songs = [number for step in steps for batch in step for number in batch]
    assert len(songs) == len(set(songs)) and len(songs) >= 990
    padded = 0
    for step in steps:
        sizes = [max(lengths[number] for number in batch) * len(batch) for batch in step]
        assert all(size <= 4096 for size in sizes) and 8192 <= sum(sizes) < 8192 + 4096
        padded += sum(sizes)
    assert sum(lengths[number] for number in songs) / padded > 0.97
    assert steps == pack(lengths, micro_batch=4096, step=8192, random=random.Random(2))
    assert pack([10, 5000], micro_batch=100, step=10_000, random=random.Random(0)) != []
    assert pack([], micro_batch=100, step=100, random=random.Random(0)) == []


def test_steps_come_in_no_order_and_in_other_company_every_time() -> None:
    dice = random.Random(1)
    lengths = [dice.randint(100, 1000) for _ in range(1200)]
    epochs = [pack(lengths, micro_batch=1000, step=1000, random=random.Random(seed)) for seed in (2, 3)]
    means = [np.mean([lengths[number] for batch in step for number in batch]) for step in epochs[0]]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2, "not from short songs to long ones"
    first, second = ({tuple(sorted(batch)) for step in steps for batch in step} for steps in epochs)
    shared = [batch for batch in first & second if len(batch) > 1]
    assert len(shared) < 0.1 * len(first)
