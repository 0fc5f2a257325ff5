"""What is the static stepper's own; that it computes what the other one does is in test_stepper."""

import pytest
import torch
from pretend_cuda import DEVICE, on_device, pretend_cuda

from khala.models.lm import static
from khala.models.lm.backbone import Backbone
from khala.models.lm.static import PRODUCT_ROWS, StaticStepper, span
from khala.models.presets import tiny


def make() -> Backbone:
    torch.manual_seed(4)
    return Backbone(tiny().backbone).bind_codebooks(torch.randn(2, 16, 16))


def test_spans() -> None:
    assert [span(length) for length in (1, 2048, 2049, 5000)] == [2048, 2048, 4096, 6144]


@torch.inference_mode()
def test_idle_slots_stay_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "SPAN_POSITIONS", 16)
    stepper, alone = (StaticStepper(make(), slots, 20) for slots in (2, 1))
    stepper.read([1, 2, 3], 0)
    stepper.read([4, 5], 1)
    for token in range(14):
        stepper.step(torch.tensor([token]), [1])
    assert stepper.cache.lengths == [3, 16]
    alone.read([1, 2, 3], 0)
    for token in (7, 8):
        assert torch.equal(stepper.step(torch.tensor([token]), [0]), alone.step(torch.tensor([token]), [0]))


@torch.inference_mode()
def test_a_full_slot_may_be_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "SPAN_POSITIONS", 4)
    stepper, alone = (StaticStepper(make(), slots, 4) for slots in (2, 1))
    stepper.read([1, 2, 3, 4], 0)
    stepper.read([4, 5], 1)
    alone.read([4, 5], 0)
    for token in (7, 8):
        assert torch.equal(stepper.step(torch.tensor([token]), [1]), alone.step(torch.tensor([token]), [0]))


@torch.inference_mode()
def test_a_graph_computes_the_steps_after_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "SPAN_POSITIONS", 8)
    steps = [([3, 4], [0, 1]), ([5], [1]), *(([token, token + 1], [1, 0]) for token in range(6, 16))]
    plain = StaticStepper(make(), 2, 24)
    expected = [plain.read([1, 2, 3], 0), plain.read([4, 5, 6], 1)]
    expected += [plain.step(torch.tensor(ids), slots) for ids, slots in steps]
    with pretend_cuda() as cuda:
        model = make()
        on_device(model)
        stepper = StaticStepper(model, 2, 24)
        found = [stepper.read([1, 2, 3], 0), stepper.read([4, 5, 6], 1)]
        found += [stepper.step(torch.tensor(ids, device=DEVICE), slots) for ids, slots in steps]
        found = [hidden.cpu() for hidden in found]
    assert cuda.graphs == 3  # each slot has come past 8 positions at its own time
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@torch.inference_mode()
def test_no_room_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "SPAN_POSITIONS", 4)
    stepper = StaticStepper(make(), 1, 4)
    stepper.read([1, 2, 3], 0)
    stepper.step(torch.tensor([4]), [0])
    with pytest.raises(ValueError, match="past the end of a cache of 4"):
        stepper.step(torch.tensor([5]), [0])
    with pytest.raises(ValueError, match="17 slots are more than the 16 rows"):
        StaticStepper(make(), PRODUCT_ROWS + 1, 4)


def test_graphs_need_cuda_and_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not StaticStepper(make(), 1, 4)._capture
    with pretend_cuda():
        model = make()
        on_device(model)
        assert StaticStepper(model, 1, 4)._capture
        monkeypatch.setenv("KHALA_CUDA_GRAPHS", "0")
        assert not StaticStepper(model, 1, 4)._capture
