"""Opening a model in the engine of PyTorch."""

from typing import Literal

from khala.engine.base import Mode
from khala.engine.pytorch.compiling import compiled_row_work
from khala.engine.pytorch.device import choose_device
from khala.engine.pytorch.engine import TorchEngine
from khala.engine.pytorch.formats import settle
from khala.engine.pytorch.memory import free_memory
from khala.engine.pytorch.staged import StagedModel
from khala.weights.loading import load_parts
from khala.weights.opening import OpenModel


def open_torch(
    opened: OpenModel,
    device: str = "auto",
    dtype: str = "auto",
    mode: Literal["auto"] | Mode = "auto",
    seconds: float = 60,
    compiled: bool = False,
) -> TorchEngine:
    """Load a model, or with "one_shot" each part when it is needed; "auto" is what fits, for a song of `seconds`.

    `dtype`: see `formats.choose_formats`. `compiled`: compile passes of super-resolution. Raises ModelError, and
    InvalidRequest with advice if nothing fits or this machine cannot compile.
    """
    place = choose_device(device)
    row_work = compiled_row_work(place) if compiled else None
    formats, chosen = settle(dtype, opened.config, place, seconds, free_memory(place), mode)
    return TorchEngine((StagedModel if chosen == "one_shot" else load_parts)(opened, place, formats), row_work)
