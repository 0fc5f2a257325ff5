"""The vocoder's objective: magnitudes and the motion of phase, both of which a spectrum's neighbourhood determines.

The network never has to guess an absolute phase, so plain regression suffices and no step needs an inverse transform:
log magnitudes by their absolute error; phase differences as unit complex numbers by their squared error, whose best
guess is the mean direction, the shorter the less certain. Inputs are coded with a random number of levels, one or more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from khala.audio.files import write_audio
from khala.models.codec.folder import save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.codec.spectral.phase import expected_advance
from khala.models.codec.spectral.vocoder import Spectra
from khala.training.checkpoint import State
from khala.training.codec_recipe import CodecRecipe
from khala.training.loader import StepPlan
from khala.training.losses import Losses
from khala.training.objective import Measure, Objective
from khala.training.optimizer import convolutional_optimizers
from khala.training.reconstruction import reconstruction
from khala.training.songs import find_songs, read_batch, read_excerpt

UNCODED_SHARE = 0.25
"""Share of the excerpts whose features skip projection and codes."""
EVALUATED_LEVELS = (2, 8, 64, None)
"""Numbers of levels at which held-out songs are measured; None skips projection and codes."""


SAMPLED_SONGS = 2
"""Held-out songs that samples are made of."""


@dataclass(frozen=True)
class SpectraBatch:
    """Coded features [B, T, F] and the complex spectra [B, S, K] of mid and side that the vocoder is to give them."""

    features_BTF: Tensor
    mid_BSK: Tensor
    side_BSK: Tensor

    predictions = 1

    @property
    def positions(self) -> int:
        return self.features_BTF.shape[0] * self.features_BTF.shape[1]


class VocoderObjective(Objective[SpectraBatch]):
    """Training of the vocoder of a codec that is fitted, on the songs under `corpus`."""

    unit = "frames"

    def __init__(self, codec: SpectralCodec, corpus: Path, recipe: CodecRecipe) -> None:
        self.codec, self.recipe, self.settings = codec, recipe, recipe.vocoder
        self.model: nn.Module = codec.vocoder.requires_grad_(True)
        self.learned, held_out = find_songs(corpus)
        length = self.settings.test_seconds * codec.sample_rate
        tests = [read_excerpt(path, 0, length) for path in held_out[: self.settings.test_songs]]
        self.tests = [song.to(codec.mean.device) for song in tests]

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return convolutional_optimizers(self.model, self.settings.matrix_rate, self.settings.other_rate)

    def steps(self, state: State) -> Iterator[StepPlan]:
        """Steps of micro-batches that are counted over the whole run."""
        size = self.settings.micro_batches
        return (StepPlan(0, step, list(range(step * size, (step + 1) * size))) for step in count(state.step))

    def micro_batch(self, number: int) -> SpectraBatch:
        """Frame-aligned excerpts of random songs, each coded with a random number of levels."""
        samples_B2N = self.samples(number)
        with torch.no_grad():
            features_BTF = coded(self.codec, self.codec.analysis(samples_B2N), np.random.default_rng(number))
            left, right = self.codec.analysis.stft(samples_B2N).unbind(1)
        return SpectraBatch(features_BTF, (left + right) / 2, (left - right) / 2)

    def samples(self, number: int) -> Tensor:
        """Samples [B, 2, N] of a micro-batch, where the codec is."""
        random = np.random.default_rng((self.recipe.seed, number))
        samples_B2N = read_batch(self.learned, self.settings.batch, self.settings.frames, self.codec.hop, random)
        return samples_B2N.to(self.codec.mean.device)

    def loss(self, batch: SpectraBatch, losses: Losses, progress: float = 1.0) -> Tensor:
        """The sum of the errors of magnitude and phase."""
        found = spectral_losses(self.codec, self.codec.vocoder(batch.features_BTF), batch.mid_BSK, batch.side_BSK)
        for name, value in found.items():
            losses.add(name, value)
        return torch.stack(list(found.values())).sum()

    def evaluate(self, measure: Measure) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
        """How held-out songs survive each number of levels; level 0 stands for features that were not coded."""
        for levels in EVALUATED_LEVELS:
            if levels is None or levels <= self.codec.levels:
                yield {"levels": float(levels or 0)}, reconstruction(self.codec, self.tests, levels)

    @torch.no_grad()
    def sample(self, weights: dict[str, Tensor], folder: Path) -> None:
        """Write held-out songs after a round trip through all levels."""
        for number, song in enumerate(self.tests[:SAMPLED_SONGS], 1):
            samples_2N = self.codec.decode(self.codec.encode(song[None]))[0]
            write_audio(folder / f"song-{number}.wav", samples_2N.cpu().numpy(), self.codec.sample_rate)

    def save(self, weights: dict[str, Tensor], run: Path) -> Path:
        """Write the whole codec, which the folder of the run holds, with the vocoder as it is now."""
        save_codec(self.codec, run)
        return run / "model.safetensors"


def coded(codec: SpectralCodec, features_BTF: Tensor, random: np.random.Generator) -> Tensor:
    """Features [B, T, F] as a random number of levels gives them back, for each item; some as they are."""
    latent_BTD = codec.to_latent(features_BTF)
    codes_BQT = codec.quantizer.encode(latent_BTD.transpose(1, 2))
    result = features_BTF.clone()
    for item in range(len(features_BTF)):
        if random.random() >= UNCODED_SHARE:
            levels = int(np.exp(random.uniform(0, np.log(codec.levels + 1))))
            latent_1DT = codec.quantizer.decode(codes_BQT[item : item + 1, :levels])
            result[item] = codec.to_features(latent_1DT.transpose(1, 2))[0]
    return result


def spectral_losses(codec: SpectralCodec, spectra: Spectra, mid_BSK: Tensor, side_BSK: Tensor) -> dict[str, Tensor]:
    """Return the errors of magnitude and of phase's motion against complex spectra [B, S, K].

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
