"""Training the vocoder: magnitudes and the motion of phase, both of which a spectrum's neighbourhood determines.

The network never has to guess an absolute phase, so plain regression suffices and no step needs an inverse transform:
log magnitudes by their absolute error; phase differences as unit complex numbers by their squared error, whose best
guess is the mean direction, the shorter the less certain. Inputs are coded with a random number of levels, one or more.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.codec.spectral.phase import expected_advance
from khala.models.codec.spectral.vocoder import Spectra, Vocoder
from khala.nn.conv import ConvNeXtBlock
from khala.training import checkpoint
from khala.training.checkpoint import State
from khala.training.codec.evaluate import reconstruction
from khala.training.codec.recipe import CodecRecipe, VocoderRecipe
from khala.training.codec.songs import excerpts, find_songs, read_excerpt
from khala.training.log import Log
from khala.training.optimizer import Muon
from khala.training.schedule import Schedule

UNCODED = 0.25  # share of the excerpts whose features skip projection and codes
EVALUATED = (2, 8, 64, None)


def train_vocoder(codec: SpectralCodec, corpus: Path, recipe: CodecRecipe, out: Path) -> None:
    """Train ``codec.vocoder`` to the end of the recipe's budget, going on from the newest checkpoint in ``out``."""
    settings = recipe.vocoder
    if settings.threads:
        torch.set_num_threads(settings.threads)
    learned, held_out = find_songs(corpus)
    vocoder = codec.vocoder.requires_grad_(True).train()
    optimizers = _optimizers(vocoder, settings)
    found = checkpoint.latest(out)
    state = checkpoint.load(found, vocoder, optimizers) if found else State()
    log = Log(out, state.step)
    schedule = Schedule(settings.warmup, settings.decay)
    length = settings.test_seconds * codec.sample_rate
    tests = [read_excerpt(path, 0, length) for path in held_out[: settings.test_songs]]
    start = time.monotonic() - state.elapsed
    saved = evaluated = state.elapsed
    sums: dict[str, float] = {}
    while (progress := settings.progress(state.step, state.elapsed)) < 1:
        losses = objective(codec, batch(codec, learned, settings, recipe.seed, state.step), state.step)
        total = torch.stack(list(losses.values())).sum()
        total.backward()
        torch.nn.utils.clip_grad_norm_(vocoder.parameters(), settings.clip)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * schedule(progress)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        state = State(state.step + 1, time.monotonic() - start)
        sums = {name: sums.get(name, 0.0) + value.item() / settings.log_steps for name, value in losses.items()}
        if state.step % settings.log_steps == 0:
            eta = state.elapsed / max(progress, 1e-9) - state.elapsed
            log.write(state.step, "train", {"elapsed": state.elapsed, "eta": eta}, sums)
            sums = {}
        if state.elapsed - saved >= 60 * settings.checkpoint_minutes:
            checkpoint.save(out, state, vocoder, optimizers)
            saved = state.elapsed
        if state.elapsed - evaluated >= 60 * settings.eval_minutes:
            evaluate(codec, tests, state, log)
            evaluated = state.elapsed
    checkpoint.save(out, state, vocoder, optimizers)
    evaluate(codec, tests, state, log)


def evaluate(codec: SpectralCodec, tests: list[Tensor], state: State, log: Log) -> None:
    """Log how the songs ``tests`` survive each number of levels; level 0 stands for features that were not coded."""
    codec.vocoder.eval()
    for levels in EVALUATED:
        if levels is None or levels <= codec.levels:
            values = {"levels": float(levels or 0), "elapsed": state.elapsed}
            log.write(state.step, "held-out", values, reconstruction(codec, tests, levels))
    codec.vocoder.train()


def batch(codec: SpectralCodec, songs: list[Path], settings: VocoderRecipe, seed: int, step: int) -> Tensor:
    """Samples [B, 2, N] of step number ``step``: frame-aligned excerpts of random songs."""
    random = np.random.default_rng((seed, step))
    chosen = itertools.islice(excerpts(songs, settings.frames, codec.hop, random), settings.batch)
    length = settings.frames * codec.hop
    pieces = [read_excerpt(path, first * codec.hop, length) for path, first in chosen]
    return torch.stack([torch.nn.functional.pad(piece, (0, length - piece.shape[1])) for piece in pieces])


def objective(codec: SpectralCodec, samples_B2N: Tensor, step: int) -> dict[str, Tensor]:
    """The losses of a batch; ``step`` draws the number of levels of each excerpt."""
    with torch.no_grad():
        features_BTF = coded(codec, codec.analysis(samples_B2N), np.random.default_rng(step))
        left, right = codec.analysis.stft(samples_B2N).unbind(1)
        mid, side = (left + right) / 2, (left - right) / 2
    return losses(codec, codec.vocoder(features_BTF), mid, side)


def coded(codec: SpectralCodec, features_BTF: Tensor, random: np.random.Generator) -> Tensor:
    """Each item's features as a random number of levels gives them back; some as they are."""
    latent_BTD = codec.to_latent(features_BTF)
    codes_BQT = codec.quantizer.encode(latent_BTD.transpose(1, 2))
    result = features_BTF.clone()
    for item in range(len(features_BTF)):
        if random.random() >= UNCODED:
            levels = int(np.exp(random.uniform(0, np.log(codec.levels + 1))))
            latent_1DT = codec.quantizer.decode(codes_BQT[item : item + 1, :levels])
            result[item] = codec.to_features(latent_1DT.transpose(1, 2))[0]
    return result


def losses(codec: SpectralCodec, spectra: Spectra, mid_BSK: Tensor, side_BSK: Tensor) -> dict[str, Tensor]:
    """Errors of magnitude and of phase's motion against complex spectra [B, S, K].

    Bins count by how finely mel resolves them, phases also by how far their magnitudes stand above the floor.
    """
    floor = codec.config.floor
    mel = codec.analysis.mel
    bin_K = (mel / mel.sum(1, keepdim=True)).sum(0)
    bin_K = 0.5 + 0.5 * bin_K / bin_K.mean()
    log_mid, log_side = (torch.log(x.abs() + floor) for x in (mid_BSK, side_BSK))
    loud = bin_K * (log_mid - np.log(floor))
    loud_side = bin_K * (log_side - np.log(floor))
    turns = expected_advance(mid_BSK.shape[-1]).to(mid_BSK.device)

    def wrong(guess: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
        error = torch.view_as_real(guess - truth / (truth.abs() + 1e-20)).square().sum(-1)
        return (error * weight).sum() / weight.sum()

    def off(guess: Tensor, truth: Tensor) -> Tensor:
        return (
            (torch.log((guess.exp() - floor).clamp(min=0) @ mel.T + floor) - codec.analysis.log_mel(truth)).abs().mean()
        )

    return {
        "mel": off(spectra.log_mid, mid_BSK) + 0.5 * off(spectra.log_side, side_BSK),
        "mid": (bin_K * (spectra.log_mid - log_mid).abs()).mean(),
        "side": 0.5 * (bin_K * (spectra.log_side - log_side).abs()).mean(),
        "advance": wrong(spectra.advance[:, 1:], mid_BSK[:, 1:] * mid_BSK[:, :-1].conj() * turns.conj(), loud[:, 1:]),
        "slope": wrong(spectra.slope[..., 1:], -mid_BSK[..., 1:] * mid_BSK[..., :-1].conj(), loud[..., 1:]),
        "width": 0.5 * wrong(spectra.width, side_BSK * mid_BSK.conj(), loud_side),
    }


def _optimizers(vocoder: Vocoder, settings: VocoderRecipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, Adam for the rest."""
    blocks = [block for block in vocoder.blocks if isinstance(block, ConvNeXtBlock)]
    matrices = [[block.up.weight for block in blocks], [block.down.weight for block in blocks]]
    inside = {id(weight) for kind in matrices for weight in kind}
    others = [weight for weight in vocoder.parameters() if id(weight) not in inside]
    found: list[torch.optim.Optimizer] = [
        Muon([{"params": kind} for kind in matrices], lr=settings.matrix_rate),
        torch.optim.AdamW(others, lr=settings.other_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    for optimizer in found:
        for group in optimizer.param_groups:
            group["rate"] = group["lr"]
    return found
