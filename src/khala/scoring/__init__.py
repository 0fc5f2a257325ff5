"""Scores of audio against a request, by which best of n judges candidates beside the backbone's own likelihood."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from khala.music.request import SongRequest
    from khala.scoring.types import Array


def score(samples: "Array", rate: int, request: "SongRequest") -> float:
    """Return how well samples [channels, N] answer a request, in nats (`listener.listener`).

    The listener is imported on the first call, because a song without other candidates needs none.
    """
    from khala.scoring.listener import listener

    return listener(samples, rate, request)
