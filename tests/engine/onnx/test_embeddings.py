from collections.abc import Callable

import numpy as np
import pytest
import torch

from khala.engine.onnx.backbone import BackboneSession
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import PAD_ID

Pair = tuple[Backbone, BackboneSession]


@pytest.mark.parametrize("codebook_dim", [16, None])
def test_rows_of_tokens_are_those_of_torch(make: Callable[..., Pair], codebook_dim: int | None) -> None:
    model, session = make(codebook_dim=codebook_dim)
    assert np.abs(session.rows_VD - model.token_rows().numpy()).max() < 1e-6


def test_conditions_add_up_and_padding_adds_nothing(conditioned: Pair) -> None:
    model, session = conditioned
    assert session.conditions is not None and model.conditions is not None
    assert model.conditions.weight[PAD_ID].any(), "a file may hold any row for it"
    ids = np.random.default_rng(1).integers(0, 40, (30, 5))
    assert (ids == PAD_ID).any()
    expected = model.embed_conditions(torch.from_numpy(ids)).numpy()
    assert np.abs(session.conditions.embed(ids) - expected).max() < 1e-6
