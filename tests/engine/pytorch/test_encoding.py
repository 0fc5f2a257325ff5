"""Chunked encoding: the same codes as the whole, for codecs of both families."""

import numpy as np
import pytest
import torch

from khala.engine.pytorch.encoding import encode
from khala.engine.pytorch.engine import TorchEngine
from khala.models.codec.base import Codec
from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac
from khala.weights import LoadedModel


@pytest.fixture(scope="module")
def dac() -> Dac:
    torch.manual_seed(3)
    codec = Dac(DacConfig(encoder_width=4, decoder_width=32, dim=8, codebook=16, levels=4)).eval()
    codec.codebooks.normal_(std=0.1)
    return codec


@pytest.fixture(scope="module", params=["dac", "spectral"])
def codec(request: pytest.FixtureRequest, dac: Dac, loaded: LoadedModel) -> Codec:
    return dac if request.param == "dac" else loaded.codec


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2, samples), np.float32) * np.float32(0.3)


@torch.no_grad()
@pytest.mark.parametrize("more", [0, 1, 1500])
def test_chunks_are_the_whole(codec: Codec, more: int) -> None:
    samples = noise(33 * codec.hop + more)
    whole = codec.encode(torch.from_numpy(samples)[None])[0].numpy()
    codes = encode(codec, samples, chunk_frames=11)
    assert codes.dtype == np.int16 and np.array_equal(codes, whole)
    assert len(np.unique(codes)) > 4


def test_memory_is_bounded_by_the_chunk(codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths, its = [], codec.encode

    def watched(samples: torch.Tensor) -> torch.Tensor:
        lengths.append(samples.shape[2])
        return its(samples)

    monkeypatch.setattr(codec, "encode", watched)
    encode(codec, noise(60 * codec.hop), chunk_frames=5)
    assert len(lengths) == 12 and max(lengths) == (5 + 2 * codec.encoder_context_frames) * codec.hop


def test_progress_counts_frames_and_may_stop_it(codec: Codec) -> None:
    told: list[tuple[str, int, int]] = []
    encode(codec, noise(25 * codec.hop), lambda *news: told.append(news), chunk_frames=10)
    assert told[-1] == ("encode", 25, 25) and [done for _, done, _ in told] == sorted(done for _, done, _ in told)

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode(codec, noise(25 * codec.hop), stop, chunk_frames=10)


def test_no_samples_no_frames(codec: Codec) -> None:
    assert encode(codec, noise(0)).shape == (codec.levels, 0)


def test_the_engine_encodes_with_its_codec(loaded: LoadedModel) -> None:
    samples = noise(7 * loaded.codec.hop)
    assert np.array_equal(TorchEngine(loaded).encode(samples), encode(loaded.codec, samples))
