"""Best of n: what counts for a candidate, and that the choice is repeatable and told."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from khala.engine.pytorch.engine import TorchEngine
from khala.engine.pytorch.likelihood import nats
from khala.generation.best_of import best
from khala.generation.pipeline import Pipeline
from khala.models.config import Imported, Origin
from khala.models.lm.backbone import Backbone, interleave
from khala.models.lm.result import Candidate
from khala.models.presets import tiny
from khala.music.prompt import UNCOND_PROMPT
from khala.music.request import SongRequest
from khala.music.seeds import take_seed
from khala.weights import LoadedModel

REQUEST = SongRequest(tags=("folk",), lyrics="[verse]\nOver the hills", duration=5, seed=11)


def candidate(nats: float, ended: bool = True, heard: float | None = None) -> Candidate:
    return Candidate(1, ended, nats, heard)


def test_the_most_informed_of_those_that_ended() -> None:
    assert best([candidate(0.1), candidate(0.9), candidate(0.5)]) == 1
    assert best([candidate(0.1), candidate(0.9, ended=False), candidate(0.5)]) == 2
    assert best([candidate(0.1, ended=False), candidate(0.9, ended=False)]) == 1
    assert best([candidate(0.5), candidate(0.5)]) == 0


def test_a_listener_has_as_much_say_as_the_model() -> None:
    assert best([candidate(0.3, heard=-9.0), candidate(0.2, heard=-1.0), candidate(0.1, heard=-2.0)]) == 1
    assert best([candidate(0.9, heard=-2.0), candidate(0.2, heard=-1.0)]) == 0  # a draw: the model decides


def test_nats_are_those_of_the_codes_behind_their_prompt() -> None:
    torch.manual_seed(1)
    model = Backbone(tiny().backbone).bind_codebooks(torch.randn(2, 16, 16))
    layout = model.config.layout
    codes = torch.randint(16, (1, 2, 7))
    for prompt in ([256, 65, 266], [256, 266]):
        ids = torch.cat([torch.tensor([prompt]), interleave(codes, layout)], 1)
        logits = model.logits(model(model.embed_tokens(ids), causal=True))[0, len(prompt) - 1 : -1]
        rows = [list(layout.level_rows(position % 2)) for position in range(14)]
        wanted = sum(F.cross_entropy(logits[i, rows[i]], codes[0, i % 2, i // 2]).item() for i in range(14))
        assert nats(model, prompt, codes[0].numpy().astype(np.int16)) == pytest.approx(wanted, abs=1e-3)


@pytest.fixture(scope="module")
def pipe(loaded: LoadedModel) -> Pipeline:
    prompt = replace(loaded.config.prompt, backbone_limit=96, superres_limit=96)
    backbone = replace(loaded.config.backbone, context=128)
    return Pipeline(TorchEngine(replace(loaded, config=replace(loaded.config, prompt=prompt, backbone=backbone))))


def test_the_best_of_one_is_the_song_itself_and_is_among_more(pipe: Pipeline) -> None:
    (alone,) = pipe.generate(REQUEST)
    (chosen,) = pipe.generate(replace(REQUEST, best_of=3))
    told = chosen.metadata["candidates"]
    assert [one["seed"] for one in told] == [take_seed(11, number) for number in (1, 2, 3)]
    kept = best([Candidate(**one) for one in told])
    assert [one["kept"] for one in told] == [turn == kept for turn in range(3)]
    (again,) = pipe.generate(replace(REQUEST, seed=told[kept]["seed"]))
    assert np.array_equal(again.codes[:2], chosen.codes[:2])
    assert "candidates" not in alone.metadata
    if kept == 0:
        assert np.array_equal(alone.samples, chosen.samples)


def test_takes_choose_apart_and_a_listener_is_asked(pipe: Pipeline) -> None:
    heard: list[tuple[int, int]] = []

    def listener(samples: np.ndarray, rate: int, request: SongRequest) -> float:
        heard.append((samples.shape[0], rate))
        return float(len(heard))

    plans = pipe.plan_takes(replace(REQUEST, best_of=2, takes=2))
    both = pipe.backbone(plans)
    alone = [pipe.backbone([plan])[0] for plan in plans]
    assert all(np.array_equal(one.codes, other.codes) for one, other in zip(both, alone, strict=True))
    Pipeline(pipe.engine, listener).backbone(plans[:1])
    assert heard == [(2, 44100)] * 2


@torch.no_grad()
def test_a_song_is_compared_with_what_nobody_asked_for_frame_by_frame(led: Pipeline) -> None:
    """What a candidate was judged by, by another road: behind its prompt, its outline and its words, and behind the
    blank prompt and an outline without style, key, chords and singer."""
    torch.manual_seed(4)
    model = Backbone(led.config.backbone).bind_codebooks(led.engine.loaded.codebooks).requires_grad_(False)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    pipe = Pipeline(TorchEngine(replace(led.engine.loaded, backbone=model)))
    request = SongRequest(tags=("pop",), lyrics="[verse]\nDance with me\nSing", duration=8, seed=11, best_of=2)
    (plan,) = pipe.plan_takes(request)
    (result,) = pipe.backbone([plan])
    (told,) = [one.information for one in result.candidates if one.kept]
    assert plan.conditioning is not None and result.phone_index is not None
    words, outline, frames = plan.conditioning.phones, plan.preview.outline, result.codes.shape[1]
    assert words is not None and outline is not None

    codes = torch.from_numpy(result.codes.astype(np.int64))
    asked = [
        (*row, *its)
        for row, its in zip(
            outline.condition_ids(0, frames),
            words.condition_ids(result.phone_index, timed=False),
            strict=True,
        )
    ]
    unasked = replace(outline, style="", key=-1, singer="", chords=()).condition_ids(0, frames)

    def behind_prompt(prompt: list[int], rows: list[int], conditions: list[tuple[int, ...]]) -> float:
        x = model.embed_tokens(torch.cat([torch.tensor([prompt]), interleave(codes[None], model.config.layout)], 1))
        for position, row in enumerate(rows[:-1]):
            x[0, position] += model.embed_conditions(torch.tensor([[row]]))[0]
        start = len(prompt) - 1  # the last position of a prompt predicts the first code
        for frame, ids in enumerate(conditions):
            x[0, start + 2 * frame : start + 2 * frame + 2] += model.embed_conditions(torch.tensor([ids]))[0]
        logits = model.logits(model(x, causal=True))[0, start:-1]
        levels = [model.config.layout.level_rows(level) for level in range(2)]
        return sum(
            F.cross_entropy(logits[level::2, rows.start : rows.stop], codes[level], reduction="sum").item()
            for level, rows in enumerate(levels)
        )

    behind = behind_prompt(plan.backbone_ids, plan.windows[0].prompt_rows, asked)
    without = behind_prompt(led.engine.loaded.tokenizer.encode(UNCOND_PROMPT), [], unasked)
    assert told == pytest.approx((without - behind) / frames, abs=2e-4) and abs(told) > 0.01


def test_the_listener_is_not_asked_about_the_voices_of_an_imported_model(pipe: Pipeline) -> None:
    part = Imported(1000, "single", "not a doubled one")
    config = replace(pipe.config, origin=Origin(part, part, "dac.ckpt"))
    asked: list[SongRequest] = []
    imported = Pipeline(
        TorchEngine(replace(pipe.engine.loaded, config=config)),
        lambda samples, rate, request: asked.append(request) or 1.0,
    )
    (result,) = imported.backbone(imported.plan_takes(replace(REQUEST, best_of=2)))
    assert not asked and [one.heard for one in result.candidates] == [None, None]
