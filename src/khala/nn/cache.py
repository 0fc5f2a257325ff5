"""The KV cache: keys and values of positions already computed, at fixed addresses."""

from typing import NamedTuple

import torch
from torch import Tensor


class CacheRow(NamedTuple):
    """Views of one slot in one layer: the T new keys and values to write, and all N = length + T up to them."""

    new_keys_TGK: Tensor
    new_values_TGK: Tensor
    keys_GKN: Tensor
    values_GNK: Tensor


class KVCache:
    """A cache of `slots` sequences of up to `context` positions, in one tensor [L, 2, slots, G, context, K]."""

    def __init__(
        self,
        layers: int,
        slots: int,
        kv_heads: int,
        context: int,
        head_dim: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        self.store = torch.zeros(layers, 2, slots, kv_heads, context, head_dim, dtype=dtype, device=device)
        self.context = context
        self.lengths = [0] * slots

    def rows(self, slots: list[int], positions: int) -> list[tuple[CacheRow, ...]]:
        """Return views for `positions` more of each slot, by layer and slot. They count only after `advance`.

        Raises ValueError if the cache is full.
        """
        by_slot = []
        for slot in slots:
            end = self.lengths[slot] + positions
            if end > self.context:
                raise ValueError(f"position {end} is past the end of a cache of {self.context}")
            known = self.store[:, :, slot, :, :end]
            new = known[:, :, :, self.lengths[slot] :].transpose(2, 3)
            views = (new[:, 0], new[:, 1], known[:, 0].mT, known[:, 1])
            by_slot.append([CacheRow(*layer) for layer in zip(*(view.unbind(0) for view in views), strict=True)])
        return list(zip(*by_slot, strict=True))

    def advance(self, slots: list[int], positions: int) -> None:
        """Count positions that every layer has written."""
        for slot in slots:
            self.lengths[slot] += positions

    def copy(self, source: int, target: int) -> None:
        """Copy the positions of slot `source` to slot `target`."""
        length = self.lengths[source]
        self.store[:, :, target, :, :length] = self.store[:, :, source, :, :length]
        self.lengths[target] = length
