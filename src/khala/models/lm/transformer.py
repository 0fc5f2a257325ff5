"""The language model that backbone and super-resolution share: ids and codes -> hidden states -> logits.

It does no sampling and knows no prompts. Shapes: B batch, T positions, D width, Q levels, C codes.
"""

import math
from collections.abc import Sequence
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.models.lm.codebooks import CodebookProjections
from khala.models.lm.config import PAD_ID, TransformerConfig
from khala.nn.block import Block
from khala.nn.cache import CacheRow
from khala.nn.linear import Linear, linear
from khala.nn.norm import RMSNorm
from khala.nn.precision import compute_dtype_of, step_dtype_of
from khala.nn.rope import Rope

INIT_STD = 0.02


class Transformer(nn.Module):
    """Embedding, blocks, norm and head, initialised with torch's global generator.

    With `config.codebook_dim`, call `bind_codebooks` before anything that uses codes.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        c = config
        self.embedding = nn.Embedding(c.rows, c.dim)
        self.blocks = nn.ModuleList(
            Block(c.dim, c.heads, c.kv_heads, c.head_dim, c.ffn, eps=c.norm_eps, bias=c.bias, qk_norm=c.qk_norm)
            for _ in range(c.layers)
        )
        self.norm = RMSNorm(c.dim, eps=c.norm_eps)
        self.head = nn.Linear(c.dim, c.rows, bias=False)
        if c.tied:
            self.head.weight = self.embedding.weight
        self.codebooks = None
        if c.codebook_dim is not None:
            self.codebooks = CodebookProjections(c.dim, c.codebook_dim, c.levels, c.codebook, c.residual)
        self.conditions = nn.Embedding(c.condition_rows, c.dim, padding_idx=PAD_ID) if c.condition_rows else None
        self.rope = Rope(c.head_dim, c.rope_base, c.rope_scaling)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw matrices with deviation 0.02, those that write to the residual stream smaller by sqrt(2 layers)."""
        for name, weight in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(weight)
            elif weight.dim() == 2 and not name.endswith("norm.weight"):  # the gains of qk_norm are a matrix, too
                residual = name.endswith(("attention.out.weight", "mlp.down.weight"))
                nn.init.normal_(weight, std=INIT_STD / math.sqrt(2 * self.config.layers) if residual else INIT_STD)

    @property
    def device(self) -> torch.device:
        return self.embedding.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the blocks' matrices, and of all other weights unless it is int8 or int4."""
        return next(module for module in self.blocks.modules() if isinstance(module, Linear)).stored_dtype

    @property
    def compute_dtype(self) -> torch.dtype:
        """The dtype of embeddings and hidden states. Norms, rotary positions and logits are in float32."""
        return compute_dtype_of(self.dtype, self.device)

    @property
    def step_dtype(self) -> torch.dtype:
        """The dtype of the hidden states and the cache of a decode step (`stepper`)."""
        return step_dtype_of(self.dtype, self.device)

    def quantize_(self, dtype: torch.dtype = torch.int8, empty: bool = False) -> Self:
        """Make the matrices of all blocks int8 or int4, for inference alone; see `Linear.quantize_`."""
        for module in self.blocks.modules():
            if isinstance(module, Linear):
                module.quantize_(dtype, empty)
        return self

    def bind_codebooks(self, codebooks_QCK: Tensor) -> Self:
        """Set the codec's codebooks, [Q, C, codebook_dim]; a model whose codes have learned rows ignores them."""
        if self.codebooks is not None:
            self.codebooks.bind(codebooks_QCK)
        return self

    def embed_text(self, ids_BT: Tensor) -> Tensor:
        """Embed ids of text and special tokens -> [B, T, D]."""
        return F.embedding(ids_BT, self.embedding.weight).to(self.compute_dtype)

    def embed_tokens(self, ids_BT: Tensor) -> Tensor:
        """Embed a stream of ids of text and codes, one position each -> [B, T, D]. Codes of dense levels only."""
        x_BTD = self.embed_text(ids_BT)
        return x_BTD if self.codebooks is None else x_BTD + self.codebooks.embed_ids(ids_BT - self.config.text_vocab)

    def embed_conditions(self, condition_ids: Tensor) -> Tensor:
        """Add up rows of the table of conditions, [..., C] -> [..., D], to be added to the embeddings."""
        assert self.conditions is not None
        sums = F.embedding_bag(condition_ids.flatten(0, -2), self.conditions.weight, mode="sum", padding_idx=PAD_ID)
        conditions: Tensor = sums.unflatten(0, condition_ids.shape[:-1])
        return conditions.to(self.compute_dtype)

    def token_rows(self) -> Tensor:
        """Return the embedding of every id that `embed_tokens` takes, [V, D]."""
        if self.codebooks is None:
            return self.embedding.weight
        return self.embed_tokens(torch.arange(self.config.rows, device=self.device)[None])[0]

    def embed_codes(self, codes_BQT: Tensor, start: int = 0) -> Tensor:
        """Embed frames: the sum of the embeddings of levels `start`, `start` + 1, ... -> [B, T, D]."""
        levels, config = codes_BQT.shape[1], self.config
        dense = range(start, min(start + levels, config.dense_levels))
        x_BTD = codes_BQT.new_zeros((), dtype=self.compute_dtype)
        if dense:
            first = [config.layout.level_rows(level).start for level in dense]  # a tensor would have to be waited for
            ids_BTQ = torch.stack([codes_BQT[:, i] + row for i, row in enumerate(first)], dim=-1)
            rows = F.embedding_bag(ids_BTQ.flatten(0, 1), self.embedding.weight, mode="sum")
            x_BTD = rows.unflatten(0, ids_BTQ.shape[:2]).to(self.compute_dtype)
        return x_BTD if self.codebooks is None else x_BTD + self.codebooks.embed(codes_BQT, start)

    def forward(
        self,
        x_BTD: Tensor,
        *,
        causal: bool,
        mask_BT: Tensor | None = None,
        start: int = 0,
        kv_out: Sequence[CacheRow] | None = None,
    ) -> Tensor:
        """Compute normed hidden states [B, T - start, D] of positions `start` and later, from embeddings [B, T, D].

        `mask_BT` is True at real positions, for full attention over sequences padded on the right. Causal attention
        needs no mask (no real position attends to later ones), nor do sequences of one length; without a mask the
        kernels are faster. `start` > 0, for full attention, saves the last layer unneeded positions. Keys and values of
        a batch of one are written to `kv_out`, layer by layer. Raises ValueError for `start` or a mask where causal.
        """
        if causal and (mask_BT is not None or start):
            raise ValueError("mask_BT and start are for full attention; causal attention takes neither")
        mask = None if mask_BT is None else mask_BT[:, None, None, :]
        T = x_BTD.shape[1]
        cos_sin = self.rope.cos_sin(slice(T), T, x_BTD.device)
        for layer, block in enumerate(self.blocks, 1):
            first = start if layer == len(self.blocks) else 0
            row = None if kv_out is None else kv_out[layer - 1]
            x_BTD = block(x_BTD, cos_sin, causal=causal, mask=mask, start=first, kv_out=row)
        hidden_BTD: Tensor = self.norm(x_BTD)
        return hidden_BTD

    def logits(self, hidden: Tensor, rows: slice | Tensor | None = None) -> Tensor:
        """Return float32 logits of hidden states [..., D]: of some learned `rows`, or of the whole vocabulary."""
        if rows is not None:
            return linear(hidden.float(), self.head.weight[rows]).float()
        dense = linear(hidden.float(), self.head.weight).float()
        deep = [self.level_logits(hidden, level) for level in range(self.config.dense_levels, self.config.levels)]
        return torch.cat([dense, *deep], dim=-1)

    def level_logits(self, hidden: Tensor, level: int) -> Tensor:
        """Return float32 logits [..., C] of the codes of one level, of hidden states [..., D]."""
        if level < self.config.dense_levels:
            rows = self.config.layout.level_rows(level)
            return self.logits(hidden, slice(rows.start, rows.stop))
        assert self.codebooks is not None
        return self.codebooks.logits(hidden, level).float()
