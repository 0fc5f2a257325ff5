"""Residual vector quantisation: each level codes the residual of the levels before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ResidualVQ(nn.Module):
    """`levels` Euclidean codebooks; decoding adds up one vector per level.

    Shapes: latents are [B, D, T], codes int64 [B, Q, T], `codebooks` [Q, C, D].
    """

    codebooks: Tensor

    def __init__(self, levels: int, codebook: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("codebooks", torch.zeros(levels, codebook, dim))

    def encode(self, latent_BDT: Tensor, levels: int | None = None, first: int = 0) -> Tensor:
        """Find the nearest code of each of the first `levels` levels (default: all) -> [B, Q, T].

        With `first` the latents are residuals of the levels before that one, and the codes begin with its own.
        """
        B, D, T = latent_BDT.shape
        residual_ND = latent_BDT.transpose(1, 2).reshape(B * T, D)
        codes = []
        for book_CD in self.codebooks[first:levels]:
            code_N = nearest(residual_ND, book_CD)
            residual_ND = residual_ND - book_CD[code_N]
            codes.append(code_N)
        return torch.stack(codes).view(len(codes), B, T).transpose(0, 1)

    def decode(self, codes_BQT: Tensor) -> Tensor:
        """Add up the code vectors of the first Q levels, any Q -> [B, D, T]."""
        B, Q, T = codes_BQT.shape
        latent_BTD = self.codebooks.new_zeros(B, T, self.codebooks.shape[2])
        for q in range(Q):
            latent_BTD += self.codebooks[q][codes_BQT[:, q].long()]
        return latent_BTD.transpose(1, 2)


def nearest(points_ND: Tensor, book_CD: Tensor) -> Tensor:
    """Find the nearest row of the codebook for every point -> int64 [N]."""
    # |p - c|^2 less |p|^2, which is the same for every candidate.
    distance_NC = torch.addmm(book_CD.square().sum(1), points_ND, book_CD.T, beta=1.0, alpha=-2.0)
    return distance_NC.argmin(1)
