from pathlib import Path

import numpy as np
import pytest
import torch

from khala.engine.onnx.codebooks import Codebooks
from khala.models.presets import tiny
from khala.weights.loading import build_codec
from khala.weights.names import CODEC
from khala.weights.tensors import load_module, save_module


def test_vectors_latents_and_rms_are_the_codecs(tmp_path: Path) -> None:
    codec = build_codec(tiny().codec)
    torch.nn.init.normal_(codec.codebooks, std=3.0)
    save_module(tmp_path / CODEC, codec, torch.float16)
    load_module(tmp_path / CODEC, codec)
    books, vectors_QCK = Codebooks(tmp_path), codec.codebooks
    for level in (0, 7, 3, 0):
        assert np.array_equal(books.vectors(level), vectors_QCK[level].numpy())
        assert books.rms(level) == pytest.approx(float(vectors_QCK[level].square().mean().sqrt()), rel=1e-6)
    codes_QT = np.random.default_rng(0).integers(0, 16, (5, 9)).astype(np.int16)
    summed = sum(vectors_QCK[level][torch.from_numpy(codes_QT[level]).long()] for level in range(5))
    assert np.allclose(books.latent(codes_QT), summed, atol=1e-5)
