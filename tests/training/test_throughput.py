"""Operations are counted as torch counts them; the rate of a device is measured."""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from khala.models.lm.backbone import Backbone
from khala.models.presets import tiny
from khala.training.throughput import language_model_flops, matrix_rate

CONFIG = replace(tiny().backbone, codebook_dim=None)


def test_operations_are_those_that_torch_counts() -> None:
    model = Backbone(CONFIG)
    x = torch.randn(3, 40, CONFIG.dim, requires_grad=True)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):  # torch counts no other on a CPU
        hidden = model(x, causal=False)
        model.logits(hidden, slice(0, CONFIG.codebook)).sum().backward()
    head = 3 * 40 * CONFIG.dim * CONFIG.codebook
    expected = language_model_flops(CONFIG, 3, 40, False, head)
    assert counter.get_total_flops() == pytest.approx(expected, rel=0.01)


def test_a_causal_mask_halves_attention_alone() -> None:
    full, causal = (language_model_flops(CONFIG, 2, 1000, mask, 0) for mask in (False, True))
    assert full - causal == pytest.approx(6 * CONFIG.layers * 2 * 1000 * CONFIG.heads * CONFIG.head_dim * 1000)


def test_a_rate_is_measured_once() -> None:
    rate = matrix_rate(torch.device("cpu"), torch.float32, 1)
    assert rate > 1e8 and matrix_rate(torch.device("cpu"), torch.float32, 1) == rate
