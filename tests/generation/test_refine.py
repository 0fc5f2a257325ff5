from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from khala.generation.refine import refine
from khala.models.presets import tiny
from khala.models.superres import Superres
from khala.music.request import Sampling
from khala.nn.sampling import generator, sample
from khala.weights import LoadedModel

BOOKS = torch.randn(80, 16, 5, generator=torch.Generator().manual_seed(4))
PROMPT = [256, 65, 66, 67, 266]
CODES = np.random.default_rng(0).integers(0, 16, (2, 23)).astype(np.int16)


def make(**changes: int | None) -> Superres:
    torch.manual_seed(2)
    model = Superres(replace(tiny().superres, **changes))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    return model.bind_codebooks(torch.randn(model.config.levels, 16, 16))


@pytest.mark.parametrize("changes", [{}, {"codebook_dim": None}, {"levels": 3}, {"levels": 80}])
def test_equals_passes_over_all_known_levels(changes: dict[str, int | None]) -> None:
    model = make(**changes)
    refined = refine(model, PROMPT, CODES, 7, Sampling(superres_temperature=0.9, superres_top_k=5), BOOKS)
    assert refined.shape == (model.config.levels, 23) and refined.dtype == np.int16
    codes = torch.from_numpy(CODES.astype(np.int64))
    for level in range(2, model.config.levels):  # the sum anew in every pass, the head of the whole song
        x = model.embed_song(torch.tensor([PROMPT]), codes[None])
        logits = model.level_logits(model(x, causal=False), level)[0, len(PROMPT) :]
        drawn = sample(logits, 0.9, 5, torch.rand(23, 16, generator=generator(7, level)))
        codes = torch.cat([codes, drawn[None]])
    assert np.array_equal(refined, codes.numpy())


def test_the_seed_alone_decides() -> None:
    model = make()
    first, again, other = (refine(model, PROMPT, CODES, seed, Sampling(), BOOKS) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.array_equal(first[:2], CODES) and np.array_equal(other[:2], CODES)
    assert (first[2:] != other[2:]).mean() > 0.3
    greedy = [refine(model, PROMPT, CODES, seed, Sampling(superres_top_k=1), BOOKS) for seed in (1, 2)]
    assert np.array_equal(*greedy)


def test_without_draws_the_code_nearest_to_the_expected_vector_is_taken() -> None:
    model = make()
    refined = refine(model, PROMPT, CODES, 1, Sampling(superres_top_k=0), BOOKS)
    assert np.array_equal(refined, refine(model, PROMPT, CODES, 2, Sampling(superres_top_k=0), BOOKS))
    codes = torch.from_numpy(refined.astype(np.int64))
    for level in range(2, model.config.levels):
        x = model.embed_song(torch.tensor([PROMPT]), codes[None, :level])
        chances = model.level_logits(model(x, causal=False), level)[0, len(PROMPT) :].softmax(-1)
        distances = (chances @ BOOKS[level])[:, None] - BOOKS[level]
        assert torch.equal(distances.norm(dim=-1).argmin(-1), codes[level])


def test_progress_counts_levels() -> None:
    reports: list[tuple[str, int, int]] = []
    refine(make(), PROMPT, CODES, 1, Sampling(), BOOKS, lambda *step: reports.append(step))
    assert reports == [("superres", done, 6) for done in range(1, 7)]


@pytest.mark.parametrize("letter", ["a", "c"])
def test_published_codes_of_all_levels(fixtures: Path, official: Callable[..., LoadedModel], letter: str) -> None:
    superres = official(letter).superres
    reference = load_file(fixtures / f"official-{letter}" / "superres_ref.safetensors")
    codes = reference["audio_codes"][:, 0].numpy().astype(np.int16)
    refined = refine(superres, reference["text_ids"].tolist(), codes[:2], 0, Sampling(superres_top_k=1), BOOKS)
    assert np.array_equal(refined, codes)
