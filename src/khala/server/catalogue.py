"""The models that songs can be asked of: those at hand on this machine, and the operator's own.

A name in a request is looked up here and nowhere else: it never becomes a path.
"""

import time

from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.server.schemas import Model, Sampling
from khala.weights.names import CARD, ModelInfo, describe, list_models

FRESH = 30.0
"""Seconds after which the folders are looked through again."""


class Catalogue:
    """Models by name; `default` is a name, folder or hub id. Raises ModelError if that is missing or broken."""

    def __init__(self, default: str) -> None:
        self._default = default
        self._models: dict[str, ModelInfo] = {}
        self._read = -FRESH
        self.all()

    def all(self) -> list[ModelInfo]:
        """All models, the default one first."""
        if time.monotonic() - self._read > FRESH:
            found = [describe(self._default, verify=False), *list_models()]
            self._models = {info.name: info for info in reversed(found)}
            self._read = time.monotonic()
        return list(reversed(self._models.values()))

    def config(self, name: str) -> ModelConfig:
        """The configuration of a model. Raises InvalidRequest for one that is not at hand."""
        self.all()
        if name not in self._models:
            known = ", ".join(self._models)
            raise InvalidRequest(f"there is no model {name[:100]!r}; choose {known}")
        return self._models[name].config

    def describe(self) -> list[Model]:
        """All models, as the API shows them."""
        return [self._shown(info) for info in self.all()]

    def _shown(self, info: ModelInfo) -> Model:
        try:
            card = (info.folder / CARD).read_text(encoding="utf-8", errors="replace")
        except OSError:
            card = ""
        return Model(
            name=info.name,
            default=info.name == self._default,
            max_seconds=info.config.max_seconds,
            size=info.size,
            digest=info.digest,
            license=info.config.license,
            sampling=Sampling(**vars(info.config.sampling)),
            card=card,
        )
