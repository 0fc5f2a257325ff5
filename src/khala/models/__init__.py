"""The language models, the codec families, and presets that size them."""

from khala.models.backbone import Backbone
from khala.models.config import ModelConfig, TransformerConfig
from khala.models.presets import PRESETS, mini, official, tiny
from khala.models.superres import Superres, init_from_backbone

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
