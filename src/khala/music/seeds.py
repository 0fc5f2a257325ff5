"""The seed of each take of a request, and of the noise that its codes are drawn with."""

import hashlib


def take_seed(seed: int, number: int) -> int:
    """The seed of take 1, 2, ... of a request with `seed`: a request for one take with it gives this take again.

    Those of later takes are below 2**53, which every JSON reader keeps exactly, a browser's too.
    """
    return seed if number == 1 else int.from_bytes(hashlib.sha256(f"{seed}/{number - 1}".encode()).digest()[:8]) >> 11


def mixed_seed(*numbers: int) -> int:
    """Return 64 bits for a tuple of numbers, such as (seed, level). Different tuples give unrelated noise."""
    state = 0
    for number in numbers:  # SplitMix64 (Steele et al., 2014): neighbouring seeds must not give neighbouring states
        state = ((state ^ number) + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ state >> 27) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state
