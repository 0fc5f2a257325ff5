"""The domain, on the standard library alone: song request, lyrics, prompt grammar, token layout, errors."""

from khala.music.errors import InvalidRequest, KhalaError, ModelError, OutputError
from khala.music.layout import TokenLayout
from khala.music.prompt import Prompt, PromptStyle, Special
from khala.music.request import Sampling, SongRequest

__all__ = [
    "InvalidRequest",
    "KhalaError",
    "ModelError",
    "OutputError",
    "Prompt",
    "PromptStyle",
    "Sampling",
    "SongRequest",
    "Special",
    "TokenLayout",
]
