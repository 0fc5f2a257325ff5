"""The language models, the codecs, the recogniser of phones, and presets that size them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from khala.models.config import ModelConfig
    from khala.models.lm.backbone import Backbone
    from khala.models.lm.config import TransformerConfig
    from khala.models.lm.superres import Superres, init_from_backbone
    from khala.models.presets import PRESETS, mini, official, tiny

_HOMES = {
    "Backbone": "lm.backbone",
    "ModelConfig": "config",
    "TransformerConfig": "lm.config",
    "PRESETS": "presets",
    "mini": "presets",
    "official": "presets",
    "tiny": "presets",
    "Superres": "lm.superres",
    "init_from_backbone": "lm.superres",
}
__all__ = [
    "PRESETS",
    "Backbone",
    "ModelConfig",
    "Superres",
    "TransformerConfig",
    "init_from_backbone",
    "mini",
    "official",
    "tiny",
]


def __getattr__(name: str) -> Any:
    """Import on first use: a configuration needs no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
