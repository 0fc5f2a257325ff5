"""Encoding without torch: the codes that torch gives, in pieces and on threads."""

from pathlib import Path

import numpy as np
import pytest
import torch

from khala.audio.files import read_audio
from khala.engine.onnx import encoding as module
from khala.engine.onnx.codebooks import Codebooks
from khala.engine.onnx.encoding import SpectralEncoder
from khala.engine.onnx.engine import OnnxEngine
from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.codec import SpectralCodec
from khala.weights import load_model, resolve
from khala.weights.names import CODEC
from khala.weights.opening import open_model
from khala.weights.tensors import load_module, save_module

SMALL = SpectralConfig(bands=24, balance_bands=4, low_bins=8, dim=6, codebook=16, levels=3, width=16, blocks=1)
LENGTH = 40 * SMALL.hop - 700
SAMPLES = np.random.default_rng(0).standard_normal((2, LENGTH), np.float32)
SAMPLES *= np.geomspace(0.2, [1e-6, 1e-4], LENGTH, dtype=np.float32).T  # to the floor of every feature


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[SpectralCodec, SpectralEncoder]:
    torch.manual_seed(5)
    folder, codec = tmp_path_factory.mktemp("codec"), SpectralCodec(SMALL).eval().requires_grad_(False)
    for tensor in (codec.mean, codec.project, codec.codebooks):
        tensor.normal_()
    save_module(folder / CODEC, codec, torch.float16)
    load_module(folder / CODEC, codec)
    return codec, SpectralEncoder(folder, SMALL, Codebooks(folder))


def codes_of_torch(codec: SpectralCodec, samples: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return codec.encode(torch.from_numpy(samples)[None])[0].numpy()


@pytest.mark.parametrize("length", [LENGTH, 2048, 1, 0])
def test_a_tiny_codec_gives_the_codes_of_torch(small: tuple[SpectralCodec, SpectralEncoder], length: int) -> None:
    codec, encoder = small
    samples = SAMPLES[:, :length]
    codes = encoder.encode(samples)
    assert codes.dtype == np.int16 and codes.shape == (3, -(-length // 2048))
    assert not length or np.array_equal(codes, codes_of_torch(codec, samples))


def test_mini_gives_the_codes_of_torch(sung: Path) -> None:
    samples, _ = read_audio(sung)
    codes, wanted = OnnxEngine(open_model("mini"), threads=2).encode(samples), load_model("mini").codec
    assert isinstance(wanted, SpectralCodec)
    same = codes == codes_of_torch(wanted, samples)
    assert same[:2].mean() > 0.999 and same.mean() > 0.99  # a tie that falls otherwise changes all levels after it


def test_pieces_and_threads_change_nothing(
    small: tuple[SpectralCodec, SpectralEncoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, encoder = small
    whole = encoder.encode(SAMPLES)
    monkeypatch.setattr(module, "PIECE_FRAMES", 7)
    told: list[tuple[str, int, int]] = []
    assert np.array_equal(encoder.encode(SAMPLES, lambda *news: told.append(news), threads=3), whole)
    assert told == [("encode", 21, 40), ("encode", 40, 40)]


def test_rounding_decides_no_code(tmp_path: Path) -> None:
    """Codes are those of exact distances, also where float32 cannot tell them apart."""
    folder = resolve("mini")
    encoder = SpectralEncoder(folder, load_model("mini").config.codec, Codebooks(folder))
    vectors = encoder.codebooks.vectors(0).astype(np.float64)
    rng = np.random.default_rng(1)
    pairs = rng.integers(0, len(vectors), (200, 2))
    middle = vectors[pairs].mean(1) + 1e-6 * rng.standard_normal((200, vectors.shape[1]))
    latent = middle.astype(np.float32)
    exact = [np.square(vectors - one.astype(np.float64)).sum(1).argmin() for one in latent]
    assert np.array_equal(encoder._quantize(latent)[0], exact)


def test_a_codec_takes_stereo(small: tuple[SpectralCodec, SpectralEncoder]) -> None:
    with pytest.raises(ValueError, match="takes stereo, not 1 channels"):
        small[1].encode(SAMPLES[:1])
