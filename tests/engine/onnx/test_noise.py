import numpy as np
import pytest
import torch

from khala.engine.onnx import noise
from khala.engine.onnx.noise import Noise, draw_class
from khala.nn.sampling import generator, sample


@pytest.mark.parametrize("seed", [(0,), (7, 0), (2**53 - 1, 3)])
def test_it_is_what_torch_draws(seed: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "AHEAD", 50)
    ours, theirs = Noise(*seed), generator(*seed)
    for count in (1, 17, 100, 3, 1025):
        assert np.array_equal(ours.uniform(count), torch.rand(count, generator=theirs).numpy())


@pytest.mark.parametrize(("top_k", "temperature"), [(1, 1.0), (5, 0.7), (50, 1.3), (200, 1.0)])
def test_a_class_is_drawn_as_torch_draws_it(top_k: int, temperature: float) -> None:
    dice = np.random.default_rng(3)
    drawn = set()
    for _ in range(100):
        logits, uniform = dice.standard_normal(90, np.float32), dice.random(90, np.float32)
        expected = sample(torch.from_numpy(logits), temperature, top_k, torch.from_numpy(uniform))
        assert draw_class(logits, temperature, top_k, uniform) == int(expected)
        drawn.add(int(expected))
    assert len(drawn) > 40


def test_noise_of_zero_and_logits_of_minus_infinity_are_never_drawn() -> None:
    logits = np.array([5.0, 0.0, -np.inf, 0.0], np.float32)
    assert draw_class(logits, 1.0, 4, np.array([0.0, 0.5, 0.99, 0.4], np.float32)) == 1
