"""A model of which one part at a time is in memory: what runs where not all of it fits."""

import gc
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from khala.models.codec.base import Codec
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.music.layout import TokenLayout
from khala.nn.precision import Formats
from khala.weights.adapters import Weighed
from khala.weights.loading import load_backbone, load_codec, load_superres
from khala.weights.opening import OpenModel
from khala.weights.tokenizer import Tokenizer


class StagedModel:
    """As `weights.LoadedModel`, but asking for `backbone`, `superres` or `codec` reads it from the disk unless it was
    the last one asked for, and frees the one before. Keep none of them: a part that is held is not freed."""

    def __init__(self, opened: OpenModel, device: torch.device, formats: Formats) -> None:
        self._opened, self.device, self.formats = opened, device, formats
        self._name, self._part = "", None
        self._codebooks_QCK: Tensor | None = None

    @property
    def config(self) -> ModelConfig:
        return self._opened.config

    @property
    def layout(self) -> TokenLayout:
        return self._opened.layout

    @property
    def tokenizer(self) -> Tokenizer:
        return self._opened.tokenizer

    @property
    def digest(self) -> str:
        return self._opened.digest

    @property
    def adapters(self) -> tuple[Weighed, ...]:
        return self._opened.adapters

    @property
    def durations(self) -> DurationModel | None:
        return self._opened.durations

    @property
    def backbone(self) -> Backbone:
        dtype = self.formats.backbone
        part: Backbone = self._only("backbone", lambda: load_backbone(self._opened, self.device, dtype, self.codebooks))
        return part

    @property
    def superres(self) -> Superres:
        dtype = self.formats.superres
        part: Superres = self._only("superres", lambda: load_superres(self._opened, self.device, dtype, self.codebooks))
        return part

    @property
    def codec(self) -> Codec:
        part: Codec = self._only("codec", lambda: load_codec(self._opened, self.device, self.formats.codec))
        return part

    @property
    def codebooks(self) -> Tensor:
        """The codec's codebooks, [Q, C, K], read once and kept: language models may see codes through them."""
        if self._codebooks_QCK is None:
            self._codebooks_QCK = load_codec(self._opened, "cpu").codebooks.clone()
        return self._codebooks_QCK

    def _only(self, name: str, load: Callable[[], Any]) -> Any:
        if self._name != name:
            self._name, self._part = "", None
            gc.collect()
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            self._part = load()
            self._name = name
        return self._part
