from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from khala.conditioning.outline import NUM_CONDITIONS
from khala.conditioning.phone_sequence import PHONE_CONDITIONS
from khala.conditioning.rows import CONDITION_ROWS
from khala.models.lm import static
from khala.models.lm.backbone import Backbone
from khala.models.lm.static import StaticStepper
from khala.models.lm.stepper import Stepper
from khala.models.lm.transformer import Transformer
from khala.models.presets import tiny
from khala.nn.precision import INT4

KINDS = [Stepper, StaticStepper]
IDS = torch.randint(0, 512 + 32, (3, 40), generator=torch.Generator().manual_seed(1))
PROMPTS = (5, 9, 6)


@pytest.fixture(autouse=True)
def short_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "SPAN_POSITIONS", 16)  # attention grows by so many positions, several times in a test


def make(**changes: int | bool | None) -> Backbone:
    torch.manual_seed(4)
    model = Backbone(replace(tiny().backbone, **changes))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
        else:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return model.bind_codebooks(torch.randn(2, 16, 16))


def states(
    model: Transformer, sequences: list[int], steps: int, kind: Callable[..., Stepper] = Stepper
) -> torch.Tensor:
    """Hidden states [B, 1 + steps, D] of some rows of IDS, behind prompts of their own lengths, side by side."""
    stepper = kind(model, len(sequences), 64)
    hidden = [torch.cat([stepper.read(IDS[s, : PROMPTS[s]].tolist(), slot) for slot, s in enumerate(sequences)])]
    for step in range(steps):
        ids_B = torch.stack([IDS[s, PROMPTS[s] + step] for s in sequences])
        hidden.append(stepper.step(ids_B, list(range(len(sequences)))))
    return torch.cat(hidden, dim=1)


@pytest.mark.parametrize(
    "changes", [{}, {"codebook_dim": None, "bias": True}, {"qk_norm": False, "kv_heads": 4}, {"kv_heads": 1}]
)
@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_step_by_step_equals_all_at_once(changes: dict[str, int | bool | None], kind: type[Stepper]) -> None:
    model = make(**changes)
    together = states(model, [0, 1, 2], 20, kind)
    for row, prompt in enumerate(PROMPTS):
        whole = model(model.embed_tokens(IDS[row : row + 1, : prompt + 20]), causal=True)
        torch.testing.assert_close(together[row], whole[0, prompt - 1 :], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_a_slot_has_the_same_bits_in_any_company(kind: type[Stepper]) -> None:
    model = make(dim=256, heads=4, kv_heads=2, head_dim=64, ffn=640)
    together = states(model, [0, 1, 2], 30, kind)
    for row in range(3):
        assert torch.equal(states(model, [row], 30, kind)[0], together[row])
    assert torch.equal(states(model, [2, 0], 30, kind), together[[2, 0]])


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_slots_may_stop_and_be_copied(kind: type[Stepper]) -> None:
    model = make()
    stepper = kind(model, 3, 64)
    stepper.read([1, 2, 3], 1)
    stepper.copy(1, 2)
    first = stepper.step(torch.tensor([7]), [2])
    stepper.step(torch.tensor([9]), [2])
    assert torch.equal(stepper.step(torch.tensor([7]), [1]), first)


@torch.inference_mode()
def test_half_precision_steps() -> None:
    model = make().bfloat16()
    exact = states(make(), [0, 1], 10)
    rough = states(model, [0, 1], 10)
    assert rough.dtype == model.step_dtype == torch.float32
    assert torch.equal(states(model, [1], 10)[0], rough[1])
    assert (rough - exact).abs().max() < 0.2 and (rough - exact).abs().mean() < 0.02


@torch.inference_mode()
def test_on_a_cpu_half_precision_steps_differ_by_their_weights_alone() -> None:
    half, wide = make().bfloat16(), make()
    wide.load_state_dict(half.state_dict())
    steppers = [Stepper(model, 1, 64) for model in (half, wide)]
    for stepper in steppers:
        torch.manual_seed(2)
        stepper.cache.store.normal_()
        stepper.cache.advance([0], 9)
    for token in (7, 8):
        one, other = (stepper.step(torch.tensor([token]), [0]) for stepper in steppers)
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_int4_steps(kind: type[Stepper]) -> None:
    model = make(ffn=96).bfloat16().quantize_(INT4)
    exact, rough = states(make(ffn=96), [0, 1], 10), states(model, [0, 1], 10, kind)
    assert torch.equal(states(model, [1], 10, kind)[0], rough[1])
    assert 0.05 < (rough - exact).abs().mean() < 0.5


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_int8_steps(kind: type[Stepper]) -> None:
    model = make().bfloat16().quantize_()
    exact, rough = states(make(), [0, 1], 10), states(model, [0, 1], 10, kind)
    assert torch.equal(states(model, [1], 10, kind)[0], rough[1])
    assert (rough - exact).abs().max() < 0.4 and (rough - exact).abs().mean() < 0.05


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_conditions_are_added_to_embeddings(kind: type[Stepper]) -> None:
    model = make(condition_rows=CONDITION_ROWS)
    condition_BTD = model.embed_conditions(
        torch.randint(
            CONDITION_ROWS, (2, 12, NUM_CONDITIONS + PHONE_CONDITIONS), generator=torch.Generator().manual_seed(2)
        )
    )
    whole = model(model.embed_tokens(IDS[:2, :12]) + condition_BTD, causal=True)
    stepper = kind(model, 2, 16)
    hidden = [torch.cat([stepper.read(IDS[row, :5].tolist(), row, condition_BTD[row, :5]) for row in range(2)])]
    hidden += [stepper.step(IDS[:2, at], [0, 1], condition_BTD[:, at]) for at in range(5, 12)]
    torch.testing.assert_close(torch.cat(hidden, dim=1), whole[:, 4:], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(whole, model(model.embed_tokens(IDS[:2, :12]), causal=True), atol=1e-2)
