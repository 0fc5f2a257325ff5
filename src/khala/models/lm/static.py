"""The stepper for CUDA: all tensors have fixed addresses and shapes, so that a step is one captured CUDA graph.

A step is hundreds of small kernels, and launching them one by one takes longer than running them. Here the host only
launches a graph and never waits for the device. Steps are batch-invariant, as on a CPU: products always have
`PRODUCT_ROWS` rows, and attention runs slot by slot over a length that follows from the slot's own.

`KHALA_CUDA_GRAPHS=0` disables the graphs; the same kernels are then launched one by one.
"""

import os

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.models.lm.stepper import Stepper
from khala.models.lm.transformer import Transformer
from khala.nn.linear import Linear
from khala.nn.norm import rms_norm

PRODUCT_ROWS = 16
"""Rows of every product, and the most slots. Up to here a GPU is limited by memory bandwidth, not by arithmetic."""

SPAN_POSITIONS = 2048
"""Attention covers a multiple of this many positions; there is a graph for each multiple."""


class StaticStepper(Stepper):
    """A `Stepper` of fixed shapes. `graphs`: capture CUDA graphs (default: on CUDA, unless `KHALA_CUDA_GRAPHS` is 0).

    Raises ValueError for more than `PRODUCT_ROWS` slots.
    """

    def __init__(self, model: Transformer, slots: int, context: int, graphs: bool | None = None) -> None:
        if slots > PRODUCT_ROWS:
            raise ValueError(f"{slots} slots are more than the {PRODUCT_ROWS} rows of a product")
        super().__init__(model, slots, span(context))
        if graphs is None:
            graphs = model.device.type == "cuda" and os.environ.get("KHALA_CUDA_GRAPHS", "1") != "0"
        self._capture = graphs
        self._graph: torch.cuda.CUDAGraph | None = None
        self._spans: tuple[int, ...] = ()
        self._ids_B = torch.zeros(slots, dtype=torch.long, device=model.device)
        self._positions_B = torch.zeros(slots, dtype=torch.long, device=model.device)
        self._condition_BD = torch.zeros(slots, model.config.dim, dtype=model.step_dtype, device=model.device)
        self._hidden_B1D = torch.zeros(slots, 1, model.config.dim, dtype=model.step_dtype, device=model.device)
        self._count_N = torch.arange(self.cache.context, device=model.device)
        self._slots: list[int] = []
        self._index_B = self._ids_B
        model.rope.cos_sin(slice(1), self.cache.context, model.device)  # the tables must not grow later

    def read(self, ids: list[int], slot: int, condition_ND: Tensor | None = None) -> Tensor:
        """Read a prompt; see `Stepper.read`."""
        hidden_11D = super().read(ids, slot, condition_ND)
        self._positions_B[slot] = self.cache.lengths[slot]
        return hidden_11D

    def copy(self, source: int, target: int) -> None:
        """Copy a slot; see `Stepper.copy`."""
        super().copy(source, target)
        self._positions_B[target] = self.cache.lengths[target]

    def step(self, ids_B: Tensor, slots: list[int], condition_BD: Tensor | None = None) -> Tensor:
        """Compute one step; see `Stepper.step`. All slots are computed, but those not among `slots` do not advance."""
        if slots != self._slots:
            self._slots, self._index_B = list(slots), torch.tensor(slots, device=self.model.device)
        if max(self.cache.lengths[slot] for slot in slots) >= self.cache.context:
            raise ValueError(f"a position is past the end of a cache of {self.cache.context}")
        self._ids_B.index_copy_(0, self._index_B, ids_B)
        if condition_BD is not None:
            self._condition_BD.index_copy_(0, self._index_B, condition_BD)
        spans = tuple(min(span(length + 1), self.cache.context) for length in self.cache.lengths)
        if self._capture:
            if self._graph is None or spans != self._spans:  # lengths grow: no graph is needed again
                self._graph, self._spans = self._captured(spans), spans
            self._graph.replay()
        else:
            self._run(spans)
        self.cache.advance(slots, 1)
        self._positions_B.index_add_(0, self._index_B, torch.ones_like(self._index_B))
        return self._hidden_B1D.index_select(0, self._index_B)

    def _captured(self, spans: tuple[int, ...]) -> torch.cuda.CUDAGraph:
        """Capture the step as a graph. A repeated step writes the same values, so warming up does no harm.

        Streams belong to the current device; kernels launched on another one would not be captured.
        """
        with torch.cuda.device(self.model.device):
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self._run(spans)
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self._run(spans)
            return graph

    def _run(self, spans: tuple[int, ...]) -> None:
        """Compute one token of every slot, from `_ids_B` to `_hidden_B1D`, attending to `spans` positions of each."""
        x_BD = F.embedding(self._ids_B, self.rows_VD).to(self.model.step_dtype)
        x_B1D = (x_BD if self.model.conditions is None else x_BD + self._condition_BD).unsqueeze(1)
        at_B = self._positions_B.clamp(max=self.cache.context - 1)  # an idle slot may be full
        cos_sin = self.model.rope.cos_sin(at_B[:, None], self.cache.context, self.model.device)
        future = [self._count_N[:n] > self._positions_B[slot] for slot, n in enumerate(spans)]
        slots_B = torch.arange(len(spans), device=x_B1D.device)
        for layer, (keys_BGNK, values_BGNK) in zip(self.layers, self.cache.store, strict=True):
            block = layer.block
            y_B1D = rms_norm(x_B1D, layer.attention_norm, layer.eps)
            q_B1HK, k_B1GK, v_B1GK = layer.attention.split_heads(_product(block.attention.qkv, y_B1D), cos_sin)
            keys_BGNK[slots_B, :, at_B] = k_B1GK[:, 0]
            values_BGNK[slots_B, :, at_B] = v_B1GK[:, 0]
            outputs = []
            for slot, n in enumerate(spans):
                scores_GHN = torch.bmm(q_B1HK[slot].view(layer.groups), keys_BGNK[slot, :, :n].mT).float() * layer.scale
                weights_GHN = scores_GHN.masked_fill_(future[slot], -torch.inf).softmax(-1).to(v_B1GK.dtype)
                outputs.append(torch.bmm(weights_GHN, values_BGNK[slot, :, :n]).view(1, 1, -1))
            x_B1D = x_B1D + _product(block.attention.out, torch.cat(outputs))
            gate, up = _product(block.mlp.gate_up, rms_norm(x_B1D, layer.mlp_norm, layer.eps)).chunk(2, dim=-1)
            x_B1D = x_B1D + _product(block.mlp.down, F.silu(gate) * up)
        self._hidden_B1D.copy_(self.model.norm(x_B1D))


def span(length: int) -> int:
    """Round a length up to the number of positions that attention covers."""
    return -(-length // SPAN_POSITIONS) * SPAN_POSITIONS


def _product(layer: Linear, x_B1I: Tensor) -> Tensor:
    """Apply a linear layer to `PRODUCT_ROWS` rows; those beyond the slots are zeros."""
    x_RI = F.pad(x_B1I[:, 0], (0, 0, 0, PRODUCT_ROWS - x_B1I.shape[0]))
    y_RO: Tensor = layer(x_RI)
    return y_RO[: x_B1I.shape[0]].unsqueeze(1)
