"""Khala: whole songs from words.

import khala

pipe = khala.load("mini")
take = pipe.generate(prompt="warm folk ballad, female vocals", lyrics="[verse]\\n...", duration=60, seed=7)[0]
take.save("song.flac")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from khala.evaluation.lyrics_times import align
    from khala.generation.pipeline import Pipeline, load
    from khala.generation.take import Take
    from khala.music.errors import InvalidRequest, KhalaError, ModelError, OutputError
    from khala.music.request import Sampling, SongRequest

_HOMES = {
    "align": "evaluation.lyrics_times",
    "load": "generation.pipeline",
    "Pipeline": "generation.pipeline",
    "Take": "generation.take",
    "SongRequest": "music.request",
    "Sampling": "music.request",
    "KhalaError": "music.errors",
    "InvalidRequest": "music.errors",
    "ModelError": "music.errors",
    "OutputError": "music.errors",
}
__all__ = [
    "InvalidRequest",
    "KhalaError",
    "ModelError",
    "OutputError",
    "Pipeline",
    "Sampling",
    "SongRequest",
    "Take",
    "__version__",
    "align",
    "load",
]


def __getattr__(name: str) -> Any:
    """Import on first use: `import khala` takes milliseconds, torch takes seconds."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
