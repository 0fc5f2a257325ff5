"""The closed-form half of the spectral codec: principal components of the features, then k-means level after level.

Features come from random frame-aligned excerpts of many songs. Their errors are weighed (`FitRecipe`) so that the first
levels hold what is heard; principal components and k-means are optimal in that metric. Work is kept in
`out`: `latents.safetensors` after the projection, `codebooks.safetensors` while levels are added; a killed fit
goes on from there.
"""

import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.codec.spectral.features import Analysis
from khala.nn.rvq import nearest
from khala.training.codec_recipe import CodecRecipe, FitRecipe
from khala.training.log import Log
from khala.training.objectives.codec.kmeans import assign, fit_level
from khala.training.songs import excerpts, find_songs, read_excerpt

REPORTED = (1, 2, 4, 8, 16, 32, 64)


def fit_codec(corpus: Path, recipe: CodecRecipe, out: Path) -> SpectralCodec:
    """Fit projection and codebooks to the songs under `corpus`. The vocoder of the result is untrained."""
    if recipe.fit.threads:
        torch.set_num_threads(recipe.fit.threads)
    config = recipe.model or SpectralConfig()
    assert isinstance(config, SpectralConfig)  # `train_codec` trains the other family in another way
    codec = SpectralCodec(config)
    out.mkdir(parents=True, exist_ok=True)
    found = _found(out, codec)
    log = Log(out, len(found))
    latents = _latents(corpus, recipe, codec, out, log)
    codec.codebooks[: len(found)] = found
    _codebooks(latents["train"], latents["held_out"], len(found), recipe, codec, out, log)
    _report(codec, latents, log)
    return codec


def weights(recipe: FitRecipe, analysis: Analysis) -> Tensor:
    """Return the weight of an error in each feature value [F]; see `FitRecipe`."""
    config = analysis.config
    centre = analysis.centres
    octaves = torch.log2(centre / 5000).clamp(0, 1.68) / 1.68  # 16 kHz is 1.68 octaves above 5 kHz
    band = torch.where(centre < 100, recipe.low_band, 1 - (1 - recipe.high_band) * octaves)
    voice = torch.where(analysis.voice_bands, recipe.voice_band, 1.0)
    n = analysis.spectra
    balance = torch.full((config.balance_bands,), recipe.balance)
    low = torch.full((config.low_bins,), recipe.low)
    return torch.cat([(voice * band).repeat(n), recipe.side * band.repeat(n), balance.repeat(n), low])


def collect(songs: list[Path], frames: int, excerpt: int, codec: SpectralCodec, seed: int) -> Tensor:
    """Collect features [frames, F] float16 of random excerpts, every song as often as any other."""
    analysis, hop = codec.analysis, codec.hop
    margin = 2  # frames read on either side, so that an excerpt's edges hear their neighbours
    rows = torch.empty(frames, sum(analysis.widths), dtype=torch.float16)
    filled, random = 0, np.random.default_rng(seed)
    for path, first in excerpts(songs, excerpt, hop, random):
        before = min(first, margin)
        samples = read_excerpt(path, (first - before) * hop, (excerpt + before + margin) * hop)
        found = analysis(samples[None])[0, before : before + excerpt]
        found = found[: frames - filled]
        rows[filled : filled + len(found)] = found
        filled += len(found)
        if filled == frames:
            return rows
    raise AssertionError("excerpts never end")


def _latents(corpus: Path, recipe: CodecRecipe, codec: SpectralCodec, out: Path, log: Log) -> dict[str, Tensor]:
    path = out / "latents.safetensors"
    if not path.exists():
        start, fit = time.monotonic(), recipe.fit
        learned, held_out = find_songs(corpus)
        log.say(f"features of {fit.frames} frames from {len(learned)} songs, {len(held_out)} held out")
        with torch.no_grad():
            rows = collect(learned, fit.frames, fit.excerpt_frames, codec, recipe.seed)
            test = collect(held_out, fit.held_out_frames, fit.excerpt_frames, codec, recipe.seed)
            _project(rows, codec, fit)
            tensors = {
                "train": torch.cat([codec.to_latent(chunk.float()) for chunk in rows.split(8192)]),
                "held_out": codec.to_latent(test.float()),
                "held_out_features": test,
                **{name: getattr(codec, name) for name in ("mean", "project", "unproject")},
            }
        _write(tensors, path)
        log.say(f"projected in {time.monotonic() - start:.0f} s")
    tensors = load_file(path)
    for name in ("mean", "project", "unproject"):
        getattr(codec, name).copy_(tensors[name])
    return tensors


def _project(rows: Tensor, codec: SpectralCodec, fit: FitRecipe) -> None:
    """Set the codec's mean and projections: weighted principal components, rounded to what the disk will hold."""
    weight_F = weights(fit, codec.analysis)
    mean_F = torch.stack([chunk.float().mean(0) * len(chunk) for chunk in rows.split(8192)]).sum(0) / len(rows)
    mean_F = mean_F.half().float()
    covariance = torch.zeros(len(mean_F), len(mean_F), dtype=torch.float64)
    for chunk in rows.split(8192):
        centred = (chunk.float() - mean_F) * weight_F
        covariance += (centred.T @ centred).double()
    _, vectors = torch.linalg.eigh(covariance)
    basis_FD = vectors[:, -codec.config.dim :].flip(1).float()
    codec.mean.copy_(mean_F)
    codec.project.copy_((weight_F[:, None] * basis_FD).half().float())
    codec.unproject.copy_((basis_FD / weight_F[:, None]).T.half().float())


def _found(out: Path, codec: SpectralCodec) -> Tensor:
    """Return the codebooks [levels done, C, D] of a fit that was killed."""
    path = out / "codebooks.safetensors"
    return load_file(path)["codebooks"] if path.exists() else codec.codebooks[:0]


def _codebooks(
    train: Tensor, test: Tensor, done: int, recipe: CodecRecipe, codec: SpectralCodec, out: Path, log: Log
) -> None:
    path, fit, config = out / "codebooks.safetensors", recipe.fit, codec.config
    books = codec.quantizer.codebooks
    train, test = train.clone(), test.clone()
    power, test_power = train.square().mean(), test.square().mean()
    for level in range(config.levels):
        start = time.monotonic()
        if level >= done:
            first = level < fit.first_levels
            generator = torch.Generator().manual_seed(recipe.seed * 1000 + level)
            points = train if first else train[torch.randperm(len(train), generator=generator)[: fit.batch]]
            iterations = fit.first_iterations if first else fit.iterations
            book = fit_level(points, config.codebook, iterations, fit.shrink, generator)
            if not first:
                book[book.norm(dim=1).argmin()] = 0  # a code that adds nothing, for a model that is not sure
            books[level] = book.half().float()
            if level % 8 == 7 or level < 8 or level == config.levels - 1:
                _write({"codebooks": books[: level + 1]}, path)
        used = assign(train, books[level])
        train -= books[level][used]
        test -= books[level][nearest(test, books[level])]
        if level >= done:
            share = torch.bincount(used, minlength=config.codebook).double() / len(used)
            values = {
                "level": float(level),
                "seconds": time.monotonic() - start,
                "perplexity": torch.special.entr(share).sum().exp().item(),
            }
            left = {
                "train": (train.square().mean() / power).item(),
                "held_out": (test.square().mean() / test_power).item(),
            }
            log.write(level + 1, "fit", values, left)


def _report(codec: SpectralCodec, latents: dict[str, Tensor], log: Log) -> None:
    """Log-mel L1 of mid and side on held-out frames, without the vocoder, for some numbers of levels."""
    features, latent_TD = latents["held_out_features"].float(), latents["held_out"]
    edges = [0, *np.cumsum(codec.analysis.widths)]

    def errors(latent: Tensor) -> dict[str, float]:
        error = (codec.to_features(latent) - features).abs()
        named = zip(("mid", "side", "balance", "low"), edges[:-1], edges[1:], strict=True)
        found = {name: error[:, a:b].mean().item() for name, a, b in named}
        return {"log_mel": (found["mid"] + found["side"]) / 2, **found}

    log.write(codec.levels, "projection", {}, errors(latent_TD))
    residual = latent_TD.clone()
    for level in range(codec.levels):
        residual -= codec.codebooks[level][nearest(residual, codec.codebooks[level])]
        if level + 1 in REPORTED:
            log.write(level + 1, "features", {"levels": float(level + 1)}, errors(latent_TD - residual))


def _write(tensors: dict[str, Tensor], path: Path) -> None:
    draft = path.with_suffix(".part")
    save_file({name: value.contiguous() for name, value in tensors.items()}, draft)
    draft.rename(path)
