from collections.abc import Callable

import numpy as np
import pytest
import torch

from khala.engine.onnx import backbone
from khala.engine.onnx.backbone import BackboneSession, Continuations
from khala.models.lm.backbone import Backbone

Pair = tuple[Backbone, BackboneSession]
VARIANTS = [
    {},
    {"qk_norm": False},
    {"tied": True},
    {"bias": True, "heads": 6, "kv_heads": 3, "head_dim": 32},
    {"codebook_dim": None, "rope_scaling": 8.0},
    {"dtype": torch.float32},
    {"dtype": torch.bfloat16},
]
PROMPTS = [[256, 65, 66, 67, 70, 266], [256, 266]]


def wanted(model: Backbone, session: BackboneSession, ids: list[int]) -> np.ndarray:
    """The logits behind a sequence, by torch and without a cache."""
    hidden = model(model.embed_tokens(torch.tensor([ids])), causal=True)[0, -1]
    return model.logits(hidden)[session.rows.ids].numpy()


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_logits_are_those_of_torch(make: Callable[..., Pair], variant: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind two prompts of their own lengths, then step by step in a cache that grows twice."""
    monkeypatch.setattr(backbone, "CACHE_BLOCK", 16)
    model, session = make(**variant)
    sequences = [list(prompt) for prompt in PROMPTS]
    batch = Continuations(session, [session.read(session.rows_VD[prompt]) for prompt in PROMPTS])
    dice = np.random.default_rng(1)
    for _ in range(40):
        for found, ids in zip(batch.logits_BV, sequences, strict=True):
            assert_close(found, wanted(model, session, ids))
        drawn = dice.integers(512, 512 + 32, 2)
        batch.step(session.rows_VD[drawn])
        for ids, token in zip(sequences, drawn, strict=True):
            ids.append(int(token))


def test_a_cache_that_grows_changes_no_bit(make: Callable[..., Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    _, session = make()
    found = []
    for block in (8, 64):
        monkeypatch.setattr(backbone, "CACHE_BLOCK", block)
        batch = Continuations(session, [session.read(session.rows_VD[prompt]) for prompt in PROMPTS])
        for token in range(512, 542):
            batch.step(session.rows_VD[[token, token]])
        found.append(batch.logits_BV.copy())
    assert np.array_equal(*found)


def test_a_sequence_is_no_longer_than_the_context(make: Callable[..., Pair]) -> None:
    _, session = make(context=8)
    batch = Continuations(session, [session.read(session.rows_VD[PROMPTS[0]])])
    batch.step(session.rows_VD[[520]])
    batch.step(session.rows_VD[[520]])
    with pytest.raises(ValueError, match="longer than the model's context of 8"):
        batch.step(session.rows_VD[[520]])
