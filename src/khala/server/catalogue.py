"""The available models: those on this machine, and the operator's own.

The model name of a request is only looked up in this catalogue: it never becomes a path.
"""

import time

from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.music.licences import commercial_use, publishing
from khala.server.schemas.service import Model
from khala.server.schemas.songs import Sampling
from khala.weights.names import CARD, ModelInfo, describe, list_models

CACHE_SECONDS = 30.0
"""How long a listing of the model folders stays valid."""


class Catalogue:
    """Models by name; `default` is a name, folder or hub id. Raises ModelError if that is missing or broken."""

    def __init__(self, default: str) -> None:
        self._default = default
        self._models: dict[str, ModelInfo] = {}
        self._read = -CACHE_SECONDS
        self.all()

    def all(self) -> list[ModelInfo]:
        """Return all models, the default one first."""
        if time.monotonic() - self._read > CACHE_SECONDS:
            found = [describe(self._default, verify=False), *list_models()]
            self._models = {info.name: info for info in reversed(found)}
            self._read = time.monotonic()
        return list(reversed(self._models.values()))

    def config(self, name: str) -> ModelConfig:
        """Return the configuration of a model. Raises InvalidRequest for an unknown name."""
        self.all()
        if name not in self._models:
            known = ", ".join(self._models)
            raise InvalidRequest(f"there is no model {name[:100]!r}; choose {known}")
        return self._models[name].config

    def describe(self) -> list[Model]:
        """Return all models as the API describes them."""
        return [self._described(info) for info in self.all()]

    def _described(self, info: ModelInfo) -> Model:
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
            commercial_use=commercial_use(info.config.license),
            publishing=publishing(info.config.license),
            sampling=Sampling(**vars(info.config.sampling)),
            card=card,
        )
