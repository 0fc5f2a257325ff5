import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from khala.engine.onnx import codec as module
from khala.engine.onnx.codebooks import Codebooks
from khala.engine.onnx.codec import BlockSynthesis, CodecSession, Prepared
from khala.engine.onnx.graphs.vocoder import mel_graph, vocoder_graph
from khala.engine.onnx.threads import workers
from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.codec.spectral.vocoder import Spectra
from khala.weights import load_model, resolve
from khala.weights.names import CODEC, CODEC_GRAPH, MEL_GRAPH
from khala.weights.tensors import load_module, save_module

SMALL = SpectralConfig(bands=24, balance_bands=4, low_bins=8, dim=6, codebook=16, levels=3, width=16, blocks=2)
CODES = np.random.default_rng(0).integers(0, 16, (3, 90)).astype(np.int16)


class Pair:
    """A codec as torch computes it, and as the engine does."""

    def __init__(self, folder: Path, codec: SpectralCodec) -> None:
        self.codec, config = codec, codec.config
        vocoder_graph(folder / CODEC, config).save(folder / CODEC_GRAPH)
        mel_graph(folder / CODEC, config).save(folder / MEL_GRAPH)
        self.session = CodecSession(folder, config, Codebooks(folder))

    def spectra(self, codes: np.ndarray) -> tuple[Prepared, Spectra]:
        with torch.inference_mode(), workers(1) as spread:
            latent_1DT = self.codec.quantizer.decode(torch.from_numpy(codes.astype(np.int64))[None])
            wanted = self.codec.vocoder(self.codec.to_features(latent_1DT.transpose(1, 2)))
            return self.session.prepare(codes, 0, codes.shape[1], spread), wanted


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    torch.manual_seed(5)
    folder, codec = tmp_path_factory.mktemp("codec"), SpectralCodec(SMALL).eval().requires_grad_(False)
    for tensor in (codec.mean, codec.unproject, codec.codebooks):
        tensor.normal_()
    for _, weight in codec.vocoder.named_parameters():
        weight.normal_(std=0.2)
    save_module(folder / CODEC, codec, torch.float16)
    load_module(folder / CODEC, codec)
    return Pair(folder, codec)


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder, codec = tmp_path_factory.mktemp("mini"), load_model("mini").codec
    shutil.copy(resolve("mini") / CODEC, folder)
    assert isinstance(codec, SpectralCodec)
    return Pair(folder, codec)


@contextmanager
def pieces(monkeypatch: pytest.MonkeyPatch, **sizes: int) -> Iterator[None]:
    with monkeypatch.context() as patch:
        for name, size in sizes.items():
            patch.setattr(module, name, size)
        yield


def decibels(wanted: np.ndarray, found: np.ndarray) -> float:
    return float(10 * np.log10(np.square(wanted).sum() / max(np.square(wanted - found).sum(), 1e-30)))


def check_spectra(pair: Pair, codes: np.ndarray) -> None:
    found, wanted = pair.spectra(codes)
    magnitudes = torch.stack([wanted.log_mid, wanted.log_side], 1).exp()[0]
    magnitude = (magnitudes - pair.codec.config.floor).clamp(min=0)
    mel_magnitude = magnitude @ pair.codec.analysis.mel.T
    of_torch = magnitudes[0], magnitude, mel_magnitude, wanted.advance[0], wanted.slope[0], wanted.width[0]
    for mine, its in zip(vars(found).values(), of_torch, strict=True):
        assert mine.dtype == its.numpy().dtype and mine.shape == its.shape
        assert np.abs(mine - its.numpy()).max() < 1e-4 * its.abs().max()


def check_projections(pair: Pair, codes: np.ndarray) -> None:
    """From the same phase: what comes before a phase amplifies the least difference, in a second to all of it."""
    found, wanted = pair.spectra(codes)
    phase = np.exp(1j * np.random.default_rng(0).uniform(-3, 3, found.mid.shape)).astype(np.complex64)
    with torch.inference_mode(), workers(1) as spread:
        samples = pair.codec.vocoder.project(wanted, torch.from_numpy(phase)[None])[0].numpy()
        assert decibels(samples, pair.session.project(found, phase, spread)) > 90


def test_the_same_spectra_as_with_torch(small: Pair, mini: Pair) -> None:
    check_spectra(small, CODES)
    check_spectra(small, CODES[:2, :1])
    check_spectra(mini, 30 * np.tile(CODES[:1], (64, 1)))


def test_the_same_projections_as_with_torch(small: Pair, mini: Pair) -> None:
    check_projections(small, CODES)
    check_projections(small, CODES[:, :1])
    check_projections(mini, 30 * np.tile(CODES[:1, :40], (64, 1)))


def test_pieces_and_threads_change_nothing(small: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = small.session.decode(CODES)
    assert samples.dtype == np.float32 and samples.shape == (2, 90 * SMALL.hop) and np.isfinite(samples).all()
    assert np.array_equal(samples, small.session.decode(CODES, threads=3))
    with pieces(monkeypatch, PIECE_FRAMES=7), workers(1) as spread:
        found, wanted = small.session.prepare(CODES, 5, 70, spread), small.spectra(CODES)[0]
        assert np.abs(found.magnitude - wanted.magnitude[:, 20:280]).max() < 1e-4 * wanted.magnitude.max()
        phase = np.exp(1j * np.arange(found.mid.size)).reshape(found.mid.shape).astype(np.complex64)
        in_pieces = small.session.project(found, phase, spread)
    with workers(1) as spread:
        assert decibels(small.session.project(found, phase, spread), in_pieces) > 100


def test_blocks_make_the_song_that_one_makes(mini: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def local(mid: np.ndarray, advance: np.ndarray, slope: np.ndarray, known: np.ndarray | None) -> np.ndarray:
        phase: np.ndarray = advance / (np.abs(advance) + 1e-9)
        if known is not None:
            assert np.abs(known - phase[: len(known)]).max() < 1e-2
        return phase

    monkeypatch.setattr(module, "integrate", local)  # the true one amplifies the least difference
    codes = 30 * np.tile(CODES[:1], (64, 1))
    whole = mini.session.decode(codes)
    with pieces(monkeypatch, OPENING_FRAMES=20, BLOCK_FRAMES=37):
        progress: list[int] = []
        blocks = mini.session.decode(codes, lambda stage, done, total: progress.append(done))
        assert progress == [20, 57, 90]
        assert decibels(whole, blocks) > 80


def test_blocks_of_a_song_that_goes_on(mini: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    codes, read = 30 * np.tile(CODES[:1], (64, 1)), module.MARGIN_FRAMES + module.CONTEXT_FRAMES
    with pieces(monkeypatch, OPENING_FRAMES=10, BLOCK_FRAMES=30):
        blocks, synthesis = [], BlockSynthesis(mini.session, threads=2)
        known = []
        for frames in range(1, 91):
            while (block := synthesis.next(codes[:, :frames], whole=frames == 90)) is not None:
                blocks.append(block)
                known.append(frames)
        assert known == [10 + read, 40 + read, 90, 90], "a block is decoded as soon as it can be"
        assert np.array_equal(np.concatenate(blocks, 1), mini.session.decode(codes))


def test_a_decode_sounds_as_with_torch(mini: Pair) -> None:
    """Soon the phase is another, which nobody hears."""
    codes, spectrum = 30 * np.tile(CODES[:1], (64, 1)), mini.codec.analysis
    with torch.inference_mode():
        wanted = mini.codec.decode(torch.from_numpy(codes.astype(np.int64))[None])[0].numpy()
    found = mini.session.decode(codes)
    mel_wanted, mel_found = (spectrum.log_mel(spectrum.stft(torch.from_numpy(one)[None])) for one in (wanted, found))
    assert decibels(wanted[:, : 3 * 2048], found[:, : 3 * 2048]) > 60
    assert (mel_wanted - mel_found).abs().mean() < 0.1
