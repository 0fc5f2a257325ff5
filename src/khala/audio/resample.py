"""Resampling by soxr's band-limited interpolation."""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from khala.audio.samples import Samples

_QUALITY = "VHQ"


def resample(samples_CN: Samples, rate: int, to_rate: int) -> Samples:
    """Resample `[channels, n]` at `rate` Hz to `[channels, n * to_rate / rate]` at `to_rate` Hz."""
    if rate == to_rate:
        return samples_CN
    return np.ascontiguousarray(soxr.resample(samples_CN.T, rate, to_rate, quality=_QUALITY).T)


def resample_blocks(blocks_NC: Iterable[Samples], rate: int, to_rate: int, channels: int) -> Iterator[Samples]:
    """Resample a stream of blocks `[n, channels]`; together they equal the result of `resample`."""
    if rate == to_rate:
        yield from blocks_NC
        return
    stream = soxr.ResampleStream(rate, to_rate, channels, dtype="float32", quality=_QUALITY)
    for block_NC in blocks_NC:
        yield stream.resample_chunk(np.ascontiguousarray(block_NC))
    yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)
