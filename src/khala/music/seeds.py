"""The seed of each take of a request."""

import hashlib


def take_seed(seed: int, number: int) -> int:
    """The seed of take 1, 2, ... of a request with `seed`: a request for one take with it gives this take again.

    Those of later takes are below 2**53, which every JSON reader keeps exactly, a browser's too.
    """
    return seed if number == 1 else int.from_bytes(hashlib.sha256(f"{seed}/{number - 1}".encode()).digest()[:8]) >> 11
