"""Bytes <-> models: model folders, the names they are found by, digests, tokenizers.

A model folder holds `config.json`, `backbone.safetensors`, `superres.safetensors`, `codec.safetensors`,
`tokenizer.json`, `README.md` (the model card) and `digests.json`. Nothing in it is code.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from khala.weights.loading import LoadedModel, load_model
    from khala.weights.names import ModelInfo, describe, list_models, resolve
    from khala.weights.saving import save_model

_HOMES = {
    "LoadedModel": "loading",
    "load_model": "loading",
    "save_model": "saving",
    "ModelInfo": "names",
    "describe": "names",
    "list_models": "names",
    "resolve": "names",
}
__all__ = ["LoadedModel", "ModelInfo", "describe", "list_models", "load_model", "resolve", "save_model"]


def __getattr__(name: str) -> Any:
    """Import on first use: a list of models needs no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
