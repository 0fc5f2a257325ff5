from dataclasses import replace

import numpy as np
import pytest
import torch

from khala.engine.onnx.rotary import rotary_tables
from khala.models.presets import tiny
from khala.nn.rope import Rope


@pytest.mark.parametrize("scaling", [1.0, 8.0])
def test_the_tables_are_those_of_torch(scaling: float) -> None:
    config = replace(tiny().backbone, head_dim=64, rope_scaling=scaling)
    rope = Rope(config.head_dim, config.rope_base, scaling)
    cos, sin = (table[:, 0, 32:].numpy() for table in rope.cos_sin(slice(4096), 4096, torch.device("cpu")))
    ours = rotary_tables(config, 4096)
    assert np.abs(ours[0] - cos).max() < 1e-7 and np.abs(ours[1] - sin).max() < 1e-7
