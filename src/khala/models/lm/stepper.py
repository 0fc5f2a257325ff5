"""Incremental decoding: prefill a prompt, then step by one token at a time, in several slots at once.

It is batch-invariant: a slot has the same bits whatever the other slots hold, because prompts are read one by one and a
step computes slot by slot whatever is rounded by the size of the batch. A step has as few kernels as possible: that of
a small model is 200 of them, and each takes some microseconds to launch.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.models.lm.transformer import Transformer
from khala.nn.block import Block
from khala.nn.cache import CacheRow, KVCache
from khala.nn.norm import constant, rms_norm
from khala.nn.rope import CosSin


class Stepper:
    """A decoding session of up to `slots` sequences of up to `context` positions, without gradients.

    The model's weights must not change meanwhile. On a CPU 16-bit weights are packed once (`nn.rowwise`).
    """

    def __init__(self, model: Transformer, slots: int, context: int) -> None:
        c = model.config
        self.model = model
        self.cache = KVCache(c.layers, slots, c.kv_heads, context, c.head_dim, model.step_dtype, model.device)
        self.rows_VD = model.token_rows()
        self.layers = [_Layer(cast(Block, block), model.step_dtype) for block in model.blocks]

    def read(self, ids: list[int], slot: int, condition_ND: Tensor | None = None) -> Tensor:
        """Prefill an empty slot with a prompt of N ids -> normed hidden state of its last position, [1, 1, D].

        `condition_ND` (`Transformer.embed_conditions`) is added to its embeddings. Raises ValueError if it is too long.
        """
        x_1TD = F.embedding(torch.tensor([ids], device=self.model.device), self.rows_VD).to(self.model.compute_dtype)
        x_1TD = x_1TD if condition_ND is None else x_1TD + condition_ND
        kv_out = [row for (row,) in self.cache.rows([slot], len(ids))]
        hidden_1TD: Tensor = self.model(x_1TD, causal=True, kv_out=kv_out)
        self.cache.advance([slot], len(ids))
        return hidden_1TD[:, -1:].to(self.model.step_dtype).contiguous()

    def clear(self, slot: int) -> None:
        """Empty a slot, for another prompt."""
        self.cache.lengths[slot] = 0

    def copy(self, source: int, target: int) -> None:
        """Copy the positions of slot `source` to slot `target`."""
        self.cache.copy(source, target)

    def step(self, ids_B: Tensor, slots: list[int], condition_BD: Tensor | None = None) -> Tensor:
        """Append a token to each of `slots` -> normed hidden states [B, 1, D].

        `condition_BD` is added to its embedding. Raises ValueError if a slot is full.
        """
        x_BD = F.embedding(ids_B, self.rows_VD).to(self.model.step_dtype)
        x_B1D = (x_BD if condition_BD is None else x_BD + condition_BD).unsqueeze(1)
        cos_sin = self._cos_sin(slots)
        for layer, rows in zip(self.layers, self.cache.rows(slots, 1), strict=True):
            x_B1D = layer.step(x_B1D, cos_sin, rows)
        self.cache.advance(slots, 1)
        hidden_B1D: Tensor = self.model.norm(x_B1D)
        return hidden_B1D

    def _cos_sin(self, slots: list[int]) -> CosSin:
        lengths = [self.cache.lengths[slot] for slot in slots]
        if min(lengths) == max(lengths):
            return self.model.rope.cos_sin(slice(lengths[0], lengths[0] + 1), self.cache.context, self.model.device)
        positions_B1 = torch.tensor(lengths, device=self.model.device)[:, None]
        return self.model.rope.cos_sin(positions_B1, self.cache.context, self.model.device)


class _Layer:
    """The parts of a block that a step needs: the weights of its norms, its matrices prepared for a few rows."""

    def __init__(self, block: Block, dtype: torch.dtype) -> None:
        self.block, self.attention = block, block.attention
        self.qkv, self.out, self.gate_up, self.down = (
            linear.rowwise() for linear in (block.attention.qkv, block.attention.out, block.mlp.gate_up, block.mlp.down)
        )
        self.attention_norm, self.mlp_norm = (norm.weight.to(dtype) for norm in (block.attention_norm, block.mlp_norm))
        self.eps = constant(block.mlp_norm.eps, self.mlp_norm.device)
        self.scale = block.attention.head_dim**-0.5
        self.groups = (block.attention.kv_heads, -1, block.attention.head_dim)

    def step(self, x_B1D: Tensor, cos_sin: CosSin, rows: tuple[CacheRow, ...]) -> Tensor:
        x_B1D = x_B1D + self.out(self._attend(rms_norm(x_B1D, self.attention_norm, self.eps), cos_sin, rows))
        gate, up = self.gate_up(rms_norm(x_B1D, self.mlp_norm, self.eps)).chunk(2, dim=-1)
        return x_B1D + self.down(F.silu(gate) * up)

    def _attend(self, x_B1D: Tensor, cos_sin: CosSin, rows: tuple[CacheRow, ...]) -> Tensor:
        """Attend slot by slot, as lengths differ; by plain products, as a fused kernel rounds by its thread count."""
        q_B1HK, k_B1GK, v_B1GK = self.attention.split_heads(self.qkv(x_B1D), cos_sin)
        outputs = []
        for b, (new_keys_1GK, new_values_1GK, keys_GKN, values_GNK) in enumerate(rows):
            new_keys_1GK.copy_(k_B1GK[b])
            new_values_1GK.copy_(v_B1GK[b])
            scores_GHN = torch.bmm(q_B1HK[b].view(self.groups), keys_GKN) * self.scale  # H: query heads of a group
            outputs.append(torch.bmm(scores_GHN.softmax(-1), values_GNK).view(1, 1, -1))
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)
