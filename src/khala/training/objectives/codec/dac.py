"""The two stages of a `dac` codec (Kumar et al. 2023, arXiv 2306.06546): first encoder and decoder alone, then with
codes between them, against discriminators.

In the paper codebooks begin with the network, at random. Here k-means makes them of what a network that already encodes
gives (`train_dac`), and moving averages carry them on; that needs fewer steps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from khala.audio.files import write_audio
from khala.models.codec.dac.codec import Dac
from khala.models.codec.discriminators import SampleDiscriminators
from khala.models.codec.folder import WEIGHTS, save_codec
from khala.training.adversary import adversarial_losses, adversary_optimizer
from khala.training.checkpoint import State
from khala.training.codec_recipe import AutoencoderRecipe, CodecRecipe
from khala.training.loader import StepPlan
from khala.training.losses import Losses
from khala.training.objective import Measure, Objective
from khala.training.objectives.codec.ema import EmaCodebooks, Usage, quantize
from khala.training.objectives.codec.mel_loss import MelDistance
from khala.training.ranks import Ranks
from khala.training.reconstruction import codebook_use, reconstruction
from khala.training.songs import find_songs, read_batch, read_middle, require_fitting

EVALUATED_LEVELS = (2, 8, 64)
"""Numbers of levels at which held-out songs are measured, besides all of them."""
QUIET = 1e-5
"""Power below which an error counts less, full scale being 1."""
SAMPLED_SONGS = 2
"""Held-out songs that samples are made of."""


@dataclass
class Excerpts:
    """Excerpts [B, C, N], the number of levels that each is coded with [B] and, after the loss, the use of codes."""

    samples_BCN: Tensor
    levels_B: Tensor
    frames: int
    usage: Usage | None = None

    predictions = 1

    @property
    def positions(self) -> int:
        return self.frames * len(self.samples_BCN)


class AutoencoderObjective(Objective[Excerpts]):
    """Training of a codec's encoder and decoder on the songs under `corpus`, as if it had no codes."""

    unit = "frames"
    dropout = 0.0

    def __init__(self, codec: Dac, corpus: Path, recipe: CodecRecipe, settings: AutoencoderRecipe) -> None:
        self.codec, self.seed, self.settings = codec, recipe.seed, settings
        self.distance = MelDistance(codec.sample_rate).to(codec.codebooks.device)
        self.model: nn.Module = codec.requires_grad_(True)
        self.learned, held_out = find_songs(corpus)
        seconds = settings.frames * codec.hop / codec.sample_rate
        require_fitting(self.learned + held_out, codec.config.channels, seconds)
        tests = [
            read_middle(path, settings.test_seconds, codec.sample_rate) for path in held_out[: settings.test_songs]
        ]
        self.tests = [song.to(codec.codebooks.device) for song in tests]

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return [adversary_optimizer(self.codec, self.settings.rate)]

    def steps(self, state: State) -> Iterator[StepPlan]:
        """Steps of micro-batches that are counted over the whole run."""
        size = self.settings.micro_batches
        return (StepPlan(0, step, list(range(step * size, (step + 1) * size))) for step in count(state.step))

    def micro_batch(self, number: int) -> Excerpts:
        """Random excerpts; the share `dropout` is coded with a random number of levels, the others with all."""
        random, codec, settings = np.random.default_rng((self.seed, number)), self.codec, self.settings
        samples = read_batch(self.learned, settings.batch, settings.frames, codec.hop, random, codec.sample_rate)
        few_B, dropped_B = random.integers(1, codec.levels + 1, settings.batch), random.random(settings.batch)
        levels_B = torch.from_numpy(np.where(dropped_B < self.dropout, few_B, codec.levels))
        return Excerpts(samples.to(codec.codebooks.device), levels_B, settings.frames)

    def loss(self, batch: Excerpts, losses: Losses, progress: float = 1.0) -> Tensor:
        """The distances of mel spectra and of samples."""
        made_BCN = self.codec.decoder(self.codec.encoder(batch.samples_BCN))
        return self.errors(made_BCN.float(), batch.samples_BCN, losses)

    def errors(self, made_BCN: Tensor, real_BCN: Tensor, losses: Losses) -> Tensor:
        """Return the weighed distances: of mel spectra, and the power of the error as a share of the excerpts'; they
        are added to `losses`, too."""
        mel, power = self.distance(made_BCN, real_BCN), real_BCN.square().mean()
        wave = (made_BCN - real_BCN).square().mean() / (power + QUIET)
        losses.add("mel", mel)
        losses.add("wave", wave)
        total: Tensor = mel + self.settings.wave_weight * wave
        return total

    def evaluate(self, measure: Measure) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
        """How held-out songs survive; level 0 stands for latents that are not coded."""
        yield {"levels": 0.0}, reconstruction(self.codec, self.tests, None)

    def save(self, weights: dict[str, Tensor], run: Path) -> Path:
        """Write the codec into the folder of the run."""
        save_codec(self.codec, run)
        return run / WEIGHTS


class QuantizedObjective(AutoencoderObjective):
    """Training of a codec that has codebooks, and of discriminators beside it."""

    def __init__(self, codec: Dac, corpus: Path, recipe: CodecRecipe) -> None:
        super().__init__(codec, corpus, recipe, recipe.quantized)
        self.recipe, self.dropout = recipe.quantized, recipe.quantized.dropout
        torch.manual_seed(recipe.seed)
        self.discriminators = SampleDiscriminators(codec.config.channels, self.recipe.discriminator_share)
        self.ema = EmaCodebooks(codec.codebooks, self.recipe.ema_decay, self.recipe.unused_share)
        self.model = nn.ModuleDict({"codec": codec, "discriminators": self.discriminators, "ema": self.ema})

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return [
            adversary_optimizer(self.codec, self.recipe.rate),
            adversary_optimizer(self.discriminators, self.recipe.judge_rate),
        ]

    def loss(self, batch: Excerpts, losses: Losses, progress: float = 1.0) -> Tensor:
        """The distances of spectra, of samples and of latents from their codes, what the codec owes the discriminators,
        and these discriminators' own loss."""
        coded = quantize(self.codec.encoder(batch.samples_BCN), batch.levels_B, self.codec.codebooks)
        batch.usage = coded.usage
        made_BCN = self.codec.decoder(coded.latent_BDT).float()
        judged = adversarial_losses(list(self.discriminators), made_BCN, batch.samples_BCN)
        named = {"commitment": coded.commitment, "fool": judged.fool, "match": judged.match, "judge": judged.judge}
        for name, value in named.items():
            losses.add(name, value)
        owed = self.recipe.fool_weight * judged.fool + self.recipe.match_weight * judged.match
        errors = self.errors(made_BCN, batch.samples_BCN, losses)
        return errors + self.recipe.commitment_weight * coded.commitment + owed + judged.judge

    def after_step(self, batches: Sequence[Excerpts], ranks: Ranks) -> None:
        """Move the codebooks."""
        usages = [batch.usage for batch in batches if batch.usage is not None]
        self.ema.update(self.codec.codebooks, usages, ranks)

    def evaluate(self, measure: Measure) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
        """How held-out songs survive some numbers of levels, and all; the latter with the mean use of a level's codes:
        the share that occurs, and their perplexity."""
        total = self.codec.levels
        for levels in (*(levels for levels in EVALUATED_LEVELS if levels < total), total):
            found = reconstruction(self.codec, self.tests, levels)
            if levels == total:
                codes_QN = torch.cat([self.codec.encode(song[None])[0] for song in self.tests], dim=1)
                used_Q, perplexity_Q = codebook_use(codes_QN, self.codec.config.codebook)
                found |= {"used": used_Q.mean().item(), "perplexity": perplexity_Q.mean().item()}
            yield {"levels": float(levels)}, found

    @torch.no_grad()
    def sample(self, weights: dict[str, Tensor], folder: Path) -> None:
        """Write held-out songs after a round trip through all levels."""
        for number, song in enumerate(self.tests[:SAMPLED_SONGS], 1):
            samples_CN = self.codec.decode(self.codec.encode(song[None]))[0]
            write_audio(folder / f"song-{number}.wav", samples_CN.cpu().numpy(), self.codec.sample_rate)
