"""Train a `dac` codec: encoder and decoder alone, k-means on what the encoder gives, then all of it with codes."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac, ResidualUnit
from khala.models.codec.folder import WEIGHTS, load_codec, save_codec
from khala.music.errors import InvalidRequest
from khala.training import loop
from khala.training.codec_recipe import CodecRecipe, QuantizedRecipe
from khala.training.objectives.codec.dac import AutoencoderObjective, QuantizedObjective
from khala.training.objectives.codec.kmeans import assign, fit_level
from khala.training.ranks import Ranks
from khala.training.songs import read_batch

EXCERPTS_AT_ONCE = 8
"""Excerpts that are encoded at a time for k-means."""
RESIDUAL_GAIN = 0.3
"""Of what a residual unit adds, before training."""
SHRINK = 2.0
"""Frames at zero that each of k-means' codes is averaged with: less over-fitting."""


def train_dac(recipe: CodecRecipe, config: DacConfig, corpus: Path, out: Path, ranks: Ranks) -> Path:
    """Train a codec on the songs under `corpus`; returns `out`, which `load_codec` reads at the end.

    `out` also keeps `autoencoder`, the first stage, and `start`, the codec with which the second begins. A killed run
    goes on where it was. Raises InvalidRequest without songs that fit the recipe, or for a run of another recipe.
    """
    start = out / "start"
    (started, *_) = ranks.gather((start / WEIGHTS).exists())
    if not started:
        torch.manual_seed(recipe.seed)
        codec = initialised(Dac(config)).to(ranks.device)
        objective = AutoencoderObjective(codec, corpus, recipe, recipe.autoencoder)
        loop.train(objective, recipe.autoencoder, out / "autoencoder", ranks)
        with ranks.one_after_the_other():
            if ranks.main:
                fit_codebooks(codec.eval(), objective.learned, recipe.quantized, recipe.seed)
                save_codec(codec, start)
    found = load_codec(start)
    if not isinstance(found, Dac) or found.config != config:
        raise InvalidRequest(f"{start} holds a codec of other shapes than the recipe's; choose another --run")
    loop.train(QuantizedObjective(found.to(ranks.device), corpus, recipe), recipe.quantized, out, ranks)
    return out


@torch.no_grad()
def initialised(codec: Dac) -> Dac:
    """Give the convolutions of a codec random weights that keep the power of what goes through them, so that samples
    reach the latents, and residual units little to add at first. Returns the codec."""
    for module in codec.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
            taps = module.kernel_size[0] / (module.stride[0] if module.transposed else 1)  # that make one sample
            nn.init.normal_(module.weight, std=(module.in_channels * taps) ** -0.5)
            assert module.bias is not None
            nn.init.zeros_(module.bias)
    for module in codec.modules():
        if isinstance(module, ResidualUnit):
            module.block[-1].weight.mul_(RESIDUAL_GAIN)  # type: ignore[operator]
    return codec


@torch.no_grad()
def fit_codebooks(codec: Dac, songs: list[Path], recipe: QuantizedRecipe, seed: int) -> None:
    """Give a codec codebooks, level after level, by k-means on what it encodes random excerpts of the songs as."""
    random, config = np.random.default_rng(seed), codec.config
    pieces: list[Tensor] = []
    while len(pieces) * EXCERPTS_AT_ONCE * recipe.frames < recipe.start_frames:
        samples = read_batch(songs, EXCERPTS_AT_ONCE, recipe.frames, codec.hop, random, codec.sample_rate)
        pieces.append(codec.encoder(samples.to(codec.codebooks.device)).cpu().transpose(1, 2).flatten(0, 1))
    residual_ND = torch.cat(pieces)
    for level in range(config.levels):
        generator = torch.Generator().manual_seed(seed * 1000 + level)
        book_CD = fit_level(residual_ND, config.codebook, recipe.start_iterations, SHRINK, generator)
        codec.codebooks[level] = book_CD
        residual_ND -= book_CD[assign(residual_ND, book_CD)]
