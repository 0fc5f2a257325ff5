"""The choice of a number format."""

import pytest
import torch

from khala.music.errors import InvalidRequest
from khala.training import precision


def test_precision_is_measured_unless_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert precision.choose("bfloat16", cpu) == torch.bfloat16
    assert precision.choose("float32", cpu) == torch.float32
    monkeypatch.setattr(precision, "_seconds", lambda dtype, device: 1.0 if dtype == torch.bfloat16 else 2.0)
    assert precision.choose("auto", cpu) == torch.bfloat16
    monkeypatch.setattr(precision, "_seconds", lambda dtype, device: 2.0 if dtype == torch.bfloat16 else 1.0)
    assert precision.choose("auto", cpu) == torch.float32
    with pytest.raises(InvalidRequest, match="choose one of auto, float32, bfloat16"):
        precision.choose("int8", cpu)
