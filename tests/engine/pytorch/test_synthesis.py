"""Chunked decoding: the same as the whole where it should be, the published scheme where that is asked for."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from khala.engine.pytorch.synthesis import ChunkSynthesis, synthesise
from khala.models.codec.base import Codec
from khala.weights import LoadedModel

HOP = 8


class Smear(nn.Module):
    """A codec whose every sample depends on exactly `reach` frames on either side."""

    sample_rate, hop, levels = 44100, HOP, 2

    def __init__(self, reach: int | None = 3) -> None:
        super().__init__()
        self.context_frames = reach
        self.codebooks = torch.arange(2 * 16, dtype=torch.float32).sin().view(2, 16, 1)
        self.longest = 0

    def encode(self, samples_BCN: Tensor, levels: int | None = None) -> Tensor:
        raise NotImplementedError

    def decode(self, codes_BQT: Tensor) -> Tensor:
        self.longest = max(self.longest, codes_BQT.shape[2])
        return self.decode_latent(sum(self.codebooks[q][codes_BQT[:, q]] for q in range(2)).transpose(1, 2))

    def decode_latent(self, latent_BDT: Tensor) -> Tensor:
        reach = self.context_frames or 1
        kernel = torch.linspace(0.1, 1, 2 * reach + 1)[None, None]
        smooth = nn.functional.conv1d(latent_BDT, kernel, padding=reach)
        ramp = torch.linspace(0.5, 1, HOP)
        return (smooth[..., None] * ramp).flatten(2).expand(-1, 2, -1)


def random_codes(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 16, (2, frames)).astype(np.int16)


def whole(codec: Smear, codes: np.ndarray) -> np.ndarray:
    return codec.decode(torch.from_numpy(codes.astype(np.int64))[None])[0].numpy()


@pytest.mark.parametrize("frames", [1, 2, 9, 10, 11, 17, 18, 19, 40])
@pytest.mark.parametrize("overlap", [0, 1, 4])
def test_with_context_chunks_are_the_whole(frames: int, overlap: int) -> None:
    codec, codes = Smear(), random_codes(frames)
    samples = synthesise(codec, codes, chunk_frames=10, overlap_frames=overlap)
    assert samples.dtype == np.float32 and samples.shape == (2, frames * HOP)
    assert np.abs(samples - whole(codec, codes)).max() < 1e-6


def test_without_context_only_the_seams_differ() -> None:
    codec, codes = Smear(), random_codes(40)
    samples = synthesise(codec, codes, chunk_frames=10, overlap_frames=2, context_frames=0)
    wrong = np.abs(samples - whole(codec, codes)).reshape(2, 40, HOP).max((0, 2)) > 1e-5
    away = [frame for frame in range(40) if not any(abs(frame - seam) <= 5 for seam in (8.5, 16.5, 24.5, 32.5))]
    assert wrong.any() and not wrong[away].any()


def test_a_seam_is_a_linear_cross_fade() -> None:
    codec, codes = Smear(), random_codes(12)
    samples = synthesise(codec, codes, chunk_frames=8, overlap_frames=4, context_frames=0)
    first, second, third = (whole(codec, codes[:, start : start + 8]) for start in (0, 4, 8))
    fade = np.linspace(0, 1, 4 * HOP)
    seam = first[:, 4 * HOP :] * (1 - fade) + second[:, : 4 * HOP] * fade
    assert np.allclose(samples[:, 4 * HOP : 8 * HOP], seam, atol=1e-6)
    assert np.allclose(samples[:, 8 * HOP :], second[:, 4 * HOP :] * (1 - fade) + third * fade, atol=1e-6)


def test_memory_is_bounded_by_the_chunk() -> None:
    codec = Smear()
    synthesise(codec, random_codes(500), chunk_frames=20, overlap_frames=2)
    assert codec.longest == 20 + 2 * 3


def test_a_codec_without_a_bound_is_decoded_in_one_call() -> None:
    codec, codes = Smear(reach=None), random_codes(500)
    assert np.array_equal(synthesise(codec, codes), whole(codec, codes))
    assert codec.longest == 500


def test_no_frames_no_samples() -> None:
    assert synthesise(Smear(), random_codes(0)).shape == (2, 0)
    assert synthesise(Smear(reach=None), random_codes(0)).shape == (2, 0)


def test_progress_counts_frames() -> None:
    told: list[tuple[str, int, int]] = []
    synthesise(Smear(), random_codes(25), chunk_frames=10, progress=lambda *news: told.append(news))
    assert told == [("decode", 8, 25), ("decode", 16, 25), ("decode", 24, 25), ("decode", 25, 25)]


def test_an_overlap_must_fit() -> None:
    with pytest.raises(ValueError, match="overlap of 8 frames does not fit into chunks of 8"):
        synthesise(Smear(), random_codes(9), chunk_frames=8, overlap_frames=8)


@pytest.fixture(scope="module")
def published(official: Callable[..., LoadedModel]) -> Codec:
    return official("a").codec


@pytest.mark.parametrize(("name", "chunk", "overlap"), [("chunk", 48, 12), ("chunk2", 8, 3)])
def test_the_published_scheme(published: Codec, fixtures: Path, name: str, chunk: int, overlap: int) -> None:
    """Also where the last chunk is shorter than the overlap (17 frames in chunks of 8)."""
    reference = load_file(fixtures / "official-a" / "codec_ref.safetensors")
    codes = reference[f"{name}.codes"][:, 0].numpy().astype(np.int16)
    samples = synthesise(published, codes, chunk_frames=chunk, overlap_frames=overlap, context_frames=0)
    assert np.abs(samples - reference[f"{name}.waveform"].numpy().T).max() < 1e-4


@torch.no_grad()
def test_real_chunks_are_the_whole(published: Codec, fixtures: Path) -> None:
    reference = load_file(fixtures / "official-a" / "codec_ref.safetensors")
    codes = reference["chunk2.codes"].transpose(0, 1)
    together = published.decode(codes)[0].numpy()
    samples = synthesise(published, codes[0].numpy().astype(np.int16), chunk_frames=6)
    assert np.abs(samples - together).max() < 1e-4


@torch.no_grad()
def test_the_published_scheme_is_the_whole_away_from_seams(published: Codec, fixtures: Path) -> None:
    reference = load_file(fixtures / "official-a" / "codec_ref.safetensors")
    together = published.decode(reference["chunk.codes"].transpose(0, 1))[0].numpy()
    wrong = np.abs(reference["chunk.waveform"].numpy().T - together).reshape(2, 100, -1).max((0, 2)) > 1e-4
    reach = published.context_frames
    # Chunks of 48 frames begin every 36; each hears nothing of its neighbours before its overlap nor after it.
    seams = {f for start in (36, 72) for f in (*range(start, start + reach), *range(start + 12 - reach, start + 12))}
    assert wrong.any() and set(wrong.nonzero()[0]) <= seams


@pytest.mark.parametrize("frames", [1, 9, 10, 11, 18, 19, 40])
@pytest.mark.parametrize("overlap", [0, 4])
def test_chunks_of_a_song_that_goes_on(frames: int, overlap: int) -> None:
    codec, codes = Smear(), random_codes(frames)
    synthesis, pieces, known = ChunkSynthesis(codec, 10, overlap), [], []
    for read in range(1, frames + 1):
        while (piece := synthesis.next(codes[:, :read], whole=read == frames)) is not None:
            pieces.append(piece)
            known.append(read)
    assert known[0] == min(10 + codec.context_frames, frames), "a chunk is decoded as soon as it can be"
    assert np.array_equal(np.concatenate(pieces, 1), synthesise(codec, codes, chunk_frames=10, overlap_frames=overlap))


def test_a_codec_that_knows_no_bound_waits_for_the_whole_song() -> None:
    synthesis, codes = ChunkSynthesis(Smear(None)), random_codes(40)
    assert synthesis.next(codes, whole=False) is None
    assert synthesis.next(codes, whole=True).shape == (2, 40 * HOP)
    assert synthesis.next(codes, whole=True) is None
