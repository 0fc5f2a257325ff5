from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from khala.conditioning.rows import CONDITION_ROWS
from khala.engine.pytorch import refine as module
from khala.engine.pytorch.refine import refine
from khala.models.lm import pack
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.refinement import FIRST_LEVEL, RESIDUAL_GUIDANCE_SCALE
from khala.models.lm.superres import Superres
from khala.models.lm.windows import Windows, windows_over
from khala.models.presets import tiny
from khala.music.request import Sampling
from khala.nn.rvq import ResidualVQ
from khala.nn.sampling import generator, nearest_to_mean, sample
from khala.weights import LoadedModel

BOOKS = torch.randn(80, 16, 5, generator=torch.Generator().manual_seed(4))
BOOKS16 = 3 * torch.randn(10, 16, 16, generator=torch.Generator().manual_seed(5))
"""Codebooks of the width that the tiny model embeds codes through."""
PROMPT = [256, 65, 66, 67, 266]
CODES = np.random.default_rng(0).integers(0, 16, (2, 23)).astype(np.int16)
DREW = Sampling(superres_temperature=0.9, superres_top_k=5)


def alone(model: Superres, seed: int, sampling: Sampling) -> np.ndarray:
    (codes,) = refine(model, [RefineInput(PROMPT, CODES, seed, sampling)], BOOKS)
    return codes


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
    refined = alone(model, 7, DREW)
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
    first, again, other = (alone(model, seed, Sampling()) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.array_equal(first[:2], CODES) and np.array_equal(other[:2], CODES)
    assert (first[2:] != other[2:]).mean() > 0.3
    greedy = [alone(model, seed, Sampling(superres_top_k=1)) for seed in (1, 2)]
    assert np.array_equal(*greedy)


def test_without_draws_the_code_nearest_to_the_expected_vector_is_taken() -> None:
    model = make()
    refined = alone(model, 1, Sampling(superres_top_k=0))
    assert np.array_equal(refined, alone(model, 2, Sampling(superres_top_k=0)))
    codes = torch.from_numpy(refined.astype(np.int64))
    missing = torch.zeros(23, 5)  # of what was expected of the levels before
    for level in range(2, model.config.levels):
        x = model.embed_song(torch.tensor([PROMPT]), codes[None, :level])
        chances = model.level_logits(model(x, causal=False), level)[0, len(PROMPT) :].softmax(-1)
        wanted = chances @ BOOKS[level] + missing
        assert torch.equal((wanted[:, None] - BOOKS[level]).norm(dim=-1).argmin(-1), codes[level])
        missing = wanted - BOOKS[level][codes[level]]


def test_a_residual_is_predicted_once_and_coded_by_the_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make(condition_rows=CONDITION_ROWS, levels=10, residual=True).bind_codebooks(BOOKS16)
    rows = np.array([[1 + frame % 40, 0, 300] for frame in range(23)])
    passes = []
    monkeypatch.setattr(module, "encode_pack", lambda *its: passes.append(len(its[1])) or pack.encode_pack(*its))
    guided = Sampling(superres_top_k=0, guidance=2.5, superres_temperature=0.8)
    (refined,) = refine(model, [RefineInput(PROMPT, CODES, 7, guided, rows, np.zeros_like(rows))], BOOKS16)
    assert passes == [2] + [0] * 7
    codes_1QT = torch.from_numpy(CODES.astype(np.int64))[None]
    scale = BOOKS16[0].square().mean().sqrt()
    cond, uncond = (
        scale
        * model.codebooks.outward(model(model.embed_song(torch.tensor([PROMPT]), codes_1QT, ids), causal=False))[0, 5:]
        for ids in (torch.tensor(rows)[None], torch.zeros(1, 23, 3, dtype=torch.int64))
    )
    residual_TK = (cond + RESIDUAL_GUIDANCE_SCALE * 1.5 * (cond - uncond)) / 0.8
    quantiser = ResidualVQ(10, 16, 16)
    quantiser.codebooks = BOOKS16
    expected = quantiser.encode(residual_TK.T[None], 10, FIRST_LEVEL)[0]
    assert np.array_equal(refined[2:], expected.numpy()) and np.array_equal(refined[:2], CODES)


def test_guidance_leads_away_from_the_unconditional_ids() -> None:
    model, guided = make(condition_rows=CONDITION_ROWS, levels=10), Sampling(superres_top_k=0, guidance=2.5)
    rows = np.array([[1 + frame % 40, 0, 300] for frame in range(23)])
    uncond = np.zeros_like(rows)
    one = RefineInput(PROMPT, CODES, 7, guided, rows, uncond)
    (refined,) = refine(model, [one], BOOKS)
    codes, missing = torch.from_numpy(refined.astype(np.int64)), torch.zeros(23, 5)
    for level in range(2, model.config.levels):
        cond, without = (
            model.level_logits(
                model(
                    model.embed_song(torch.tensor([PROMPT]), codes[None, :level], torch.from_numpy(ids)[None]),
                    causal=False,
                ),
                level,
            )[0, len(PROMPT) :]
            for ids in (rows, uncond)
        )
        logits = cond + 0.6 * 1.5 * (cond - without) if level < 8 else cond
        wanted = logits.softmax(-1) @ BOOKS[level] + missing
        assert torch.equal((wanted[:, None] - BOOKS[level]).norm(dim=-1).argmin(-1), codes[level])
        missing = wanted - BOOKS[level][codes[level]]
    unguided = RefineInput(PROMPT, CODES[:, :9], 7, Sampling(superres_top_k=0), rows[:9], uncond[:9])
    company = refine(model, [unguided, one, unguided], BOOKS)
    assert np.array_equal(company[1], refined)
    assert one.positions == 2 * (len(PROMPT) + 23) and unguided.positions == len(PROMPT) + 9


LENGTHS = (23, 40, 1, 23, 7)


@pytest.mark.parametrize("by_rows", [False, True])
def test_a_take_is_the_same_alone_and_in_a_pack(by_rows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "GPU_ROWS", 16)  # songs begin and end amid blocks
    model = make(dim=64, heads=4, head_dim=16, ffn=160)
    codes = np.random.default_rng(1).integers(0, 16, (len(LENGTHS), 2, 40)).astype(np.int16)
    samplings = [DREW, Sampling(superres_top_k=0), DREW, DREW, DREW]
    inputs = [
        RefineInput(PROMPT[: 3 + i % 3], codes[i, :, :length], i, samplings[i]) for i, length in enumerate(LENGTHS)
    ]
    together = refine(model, inputs, BOOKS, by_rows=by_rows)
    assert [take.shape for take in together] == [(8, length) for length in LENGTHS]
    for one, take in zip(inputs, together, strict=True):
        (single,) = refine(model, [one], BOOKS, by_rows=by_rows)
        assert np.array_equal(take, single)
    for one, other in zip(refine(model, inputs, BOOKS, by_rows=not by_rows), together, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("sampling", [DREW, Sampling(superres_top_k=0)])
def test_windows_keep_what_the_one_before_has_decided(sampling: Sampling) -> None:
    model, windows = make(condition_rows=CONDITION_ROWS), Windows(10, 3, 2)
    rows = np.array([[1 + frame % 40, 0, 300] for frame in range(23)])
    one = RefineInput(PROMPT, CODES, 7, sampling, rows)
    short = RefineInput(PROMPT, CODES[:, :10], 3, sampling, rows[:10])
    refined, unchanged = refine(model, [one, short], BOOKS, windows=windows)
    assert np.array_equal(unchanged, refine(model, [short], BOOKS)[0])
    codes = torch.from_numpy(refined.astype(np.int64))
    for window in windows_over(23, windows):
        read = torch.from_numpy(CODES.astype(np.int64))[:, window.first : window.last]
        missing = torch.zeros(read.shape[1], 5)
        for level in range(2, model.config.levels):
            ids = torch.from_numpy(rows[window.first : window.last])[None]
            x = model.embed_song(torch.tensor([PROMPT]), read[None], ids)
            logits = model.level_logits(model(x, causal=False), level)[0, len(PROMPT) :]
            if sampling is DREW:
                uniform = torch.rand(23, 16, generator=generator(7, level))[window.first : window.last]
                level_T = sample(logits, 0.9, 5, uniform)
            else:
                level_T, missing = nearest_to_mean(logits, 1.0, BOOKS[level], missing)
            level_T[: window.known] = codes[level, window.first : window.start]
            read = torch.cat([read, level_T[None]])
        assert torch.equal(read[:, window.decided], codes[:, window.start : window.stop])


def test_progress_counts_levels_of_windows() -> None:
    reports: list[int] = []
    one = RefineInput(PROMPT, CODES, 1, DREW)
    refine(
        make(levels=4),
        [one, one],
        BOOKS,
        lambda _, done, total: reports.append(100 * total + done),
        None,
        Windows(15, 2, 2),
    )
    assert reports == [802, 804, 806, 808]


def test_passes_have_as_many_takes_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_POSITIONS", 60)
    sizes: list[int] = []
    encode = module.encode_pack
    monkeypatch.setattr(module, "encode_pack", lambda *given: sizes.append(len(given[1])) or encode(*given))
    model = make(levels=3)
    refine(model, [RefineInput(PROMPT, CODES[:, :length], 0, DREW) for length in (23, 23, 5, 20, 20)], BOOKS)
    assert sizes == [2, 3]
    sizes.clear()
    long = RefineInput(PROMPT, np.zeros((2, 99), np.int16), 0, DREW)
    short = RefineInput(PROMPT, CODES, 0, DREW)
    refine(model, [short, long, short], BOOKS)
    assert sizes == [1, 1, 1]


def test_progress_counts_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[tuple[str, int, int]] = []
    refine(make(), [RefineInput(PROMPT, CODES, 1, DREW)], BOOKS, lambda *step: reports.append(step))
    assert reports == [("superres", done, 6) for done in range(1, 7)]
    reports.clear()
    monkeypatch.setattr(module, "MAX_POSITIONS", 60)
    refine(make(), [RefineInput(PROMPT, CODES, 1, DREW)] * 3, BOOKS, lambda *step: reports.append(step))
    assert reports == [("superres", done, 18) for done in (*range(2, 13, 2), *range(13, 19))]


@pytest.mark.parametrize("letter", ["a", "c"])
def test_published_codes_of_all_levels(fixtures: Path, official: Callable[..., LoadedModel], letter: str) -> None:
    superres = official(letter).superres
    reference = load_file(fixtures / f"official-{letter}" / "superres_ref.safetensors")
    codes = reference["audio_codes"][:, 0].numpy().astype(np.int16)
    one = RefineInput(reference["text_ids"].tolist(), codes[:2], 0, Sampling(superres_top_k=1))
    for by_rows in (False, True):
        (refined,) = refine(superres, [one], BOOKS, by_rows=by_rows)
        assert np.array_equal(refined, codes)


def test_conditions_of_a_frame_are_added_in_every_pass() -> None:
    model = make(condition_rows=CONDITION_ROWS)
    rows = np.array([[1 + frame % 40, 0, 300] for frame in range(CODES.shape[1])])
    (refined,) = refine(model, [RefineInput(PROMPT, CODES, 7, DREW, rows)], BOOKS)
    codes = torch.from_numpy(CODES.astype(np.int64))
    for level in range(2, model.config.levels):
        x = model.embed_song(torch.tensor([PROMPT]), codes[None], torch.from_numpy(rows)[None])
        logits = model.level_logits(model(x, causal=False), level)[0, len(PROMPT) :]
        codes = torch.cat([codes, sample(logits, 0.9, 5, torch.rand(23, 16, generator=generator(7, level)))[None]])
    assert np.array_equal(refined, codes.numpy())
    (bare,) = refine(model, [RefineInput(PROMPT, CODES, 7, DREW, np.zeros_like(rows))], BOOKS)
    assert not np.array_equal(refined, bare)
