"""Drawing codes from logits, reproducibly."""

from collections.abc import Sequence

import torch
from torch import Tensor

from khala.music.seeds import mixed_seed


def generator(*seed: int) -> torch.Generator:
    """Return a CPU generator for a tuple of numbers, such as (seed, level): that of its `mixed_seed`."""
    return torch.Generator().manual_seed(mixed_seed(*seed))


def to_device_async(x: Tensor, device: torch.device) -> Tensor:
    """Copy to `device` without waiting for it."""
    return x.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else x.to(device)


def nearest_to_mean(logits: Tensor, temperature: float, vectors_CK: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
    """Choose the class whose vector is nearest to the expected vector plus the `residual` of the levels before.

    float32 logits [..., C], vectors [C, K], residual [..., K] -> indices [...], the new residual [..., K]. This has the
    least squared error. Where the logits are flat, it is a vector near the mean of all and not a loud guess; and what
    the vectors of a level are too coarse for is left to the finer levels after it, as in error diffusion.
    """
    target = (logits / temperature).softmax(-1) @ vectors_CK + residual
    chosen = (2 * target @ vectors_CK.T - vectors_CK.square().sum(-1)).argmax(-1)
    return chosen, target - vectors_CK[chosen]


def sample(logits: Tensor, temperature: float, top_k: int, uniform: Tensor) -> Tensor:
    """Draw from the `top_k` likeliest of C classes: float32 logits [..., C] -> indices [...].

    `uniform` [..., C] in [0, 1), drawn on the CPU, is turned into Gumbel noise, with which the largest sum is a sample
    (Maddison et al., arXiv 1411.0030). There is one number per class, whatever the logits are, so that another
    precision or device changes a draw only where two sums are almost equal.
    """
    values, indices = logits.topk(min(top_k, logits.shape[-1]))
    noise = -(-uniform.to(logits.device).gather(-1, indices).log()).log()
    choice = (values / temperature + noise).argmax(-1, keepdim=True)
    return indices.gather(-1, choice).squeeze(-1)


def sample_rows(logits_BC: Tensor, settings: Sequence[tuple[float, int]], uniform_BC: Tensor) -> Tensor:
    """`sample` with a temperature and a top_k of each row's own -> [B]."""
    if len(set(settings)) == 1:
        return sample(logits_BC, *settings[0], uniform_BC)
    rows = zip(logits_BC, settings, uniform_BC, strict=True)
    return torch.stack([sample(logits_C, *setting, uniform_C) for logits_C, setting, uniform_C in rows])


def guide_logits(logits_BC: Tensor, guidance: Sequence[float]) -> Tensor:
    """Classifier-free guidance (Ho and Salimans, arXiv 2207.12598): logits of all rows, then unconditional ones of
    those whose guidance is not 1 -> of all rows, those extrapolated away from their unconditional ones."""
    guided = [row for row, strength in enumerate(guidance) if strength != 1]
    if guided:
        strength_G1 = to_device_async(torch.tensor([guidance[row] for row in guided])[:, None], logits_BC.device)
        rows_G = to_device_async(torch.tensor(guided), logits_BC.device)
        uncond_GC = logits_BC[len(guidance) :]
        logits_BC[rows_G] = uncond_GC + strength_G1 * (logits_BC[rows_G] - uncond_GC)
    return logits_BC[: len(guidance)]
