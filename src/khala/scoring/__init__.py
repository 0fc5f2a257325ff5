"""What is heard in audio: how well it answers a request, when its words are sung, and its tempo, bars and key.

The functions of this module import the others when they are first called, because most songs need none of them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from khala.music.heard import Heard
    from khala.music.request import SongRequest
    from khala.music.timing import TimedLine
    from khala.scoring.types import Array


def score(samples: "Array", rate: int, request: "SongRequest") -> float:
    """Return how well samples [channels, N] answer a request, in nats (`listener.listener`)."""
    from khala.scoring.listener import listener

    return listener(samples, rate, request)


def align(samples: "Array", rate: int, lyrics: str) -> "list[TimedLine]":
    """Return the lines of the lyrics with the times of their words in samples [channels, N] (`alignment`)."""
    from khala.scoring.alignment import align_lyrics

    return align_lyrics(samples, rate, lyrics)


def hear(samples: "Array", rate: int, beats_per_bar: int | None = None) -> "Heard":
    """Return tempo, bars and key of samples [channels, N] (`hearing`); the beats of a bar are estimated unless they are
    given."""
    from khala.scoring.hearing import hear_music

    return hear_music(samples, rate, beats_per_bar)
