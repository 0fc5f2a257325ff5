"""Keys and values of positions already computed, at fixed addresses."""

import torch
from torch import Tensor


class KVCache:
    """Room for `slots` sequences of up to `context` positions: per layer, keys and values [slots, G, context, K]."""

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
        shape = (layers, slots, kv_heads, context, head_dim)
        self.keys = torch.zeros(shape, dtype=dtype, device=device).unbind(0)
        self.values = torch.zeros(shape, dtype=dtype, device=device).unbind(0)
        self.context = context
        self.lengths = [0] * slots

    def append(self, layer: int, slot: int, k_GTK: Tensor, v_GTK: Tensor) -> tuple[Tensor, Tensor]:
        """Writes T positions behind those of the slot; returns all keys and values so far, [G, length + T, K].

        The length grows only by `advance`, after the last layer.
        """
        start = self.lengths[slot]
        end = start + k_GTK.shape[1]
        keys, values = self.keys[layer][slot, :, :end], self.values[layer][slot, :, :end]
        keys[:, start:] = k_GTK
        values[:, start:] = v_GTK
        return keys, values

    def advance(self, slots: list[int], positions: int) -> None:
        """Counts positions that every layer has written."""
        for slot in slots:
            self.lengths[slot] += positions

    def copy(self, source: int, target: int) -> None:
        """Gives slot `target` the positions of slot `source`."""
        length = self.lengths[source]
        for cache in (*self.keys, *self.values):
            cache[target, :, :length] = cache[source, :, :length]
        self.lengths[target] = length
