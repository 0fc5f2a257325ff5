"""What finetuning takes: the first way that fits, or advice."""

from dataclasses import replace

import pytest
import torch

from khala.models.lm.backbone import Backbone
from khala.models.presets import mini, official, tiny
from khala.music.errors import InvalidRequest
from khala.training.finetuning import estimate as module
from khala.training.finetuning.adapters import add_adapters
from khala.training.finetuning.estimate import adapter_size, estimate, memory
from khala.training.finetuning.options import FinetuneOptions

CPU = torch.device("cpu")
OPTIONS = FinetuneOptions(minutes=1)
GB = 10**9


def with_room(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    monkeypatch.setattr(module, "free_memory", lambda device: round(size * GB))


def test_adapters_are_as_large_as_counted() -> None:
    model = Backbone(tiny().backbone)
    add_adapters(model, 3, 6)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    assert sum(weight.numel() for weight in trained) == adapter_size(tiny().backbone, 3)


def test_the_first_way_that_fits_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = []
    for size in (200, 20, 12):
        with_room(monkeypatch, size)
        plan = estimate(official(), OPTIONS, CPU)
        assert plan.memory <= size * GB and plan.seconds == 120
        ways.append((plan.dtype, plan.recompute))
    assert ways == [(torch.float32, False), (torch.float32, True), (torch.bfloat16, True)]
    assert memory(mini(), OPTIONS, torch.float32, False, CPU) < 4 * GB


@pytest.mark.parametrize(
    ("size", "changes", "advice"),
    [
        (12.0, {"dtype": "float32"}, "--dtype bfloat16"),
        (12.0, {"dtype": "bfloat16", "rank": 256}, "--rank 4"),
        (12.0, {"seconds": 240.0}, "--seconds 10"),
        (2.0, {}, "--device"),
    ],
)
def test_what_cannot_fit_is_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch, size: float, changes: dict[str, object], advice: str
) -> None:
    with_room(monkeypatch, size)
    with pytest.raises(InvalidRequest, match="GB of memory") as refused:
        estimate(official(), replace(OPTIONS, **changes), CPU)  # type: ignore[arg-type]
    assert advice in str(refused.value) and refused.value.kind == "out-of-memory"


@pytest.mark.parametrize("changes", [{"rank": 0}, {"alpha": 0}, {"steps": 0}, {"rate": 1.0}, {"dtype": "int8"}])
def test_other_options_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        replace(OPTIONS, **changes)  # type: ignore[arg-type]
