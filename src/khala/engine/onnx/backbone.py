"""The backbone without torch: read prompts, then step sequences that continue them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from khala.engine.onnx.drawable import DrawableRows
from khala.engine.onnx.embeddings import ConditionTable, token_rows
from khala.engine.onnx.rotary import rotary_tables
from khala.engine.onnx.session import BoundRun, open_session
from khala.models.lm.config import TransformerConfig
from khala.weights.adapters import Merging, Weighed
from khala.weights.names import BACKBONE, BACKBONE_GRAPH
from khala.weights.tensor_file import TensorFile

CACHE_BLOCK = 512
"""A cache grows by so many positions."""

Cache = list[NDArray[np.float32]]
"""Keys, then values of each layer, [B, G, N, K]."""


@dataclass(frozen=True)
class ReadPrompt:
    """A prompt of `length` positions, its cache, and the logits [V] behind it."""

    length: int
    cache: Cache
    logits_V: NDArray[np.float32]


class BackboneSession:
    """The backbone of the model in `folder`, with adapters. Raises ModelError. Several threads may use it at once.

    Logits are those of `rows` (`DrawableRows`); `rows_VD` and `conditions` embed what the graph takes.
    """

    def __init__(self, folder: Path, config: TransformerConfig, adapters: Sequence[Weighed] = ()) -> None:
        self.config = config
        self.session = open_session(folder / BACKBONE_GRAPH, Merging(folder / BACKBONE, adapters).tensors())
        weights = TensorFile(folder / BACKBONE)
        self.rows = DrawableRows(config)
        self.rows_VD = token_rows(weights, config)
        self.conditions = ConditionTable(weights) if config.condition_rows else None
        self.tables = rotary_tables(config, config.context)

    def read(self, x_ND: NDArray[np.float32]) -> ReadPrompt:
        """Read the embeddings of a prompt."""
        length = len(x_ND)
        cache = self.new_cache(1, length)
        logits_11V = np.empty((1, 1, len(self.rows.ids)), np.float32)
        last, total = np.array([length - 1], np.int32), np.array([length], np.int32)
        self.bind(x_ND[None], last, total, cache, logits_11V).run()
        return ReadPrompt(length, cache, logits_11V[0, 0])

    def new_cache(self, sequences: int, positions: int) -> Cache:
        """Return an empty cache."""
        c = self.config
        shape = sequences, c.kv_heads, positions, c.head_dim
        return [np.zeros(shape, np.float32) for _ in range(2 * c.layers)]

    def bind(
        self,
        x_BTD: NDArray[np.float32],
        last_B: NDArray[np.int32],
        total_1: NDArray[np.int32],
        cache: Cache,
        logits_B1V: NDArray[np.float32],
    ) -> BoundRun:
        """Bind a run of the graph to its inputs and outputs (`engine.graphs.backbone`)."""
        cos, sin = self.tables
        inputs = {"x": x_BTD, "last": last_B, "total": total_1, "cos": cos, "sin": sin}
        names = [f"{kind}.{layer}" for layer in range(self.config.layers) for kind in ("keys", "values")]
        caches = dict(zip(names, cache, strict=True))
        outputs = {f"new_{name}": values for name, values in caches.items()}
        return BoundRun(self.session, {**inputs, **caches}, {**outputs, "logits": logits_B1V})


class Continuations:
    """Sequences of a batch that continue prompts, one token at a time. What they become depends on the batch: it is
    that of one take."""

    def __init__(self, model: BackboneSession, prompts: Sequence[ReadPrompt]) -> None:
        self._model = model
        self._x_B1D = np.empty((len(prompts), 1, model.config.dim), np.float32)
        self._lengths_B = np.array([prompt.length for prompt in prompts], np.int32)
        self._last_B = self._lengths_B.copy()
        self._total_1 = np.empty(1, np.int32)
        self._logits_B1V = np.stack([prompt.logits_V for prompt in prompts])[:, None]
        self._cache = model.new_cache(len(prompts), self._grown(max(self._lengths_B)))
        for row, prompt in enumerate(prompts):
            for values, known in zip(self._cache, prompt.cache, strict=True):
                values[row, :, : prompt.length] = known[0]
        self._run = self._bound()

    @property
    def logits_BV(self) -> NDArray[np.float32]:
        """The logits behind the last token of each; the next step overwrites them."""
        return self._logits_B1V[:, 0]

    def step(self, x_BD: NDArray[np.float32]) -> None:
        """Append a token to each sequence, by its embedding. Raises ValueError beyond the model's context."""
        longest = int(self._lengths_B.max()) + 1
        if longest > self._model.config.context:
            raise ValueError(f"a sequence is longer than the model's context of {self._model.config.context}")
        if longest > self._cache[0].shape[2]:
            self._grow(longest)
        self._x_B1D[:, 0], self._last_B[:], self._total_1[0] = x_BD, self._lengths_B, longest
        self._run.run()
        self._lengths_B += 1

    def _grow(self, length: int) -> None:
        before, self._cache = self._cache, self._model.new_cache(len(self._x_B1D), self._grown(length))
        for values, known in zip(self._cache, before, strict=True):
            values[:, :, : known.shape[2]] = known
        self._run = self._bound()

    def _bound(self) -> BoundRun:
        return self._model.bind(self._x_B1D, self._last_B, self._total_1, self._cache, self._logits_B1V)

    @staticmethod
    def _grown(length: int) -> int:
        return -(-length // CACHE_BLOCK) * CACHE_BLOCK
