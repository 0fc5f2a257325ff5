from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from khala.conditioning.aligner import PhoneAligner
from khala.conditioning.outline import Outline, Part, prompt_rows
from khala.conditioning.phone_sequence import NO_PHONE_CONDITIONS, REST, PhoneSequence
from khala.conditioning.rows import CONDITION_ROWS
from khala.engine.pytorch.decode import decode_backbone, decode_tokens
from khala.models.lm.backbone import Backbone, interleave
from khala.models.lm.conditions import condition_stream
from khala.models.lm.config import PAD_ID
from khala.models.lm.slot import Slot
from khala.models.presets import tiny
from khala.music.request import Sampling
from khala.nn.sampling import generator, sample
from khala.weights import LoadedModel

SAMPLING = Sampling(temperature=1.0, top_k=12)
PROMPTS = [[256, 65, 66, 67, 266], [256, 10, 11, 12, 13, 14, 15, 16, 266], [256, 65, 66, 67, 266]]


@pytest.fixture(scope="module")
def model() -> Backbone:
    """Random weights; an end token that comes now and then."""
    torch.manual_seed(5)
    model = Backbone(tiny().backbone).bind_codebooks(torch.randn(2, 16, 16))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    model.head.weight.data[model.config.layout.eos] *= 2
    return model


def slots(prompts: list[list[int]], seeds: list[int], frames: int, sampling: Sampling = SAMPLING) -> list[Slot]:
    return [Slot(prompt, seed, frames, sampling) for prompt, seed in zip(prompts, seeds, strict=True)]


def tokens_of(model: Backbone, slots: list[Slot], **options: Any) -> list[list[int]]:
    """At most as many tokens as a slot says frames."""
    return decode_tokens(model, slots, [slot.max_frames for slot in slots], **options)


def without_cache(model: Backbone, prompt: list[int], seed: int, max_tokens: int) -> list[int]:
    """The whole sequence anew for every token, the illegal rows of the whole vocabulary struck out."""
    layout = model.config.layout
    noise = generator(seed, 0)
    tokens: list[int] = []
    while len(tokens) < max_tokens and layout.eos not in tokens:
        legal = list(layout.level_rows(len(tokens) % 2))
        if len(tokens) % 2 == 0 and tokens:
            legal.append(layout.eos)
        ids = torch.tensor([prompt + tokens])
        logits = model.logits(model(model.embed_tokens(ids), causal=True))[0, -1]
        uniform = torch.rand(len(legal), generator=noise)
        tokens.append(legal[int(sample(logits[legal], SAMPLING.temperature, SAMPLING.top_k, uniform))])
    return tokens


def test_cached_equals_uncached(model: Backbone) -> None:
    seeds = [11, 12, 13]
    decoded = tokens_of(model, slots(PROMPTS, seeds, 41))
    assert decoded == [without_cache(model, *each, 41) for each in zip(PROMPTS, seeds, strict=True)]


def test_a_take_is_the_same_alone_and_in_company(model: Backbone) -> None:
    seeds = [3, 4, 5]
    together = decode_backbone(model, slots(PROMPTS, seeds, 40))
    assert len({take.codes.shape[1] for take in together}) > 1  # they end at different times
    for prompt, seed, take in zip(PROMPTS, seeds, together, strict=True):
        (alone,) = decode_backbone(model, slots([prompt], [seed], 40))
        assert np.array_equal(alone.codes, take.codes) and alone.ended == take.ended


def test_the_loop_for_cuda_draws_the_same(model: Backbone) -> None:
    mixed = [
        Slot(PROMPTS[0], 1, 33, SAMPLING),
        Slot(PROMPTS[1], 2, 70, Sampling(top_k=3)),
        *slots([PROMPTS[2]], [3], 40),
    ]
    expected = tokens_of(model, mixed)
    assert tokens_of(model, mixed, static=True) == expected
    for seed in range(6):  # some that end, long before anybody looks
        slot = slots([PROMPTS[0]], [seed], 50)
        assert tokens_of(model, slot, static=True) == tokens_of(model, slot)
    assert any(ids[-1] == model.config.layout.eos for ids in expected)


def test_equal_prompts_with_equal_seeds_are_equal_and_other_seeds_differ(model: Backbone) -> None:
    first, second, third = decode_backbone(model, slots([PROMPTS[0]] * 3, [1, 2, 1], 20))
    assert np.array_equal(first.codes, third.codes)
    assert first.codes.shape != second.codes.shape or not np.array_equal(first.codes, second.codes)


def test_only_whole_frames_and_at_least_one(model: Backbone) -> None:
    eager = Backbone(model.config).bind_codebooks(torch.randn(2, 16, 16))
    eager.load_state_dict(model.state_dict())
    layout = model.config.layout
    eager.head.weight.data[layout.eos] = 0
    eager.norm.weight.data.zero_()  # all logits equal: with top_k 17 anything legal may come
    lengths = set()
    for seed in range(10):
        (tokens,) = tokens_of(eager, slots([PROMPTS[0]], [seed], 400, Sampling(top_k=17)))
        assert tokens[-1] == layout.eos and len(tokens) % 2 == 1 and len(tokens) > 1
        for position, token in enumerate(tokens[:-1]):
            assert token in layout.level_rows(position % 2)
        lengths.add(len(tokens))
    assert len(lengths) > 4


def test_a_song_that_does_not_end_is_cut_and_says_so(model: Backbone) -> None:
    endless = Backbone(model.config).bind_codebooks(torch.randn(2, 16, 16))
    endless.load_state_dict(model.state_dict())
    endless.head.weight.data[model.config.layout.eos] = -endless.head.weight.data[model.config.layout.eos]
    reports: list[tuple[str, int, int]] = []
    (whole,) = decode_backbone(model, slots([PROMPTS[0]], [3], 60))
    assert whole.ended
    frames = whole.codes.shape[1]
    (exact,) = decode_backbone(model, slots([PROMPTS[0]], [3], frames))
    assert exact.ended and np.array_equal(exact.codes, whole.codes)
    (cut,) = decode_backbone(model, slots([PROMPTS[0]], [3], frames - 1), progress=lambda *step: reports.append(step))
    assert not cut.ended and np.array_equal(cut.codes, whole.codes[:, :-1])
    assert cut.codes.dtype == np.int16 and reports[-1] == ("backbone", frames - 1, frames - 1)


def test_greedy(model: Backbone) -> None:
    greedy = Sampling(top_k=1)
    first, second = decode_backbone(model, slots([PROMPTS[1]] * 2, [1, 2], 12, greedy))
    assert np.array_equal(first.codes, second.codes)


def test_more_than_the_context_is_refused(model: Backbone) -> None:
    with pytest.raises(ValueError, match="need 2050 positions; the model has 2048"):
        tokens_of(model, slots([PROMPTS[0]], [1], 2045))


@torch.no_grad()
@pytest.mark.parametrize("letter", ["a", "c"])
def test_published_greedy_tokens(fixtures: Path, official: Callable[..., LoadedModel], letter: str) -> None:
    """Without a cache, with one, and with both prompts in one batch; the published engine's, too."""
    backbone = official(letter).backbone
    reference = load_file(fixtures / f"official-{letter}" / "backbone_ref.safetensors")
    prompts = [reference["prompt_ids"].tolist(), reference["input_ids"].tolist()]
    wanted = [reference["greedy_tokens"].tolist(), reference["greedy_tokens_after_audio"].tolist()]
    assert reference["engine_greedy_tokens"].tolist() == wanted[0]

    for prompt, tokens in zip(prompts, wanted, strict=True):
        ids = list(prompt)
        while len(ids) < len(prompt) + 64:
            hidden = backbone(backbone.embed_tokens(torch.tensor([ids])), causal=True)
            ids.append(int(backbone.logits(hidden[0, -1]).argmax()))
        assert ids[len(prompt) :] == tokens
        assert tokens_of(backbone, slots([prompt], [0], 64, Sampling(top_k=1)), legal=False) == [tokens]
    assert tokens_of(backbone, slots(prompts, [0, 0], 64, Sampling(top_k=1)), legal=False) == wanted


def guided(slot: Slot, strength: float) -> Slot:
    return replace(slot, sampling=replace(slot.sampling, guidance=strength), uncond_ids=[256, 266])


def test_guidance_goes_on_from_the_empty_prompt_to_the_full_one(model: Backbone) -> None:
    (slot,) = (guided(slot, 2.5) for slot in slots([PROMPTS[0]], [7], 9, Sampling(top_k=1)))
    (tokens,) = tokens_of(model, [slot])
    layout = model.config.layout
    for position, token in enumerate(tokens):
        rows = [*layout.level_rows(position % 2), *([layout.eos] if position and position % 2 == 0 else [])]
        behind, without = (
            model.logits(model(model.embed_tokens(torch.tensor([[*ids, *tokens[:position]]])), causal=True))[
                0, -1, rows
            ]
            for ids in (slot.prompt_ids, slot.uncond_ids)
        )
        assert rows[int((without + 2.5 * (behind - without)).argmax())] == token


def test_a_guided_take_is_the_same_alone_and_in_company(model: Backbone) -> None:
    plain = slots(PROMPTS, [3, 4, 5], 40)
    mixed = [guided(plain[0], 2.0), plain[1], guided(plain[2], 1.5)]
    together = tokens_of(model, mixed)
    assert together == [tokens_of(model, [slot])[0] for slot in mixed]
    assert together[0] != tokens_of(model, [plain[0]])[0]
    assert tokens_of(model, mixed, static=True) == together


def test_a_song_is_led_to_its_target(model: Backbone) -> None:
    undirected = slots([PROMPTS[0]] * 12, list(range(12)), 62, Sampling(top_k=17))  # anything legal
    results = decode_backbone(model, [replace(slot, target_frames=50) for slot in undirected])
    lengths = [result.codes.shape[1] for result in results]
    assert all(result.ended for result in results)
    assert min(lengths) >= 44 and max(lengths) < 58  # 88 % of the target, and not long after it
    free = decode_backbone(model, undirected)
    assert min(result.codes.shape[1] for result in free) < 44
    for led, result in zip(results, free, strict=True):  # until there is an end to be chosen, nothing else changes
        frames = min(led.codes.shape[1], result.codes.shape[1])
        assert np.array_equal(led.codes[:, :frames], result.codes[:, :frames])


@pytest.mark.parametrize(("surplus", "ends"), [(9.0, 88), (0.5, 88), (-0.5, 98), (-3.0, 100), (-6.6, 103)])
def test_from_when_an_end_may_come_and_how_much_likelier_it_gets(model: Backbone, surplus: float, ends: int) -> None:
    """All codes are equally likely, and the end is by so many nats likelier than one: no end before 88 % of the target
    (100 frames), and from 97 % on 1.2 nats more with every frame, 120 in the length of the target."""
    flat = Backbone(replace(model.config, codebook_dim=None))
    flat.norm = torch.nn.Identity()
    for parameter in flat.parameters():
        parameter.data.zero_()
    flat.embedding.weight.data[:, 0] = 1.0
    flat.head.weight.data[model.config.layout.eos, 0] = surplus
    (slot,) = slots([PROMPTS[0]], [1], 130, Sampling(top_k=1))
    (result,) = decode_backbone(flat, [replace(slot, target_frames=100)])
    assert result.ended and result.codes.shape[1] == ends


@pytest.fixture(scope="module")
def conditioned(model: Backbone) -> Backbone:
    """The same, with a table of conditions."""
    torch.manual_seed(8)
    other = Backbone(replace(model.config, condition_rows=CONDITION_ROWS)).bind_codebooks(torch.randn(2, 16, 16))
    for parameter in other.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    return other


PROMPT_ROWS = {
    len(prompt): prompt_rows([None if i > 255 else n % 2 for n, i in enumerate(prompt)]) for prompt in PROMPTS
}


def rows_of(bar: int, frames: int, style: str = "folk") -> list[list[int]]:
    """The outline's conditions of so many frames and of one more."""
    outline = Outline(30, bar, 4, (Part(0, 30, "verse"),), ((0, 15), (15, 30)), style=style, voice="male")
    return outline.condition_ids(0, frames + 1)


def with_outline(slot: Slot, bar: int) -> Slot:
    frames = slot.max_frames
    return replace(
        slot,
        condition_ids=condition_stream(PROMPT_ROWS[len(slot.prompt_ids)], rows_of(bar, frames)),
        uncond_condition_ids=condition_stream([PAD_ID] * 2, rows_of(bar, frames, style="")),
    )


def test_every_token_is_drawn_with_the_conditions_of_its_frame(conditioned: Backbone) -> None:
    greedy = Sampling(top_k=1)
    asked = [
        with_outline(slot, bar) for slot, bar in zip(slots(PROMPTS, [1, 2, 3], 20, greedy), (8, 12, 8), strict=True)
    ]
    together = tokens_of(conditioned, asked)
    assert together == tokens_of(conditioned, asked, static=True)
    for slot, tokens in zip(asked, together, strict=True):
        assert tokens_of(conditioned, [slot]) == [tokens]
        assert slot.condition_ids is not None
        for at in range(len(tokens)):
            ids = torch.tensor([[*slot.prompt_ids, *tokens[:at]]])
            conditions = conditioned.embed_conditions(torch.from_numpy(slot.condition_ids[: ids.shape[1]]))
            logits = conditioned.logits(conditioned(conditioned.embed_tokens(ids) + conditions, causal=True))[0, -1]
            layout = conditioned.config.layout
            rows = [*layout.level_rows(at % 2), *([layout.eos] if at and at % 2 == 0 else [])]
            assert rows[int(logits[rows].argmax())] == tokens[at]
    assert together[0] != tokens_of(conditioned, [with_outline(asked[0], 20)])[0]


def test_prompts_that_differ_in_their_conditions_alone_are_read_apart(conditioned: Backbone) -> None:
    (slot,) = slots([PROMPTS[0]], [1], 20, Sampling(top_k=1))
    first, second = with_outline(slot, 8), with_outline(slot, 8)
    stream = first.condition_ids
    assert stream is not None
    second = replace(second, condition_ids=np.concatenate([stream[:1] + 200, stream[1:]]))
    assert tokens_of(conditioned, [first, second]) == [tokens_of(conditioned, [one])[0] for one in (first, second)]


def test_guidance_leads_away_from_its_own_prompt_and_conditions(conditioned: Backbone) -> None:
    asked = with_outline(guided(slots([PROMPTS[0]], [7], 9, Sampling(top_k=1))[0], 2.5), 8)
    (tokens,) = tokens_of(conditioned, [asked])
    layout = conditioned.config.layout
    pairs = ((asked.uncond_ids, asked.uncond_condition_ids), (asked.prompt_ids, asked.condition_ids))
    for at, token in enumerate(tokens):
        rows = [*layout.level_rows(at % 2), *([layout.eos] if at and at % 2 == 0 else [])]
        logits = []
        for ids, stream in pairs:
            assert stream is not None
            x = conditioned.embed_tokens(torch.tensor([[*ids, *tokens[:at]]]))
            x = x + conditioned.embed_conditions(torch.from_numpy(stream[: x.shape[1]]))
            logits.append(conditioned.logits(conditioned(x, causal=True))[0, -1, rows])
        without, behind = logits
        assert rows[int((without + 2.5 * (behind - without)).argmax())] == token


def test_every_token_is_drawn_with_the_phone_of_its_frame(conditioned: Backbone) -> None:
    words = PhoneSequence((REST, 4, 17, 8, REST, 30, 2, REST), (1, 5))
    greedy = Sampling(top_k=1, guidance=1.5)
    asked = [with_outline(guided(slot, 1.5), 8) for slot in slots(PROMPTS[:2], [1, 2], 30, greedy)]
    bounds = words.alignment_bounds(((0, 10), (10, 20)), 31)
    results = decode_backbone(conditioned, asked, PhoneAligner([words, None], [bounds, ((), ())]))
    index = results[0].phone_index
    assert results[1].phone_index is None and index is not None
    assert set(index.tolist()) >= {1, 2, 3, 5, 6}
    (alone,) = decode_backbone(conditioned, asked[:1], PhoneAligner([words], [bounds]))
    assert np.array_equal(alone.codes, results[0].codes) and np.array_equal(alone.phone_index, index)
    for slot, result in zip(asked, results, strict=True):
        frames = result.codes.shape[1]
        sung = [NO_PHONE_CONDITIONS] * frames
        if result.phone_index is not None:
            sung = words.condition_ids(result.phone_index, timed=False)
        outline, bare = rows_of(8, frames), rows_of(8, frames, style="")
        rows = [(*row, *its) for row, its in zip(outline, [*sung, NO_PHONE_CONDITIONS], strict=True)]
        streams = condition_stream(PROMPT_ROWS[len(slot.prompt_ids)], rows), condition_stream([PAD_ID] * 2, bare)
        layout, codes = conditioned.config.layout, torch.from_numpy(result.codes.astype(np.int64))[None]
        logits = []
        for ids, stream in zip((slot.prompt_ids, slot.uncond_ids), streams, strict=True):
            x = conditioned.embed_tokens(torch.cat([torch.tensor([list(ids)]), interleave(codes, layout)], 1))
            hidden = conditioned(x + conditioned.embed_conditions(torch.from_numpy(stream))[: x.shape[1]], causal=True)
            logits.append(conditioned.logits(hidden)[0, len(ids) - 1 : -1])
        guided_NC = logits[1] + 1.5 * (logits[0] - logits[1])
        for at, token in enumerate(interleave(codes, layout)[0].tolist()):
            level = layout.level_rows(at % 2)
            assert guided_NC[at, level.start : level.stop].argmax() + level.start == token
