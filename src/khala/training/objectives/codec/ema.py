"""Residual codebooks that learn as moving averages of what they code, not by gradients (van den Oord et al. 2017, arXiv
1711.00937, appendix A.1; for residual levels: Zeghidour et al. 2021, arXiv 2107.03312).

A step codes all its micro-batches with the same codebooks; then the sums of all ranks move them. So the number of ranks
and of micro-batches changes them by rounding alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from khala.nn.rvq import nearest
from khala.training.ranks import Ranks

SPLIT_DISTANCE = 0.1
"""How far from a busy code an unused one is put, as a share of the mean length of its level's codes."""


@dataclass(frozen=True)
class Usage:
    """What the codes of each level were used for: how often [Q, C], and the sum of what they stood for [Q, C, D]."""

    counts_QC: Tensor
    sums_QCD: Tensor


@dataclass(frozen=True)
class Quantized:
    """Latents after their codes: `latent` [B, D, T], through which gradients pass as if nothing had happened;
    `commitment`, the power of what lies between latents and codes as a share of the latents', mean over the levels; and
    what the codes were used for."""

    latent_BDT: Tensor
    commitment: Tensor
    usage: Usage


def quantize(latent_BDT: Tensor, levels_B: Tensor, codebooks_QCD: Tensor) -> Quantized:
    """Code each item of latents with its number of levels, at least 1."""
    B, D, T = latent_BDT.shape
    points_ND = latent_BDT.float().transpose(1, 2).reshape(B * T, D)
    coded_ND, commitment = torch.zeros_like(points_ND), points_ND.new_zeros(())
    power = points_ND.detach().square().mean().clamp(min=1e-12)
    levels_N = levels_B.to(points_ND.device).repeat_interleave(T)
    counts_QC = points_ND.new_zeros(codebooks_QCD.shape[:2])
    sums_QCD = torch.zeros_like(codebooks_QCD)
    for level, book_CD in enumerate(codebooks_QCD[: int(levels_B.max())]):
        used = (levels_N > level).nonzero().flatten()
        residual_ND = (points_ND.detach() - coded_ND)[used]
        codes_N = nearest(residual_ND, book_CD)
        counts_QC[level] = torch.bincount(codes_N, minlength=len(book_CD))
        sums_QCD[level].index_add_(0, codes_N, residual_ND)
        coded_ND = coded_ND.index_add(0, used, book_CD[codes_N])
        commitment = commitment + (points_ND - coded_ND)[used].square().mean() / power / len(codebooks_QCD)
    passed_ND = points_ND + (coded_ND - points_ND).detach()
    return Quantized(passed_ND.view(B, T, D).transpose(1, 2), commitment, Usage(counts_QC, sums_QCD))


class EmaCodebooks(nn.Module):
    """The moving averages behind the codebooks of a quantizer, which checkpoints keep beside its weights."""

    counts_QC: Tensor
    sums_QCD: Tensor
    updates: Tensor

    def __init__(self, codebooks_QCD: Tensor, decay: float, unused_share: float) -> None:
        super().__init__()
        self.decay, self.unused_share = decay, unused_share
        self.register_buffer("counts_QC", torch.ones_like(codebooks_QCD[..., 0]))
        self.register_buffer("sums_QCD", codebooks_QCD.clone())
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def update(self, codebooks_QCD: Tensor, usages: Sequence[Usage], ranks: Ranks) -> None:
        """Move the codebooks by what a step used them for, on this rank and the others, and replace unused codes."""
        counts_QC, sums_QCD = torch.zeros_like(self.counts_QC), torch.zeros_like(self.sums_QCD)
        for usage in usages:
            counts_QC += usage.counts_QC
            sums_QCD += usage.sums_QCD
        ranks.total(counts_QC)
        ranks.total(sums_QCD)
        new_Q1 = (1 - self.decay) * (counts_QC.sum(1, keepdim=True) > 0)  # a level that no excerpt used stays as it is
        self.counts_QC += new_Q1 * (counts_QC - self.counts_QC)
        self.sums_QCD += new_Q1[..., None] * (sums_QCD - self.sums_QCD)
        self.updates += 1
        self._replace_unused()
        codebooks_QCD.copy_(self.sums_QCD / self.counts_QC[..., None])

    def _replace_unused(self) -> None:
        """Put each code that is used less than `unused_share` times as often as the mean of its level beside one of the
        busiest, of whose uses it gets half. All ranks do the same."""
        unused_QC = self.counts_QC < self.unused_share * self.counts_QC.mean(1, keepdim=True)
        dice = torch.Generator().manual_seed(int(self.updates))
        for level in unused_QC.any(1).nonzero().flatten().tolist():
            counts_C, sums_CD = self.counts_QC[level], self.sums_QCD[level]
            unused = unused_QC[level].nonzero().flatten()[: int((~unused_QC[level]).sum())]
            busy = counts_C.topk(len(unused)).indices
            codes_UD = sums_CD[busy] / counts_C[busy, None]
            spread = SPLIT_DISTANCE * (sums_CD / counts_C[:, None]).square().mean().sqrt()
            aside_UD = spread * torch.randn(codes_UD.shape, generator=dice).to(codes_UD.device)
            counts_C[busy] /= 2
            counts_C[unused] = counts_C[busy]
            sums_CD[busy] = codes_UD * counts_C[busy, None]
            sums_CD[unused] = (codes_UD + aside_UD) * counts_C[unused, None]
