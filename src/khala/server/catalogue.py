"""The available models and adapters: those on this machine, and the operator's own.

The names in a request are only looked up in this catalogue: they never become paths.
"""

import time
from collections.abc import Sequence

from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.music.licences import commercial_use, publishing
from khala.music.loras import Lora, adapted, parted, require_distinct
from khala.server.schemas.service import Adaptation, Model
from khala.server.schemas.songs import Sampling
from khala.weights.adapters import Adapter, find_adapter, list_adapters, read_adapter
from khala.weights.names import CARD, ModelInfo, describe, list_models

CACHE_SECONDS = 30.0
"""How long a listing of the model folders stays valid."""


class Catalogue:
    """Models by name; `default` is a name, folder or hub id. Adapters by name: all that are installed, or only those
    `offered`. Raises ModelError if one of these is missing or broken."""

    def __init__(self, default: str, offered: Sequence[str] | None = None) -> None:
        self._default, self._offered = default, offered
        self._adapters: dict[str, Adapter] = {}
        self._models: dict[str, ModelInfo] = {}
        self._read = -CACHE_SECONDS
        self.all()

    def all(self) -> list[ModelInfo]:
        """Return all models, the default one first."""
        if time.monotonic() - self._read > CACHE_SECONDS:
            found = [describe(self._default, verify=False), *list_models()]
            self._models = {info.name: info for info in reversed(found)}
            self._adapters = {adapter.name: adapter for adapter in self._find_adapters()}
            self._read = time.monotonic()
        return list(reversed(self._models.values()))

    def config(self, name: str) -> ModelConfig:
        """Return the configuration of a model, with adapters or without. Raises InvalidRequest for an unknown name."""
        return self._info(parted(name)[0]).config

    def adapted(self, model: str, loras: Sequence[Lora]) -> str:
        """Return the name of a model with adapters. Raises InvalidRequest for one that is not offered, or belongs to
        another model."""
        digest = self._info(model).digest
        require_distinct(loras)
        for lora in loras:
            adapter = self._adapters.get(lora.name)
            if adapter is None:
                known = ", ".join(self._adapters) or "none is offered"
                raise InvalidRequest(f"there is no adapter {lora.name[:100]!r}; choose {known}")
            if adapter.base_digest and adapter.base_digest != digest:
                raise InvalidRequest(f"the adapter {lora.name} belongs to the model {adapter.base}, not to {model}")
        return adapted(model, loras)

    def describe_adapters(self) -> list[Adaptation]:
        """Return the adapters as the API describes them."""
        models = {info.digest: info.name for info in reversed(self.all())}
        return [
            Adaptation(
                name=adapter.name,
                model=models.get(adapter.base_digest) if adapter.base_digest else None,
                digest=adapter.digest,
                trigger=adapter.trigger,
                songs=adapter.songs,
            )
            for adapter in self._adapters.values()
            if not adapter.base_digest or adapter.base_digest in models
        ]

    def require_digest(self, name: str, digest: str) -> None:
        """Raise InvalidRequest unless a model is the one with that `digest`: codes mean nothing to another."""
        its = self._info(parted(name)[0]).digest
        if its != digest:
            raise InvalidRequest(
                f"the take was made by the model {name} {digest[:12]}, which is {its[:12]} by now; upload its audio"
            )

    def describe(self) -> list[Model]:
        """Return all models as the API describes them."""
        return [self._described(info) for info in self.all()]

    def _find_adapters(self) -> list[Adapter]:
        return list_adapters() if self._offered is None else [read_adapter(find_adapter(one)) for one in self._offered]

    def _info(self, name: str) -> ModelInfo:
        self.all()
        if name not in self._models:
            known = ", ".join(self._models)
            raise InvalidRequest(f"there is no model {name[:100]!r}; choose {known}")
        return self._models[name]

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
