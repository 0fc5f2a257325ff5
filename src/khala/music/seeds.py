"""Which seed each take of a request has."""

import hashlib


def take_seed(seed: int, take: int) -> int:
    """The seed of take 0, 1, ... of a request with `seed`: a request for one take with it gives this take again.

    Those of later takes are below 2**53, which every JSON reader keeps exactly, a browser's too.
    """
    return seed if take == 0 else int.from_bytes(hashlib.sha256(f"{seed}/{take}".encode()).digest()[:8]) >> 11
