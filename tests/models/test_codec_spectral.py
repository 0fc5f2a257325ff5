import json
from pathlib import Path

import pytest
import torch

from khala.models.codec.config import SpectralConfig
from khala.models.codec.folder import load_codec, save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.codec.spectral.features import Analysis
from khala.models.codec.spectral.phase import expected_advance, integrate_phase
from khala.models.codec.spectral.vocoder import Spectra, Vocoder
from khala.music.errors import ModelError

SMALL = SpectralConfig(bands=24, balance_bands=4, low_bins=8, dim=6, codebook=16, levels=3, width=16, blocks=1)
HOP, FLOOR = SMALL.hop, SMALL.floor


@pytest.fixture(scope="module")
def codec() -> SpectralCodec:
    torch.manual_seed(5)
    codec = SpectralCodec(SMALL).eval().requires_grad_(False)
    basis = torch.linalg.qr(torch.randn(sum(codec.analysis.widths), SMALL.dim))[0]
    codec.project.copy_(basis)
    codec.unproject.copy_(basis.T)
    codec.codebooks.normal_()
    return codec


def song(frames: int) -> torch.Tensor:
    return 0.1 * torch.randn(1, 2, frames * HOP, generator=torch.Generator().manual_seed(1))


def test_encoding_looks_as_far_as_it_says(codec: SpectralCodec):
    samples = song(21)
    moved = samples.clone()
    moved[..., 10 * HOP : 11 * HOP] += 1
    changed = (codec.analysis(samples) - codec.analysis(moved)).abs().amax((0, 2)) > 0
    assert (changed.nonzero().flatten() - 10).abs().max() == codec.encoder_context_frames


def test_codes_of_a_begun_frame_and_samples_of_whole_frames(codec: SpectralCodec):
    codes = codec.encode(song(5)[..., :-1000])
    assert codes.shape == (1, 3, 5) and codes.dtype == torch.int64
    assert codes.min() >= 0 and codes.max() < 16
    samples = codec.decode(codes)
    assert samples.shape == (1, 2, 5 * HOP) and samples.isfinite().all()


def test_fewer_levels_decode(codec: SpectralCodec):
    codes = codec.encode(song(3), 2)
    assert codes.shape == (1, 2, 3)
    latent = codec.codebooks[0][codes[0, 0]] + codec.codebooks[1][codes[0, 1]]
    assert torch.allclose(codec.decode(codes), codec.decode_latent(latent.T[None]), atol=1e-5)


def test_bars_that_repeat_repeat_in_their_codes(codec: SpectralCodec):
    codes = codec.encode(song(8).repeat(1, 1, 3))[0]
    assert torch.equal(codes[:, 10:14], codes[:, 2:6]) and torch.equal(codes[:, 2:14], codes[:, 10:22])


def test_a_batch_is_its_songs(codec: SpectralCodec):
    two = torch.cat([song(6), song(6).flip(1) * 0.3])
    codes = codec.encode(two)
    assert torch.equal(codes[1:], codec.encode(two[1:]))
    assert torch.allclose(codec.decode(codes)[1:], codec.decode(codes[1:]), atol=1e-4)


def test_mono_is_refused(codec: SpectralCodec):
    with pytest.raises(ValueError, match="stereo, not 1"):
        codec.encode(song(2)[:, :1])


def test_block_length_does_not_change_the_samples(codec: SpectralCodec):
    features = codec.analysis(song(70))
    whole = codec.vocoder.synthesise(features)
    assert torch.allclose(codec.vocoder.synthesise(features, block=25), whole, atol=1e-4)
    assert torch.allclose(codec.vocoder.synthesise(features, block=5), whole, atol=1e-4)


def truth(analysis: Analysis, samples: torch.Tensor) -> tuple[Spectra, torch.Tensor]:
    """What a perfect network would say of samples, and the complex spectrum of mid."""
    left, right = analysis.stft(samples).unbind(1)
    mid, side = (left + right) / 2, (left - right) / 2
    advance, slope = torch.ones_like(mid), torch.ones_like(mid)
    advance[:, 1:] = torch.sgn(mid[:, 1:] * mid[:, :-1].conj()) * expected_advance(mid.shape[2]).conj()
    slope[..., 1:] = -torch.sgn(mid[..., 1:] * mid[..., :-1].conj())
    width = torch.sgn(side * mid.conj())
    return Spectra((mid.abs() + FLOOR).log(), (side.abs() + FLOOR).log(), advance, slope, width), mid


def test_phase_follows_its_differences():
    analysis = Analysis(SMALL)
    spectra, mid = truth(analysis, song(6))
    known = torch.sgn(mid[:, :4])
    phase = integrate_phase(spectra.log_mid.exp(), spectra.advance, spectra.slope, known)
    assert torch.equal(phase[:, :4], known)
    loud = mid.abs() > mid.abs().median()
    assert (phase - torch.sgn(mid)).abs()[loud].max() < 1e-2


def test_true_spectra_make_the_true_song_but_for_a_turn():
    """Tones of the right pitch and place: their spectra come back, although the absolute phase was never known."""
    analysis = Analysis(SMALL)
    time = torch.arange(20 * HOP) / 44100
    left = sum(torch.sin(2 * torch.pi * f * time) for f in (110.0, 331.0, 882.5)) / 6
    samples = torch.stack([left, 0.3 * left])[None]
    spectra, _ = truth(analysis, samples)
    vocoder = Vocoder(SMALL, analysis)
    phase = integrate_phase(spectra.log_mid.exp(), spectra.advance, spectra.slope, None)
    output = vocoder.project(spectra, phase)
    inner = slice(2 * HOP, -2 * HOP)
    a, b = (torch.log(analysis.stft(x)[:, :, 8:-8].abs() + 0.1) for x in (samples, output))
    assert (a - b).abs().mean() < 0.1
    assert output[0, 1, inner].square().mean() / output[0, 0, inner].square().mean() == pytest.approx(0.09, rel=0.1)


def test_silence_stays_silent():
    """The floor of the logarithms is no sound."""
    vocoder = Vocoder(SMALL, Analysis(SMALL))
    spectra, _ = truth(vocoder.analysis, torch.zeros(1, 2, 8 * HOP))
    turn = torch.ones_like(spectra.advance)
    assert vocoder.project(spectra, turn).abs().max() < 1e-6


def test_folder_round_trip_keeps_codes(codec: SpectralCodec, tmp_path: Path):
    for buffer in (codec.mean, codec.project, codec.unproject, codec.codebooks):
        buffer.copy_(buffer.half().float())
    save_codec(codec, tmp_path / "codec")
    loaded = load_codec(tmp_path / "codec")
    assert loaded.config == SMALL
    assert torch.equal(loaded.encode(song(9)), codec.encode(song(9)))


def test_a_folder_of_0_1_names_no_family(codec: SpectralCodec, tmp_path: Path):
    save_codec(codec, tmp_path)
    written = json.loads((tmp_path / "config.json").read_text())
    assert written.pop("family") == "spectral"
    (tmp_path / "config.json").write_text(json.dumps(written))
    assert load_codec(tmp_path).config == SMALL
    (tmp_path / "config.json").write_text(json.dumps({"family": "opus", **written}))
    with pytest.raises(ModelError, match="opus"):
        load_codec(tmp_path)


def test_a_missing_or_broken_folder_is_one_clear_line(codec: SpectralCodec, tmp_path: Path):
    with pytest.raises(ModelError, match="khala train codec"):
        load_codec(tmp_path / "nowhere")
    save_codec(codec, tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not tensors")
    with pytest.raises(ModelError, match="khala train codec"):
        load_codec(tmp_path)


def test_the_metric_of_the_voice_is_the_error_of_mid_in_the_voices_bands(codec: SpectralCodec):
    errors_ND = torch.randn(30, SMALL.dim, generator=torch.Generator().manual_seed(2))
    mid_NSM = (errors_ND @ codec.unproject)[:, : codec.analysis.widths[0]].unflatten(1, (4, SMALL.bands))
    inside = [250 < hertz < 6000 for hertz in codec.analysis.centres]
    assert 0 < sum(inside) < SMALL.bands
    expected_N = mid_NSM[..., inside].square().sum((1, 2))
    metric_DD = codec.voice_metric()
    assert metric_DD.trace().item() == pytest.approx(SMALL.dim, rel=1e-4)
    found_N = ((errors_ND @ metric_DD) * errors_ND).sum(1)
    torch.testing.assert_close(found_N / found_N.mean(), expected_N / expected_N.mean(), rtol=1e-4, atol=1e-5)
