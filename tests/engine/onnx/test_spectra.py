import numpy as np
import torch

from khala.engine.onnx.spectra import Grid, MelBank
from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.features import Analysis
from khala.models.codec.spectral.vocoder import Vocoder

SMALL = SpectralConfig(bands=24, balance_bands=4, low_bins=8, dim=6, codebook=16, levels=3, width=16, blocks=1)
ANALYSIS, GRID = Analysis(SMALL), Grid(SMALL)
RNG = np.random.default_rng(0)


def test_spectra_are_those_of_the_analysis() -> None:
    samples = RNG.standard_normal(7 * SMALL.hop, np.float32)
    wanted = ANALYSIS.stft(torch.from_numpy(samples)).numpy()
    found = GRID.spectra(np.pad(samples, GRID.edge))
    assert found.dtype == np.complex64 and found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_samples_are_those_of_the_inverse_in_pieces_too() -> None:
    spectrum = ANALYSIS.stft(torch.randn(7 * SMALL.hop)) * torch.randn(28, 1)
    frames = GRID.frames(spectrum.numpy())
    whole = GRID.samples(frames, 0, 28)
    wanted = np.pad(ANALYSIS.istft(spectrum).numpy(), GRID.edge)
    assert frames.dtype == whole.dtype == np.float32
    assert np.abs(whole - wanted).max() < 1e-5 * np.abs(wanted).max()
    for first, stop in ((0, 1), (0, 28), (5, 9), (26, 28)):
        piece = GRID.samples(frames, first, stop)
        assert np.array_equal(piece, whole[first * SMALL.stride :][: len(piece)])
        assert len(piece) == (stop - first + 3) * SMALL.stride


def test_filters_are_those_of_the_vocoder() -> None:
    bank, vocoder = MelBank(SMALL), Vocoder(SMALL, ANALYSIS)
    for found, wanted in ((bank.mel, ANALYSIS.mel), (bank.spread, vocoder.spread), (bank.log_area, vocoder.log_area)):
        assert found.dtype == np.float32 and np.allclose(found, wanted, rtol=1e-6, atol=1e-7)
