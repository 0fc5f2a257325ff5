"""The published codec, against reference tensors and against itself."""

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac
from khala.models.codec.folder import load_codec, load_spectral, save_codec
from khala.music.errors import ModelError
from khala.weights import LoadedModel

SMALL = DacConfig(encoder_width=4, decoder_width=32, dim=8, codebook=16, levels=4)


def small() -> Dac:
    torch.manual_seed(3)
    codec = Dac(SMALL).eval()
    codec.codebooks.normal_()
    return codec


@pytest.fixture(scope="module")
def reference(fixtures: Path) -> dict[str, torch.Tensor]:
    return load_file(fixtures / "official-a" / "codec_ref.safetensors")


@pytest.fixture(scope="module")
def published(official: Callable[..., LoadedModel]) -> Dac:
    codec = official("a").codec
    assert isinstance(codec, Dac)
    return codec


@torch.no_grad()
def test_encoder_and_codes_are_the_published_ones(published: Dac, reference: dict[str, torch.Tensor]):
    samples = reference["encode.waveform"]
    assert torch.allclose(published.encoder(samples), reference["encode.latent"], atol=1e-4)
    codes = published.encode(samples)
    assert torch.equal(codes, reference["encode.codes"].transpose(0, 1))
    assert torch.allclose(published.quantizer.decode(codes), reference["encode.quantized"], atol=1e-5)


@torch.no_grad()
def test_decoded_samples_are_the_published_ones(published: Dac, reference: dict[str, torch.Tensor]):
    codes = reference["decode.codes"].transpose(0, 1)
    assert torch.allclose(published.quantizer.decode(codes), reference["decode.quantized"], atol=1e-5)
    assert torch.allclose(published.decode(codes), reference["decode.waveform"], atol=1e-4)


def weight_normed_size(module: torch.nn.Module) -> int:
    weights = [weight for name, weight in module.named_parameters() if name.endswith(".weight")]
    return sum(weight.numel() for weight in module.parameters()) + sum(len(weight) for weight in weights)


def test_released_sizes():
    with torch.device("meta"):
        codec = Dac(DacConfig())
    # The published count includes weight norm's scale, one per first dimension of a weight.
    assert round(weight_normed_size(codec.encoder) / 1e6, 1) == 78.6
    assert round(weight_normed_size(codec.decoder) / 1e6, 1) == 177.7
    assert codec.codebooks.shape == (64, 1024, 128) and codec.hop == 2048


@torch.no_grad()
def test_a_frame_reaches_as_far_as_it_says():
    codec = small()
    codes = torch.randint(0, 16, (1, 4, 41))
    moved = codes.clone()
    moved[..., 20] = (codes[..., 20] + 1) % 16
    changed = (codec.decode(codes) - codec.decode(moved)).abs().amax((0, 1)).view(41, 2048).amax(1) > 0
    distance = (changed.nonzero().flatten() - 20).abs().max()
    assert distance == codec.context_frames


@torch.no_grad()
def test_encoding_looks_as_far_as_it_says():
    codec = small()
    samples = torch.randn(1, 2, 41 * 2048)
    moved = samples.clone()
    moved[..., 20 * 2048 : 21 * 2048] += 1
    changed = (codec.encoder(samples) - codec.encoder(moved)).abs().amax((0, 1)) > 0
    assert (changed.nonzero().flatten() - 20).abs().max() == codec.encoder_context_frames


@torch.no_grad()
def test_chunks_with_context_are_the_whole():
    codec = small()
    codes = torch.randint(0, 16, (2, 4, 50))
    whole = codec.decode(codes)
    reach = codec.context_frames
    chunk = codec.decode(codes[..., 20 - reach : 30 + reach])[..., reach * 2048 : -reach * 2048]
    assert whole.shape == (2, 2, 50 * 2048)
    assert torch.allclose(chunk, whole[..., 20 * 2048 : 30 * 2048], atol=1e-5)


def test_rates_that_disagree_are_refused():
    with pytest.raises(ValueError, match="1024 samples a frame, the encoder takes 2048"):
        Dac(dataclasses.replace(SMALL, decoder_rates=(8, 8, 4, 4)))


def test_a_folder_keeps_codes_and_the_other_family_is_refused(tmp_path: Path):
    codec = small()
    for tensor in codec.state_dict().values():
        tensor.copy_(tensor.half().float())
    save_codec(codec, tmp_path)
    loaded, samples = load_codec(tmp_path), torch.randn(1, 2, 9 * 2048)
    assert loaded.config == SMALL and torch.equal(loaded.encode(samples), codec.encode(samples))
    with pytest.raises(ModelError, match="holds a dac codec"):
        load_spectral(tmp_path)


def signal_to_noise(samples: torch.Tensor, exact: torch.Tensor) -> float:
    """In decibels."""
    return float(10 * torch.log10(exact.square().sum() / (samples - exact).square().sum()))


@pytest.mark.parametrize(("dtype", "on_a_cpu", "elsewhere"), [(torch.bfloat16, 29, 24), (torch.float16, 47, 40)])
@torch.no_grad()
def test_a_narrower_decoder_is_nearly_the_published_one(
    published: Dac, reference: dict[str, torch.Tensor], dtype: torch.dtype, on_a_cpu: float, elsewhere: float
) -> None:
    """On a CPU the weights alone are narrower, elsewhere (whose way runs here, too) the arithmetic is."""
    narrow = copy.deepcopy(published).narrow_decoder(dtype)
    assert narrow.decoder_dtype == dtype and narrow.codebooks.dtype == torch.float32
    codes = reference["decode.codes"].transpose(0, 1)
    exact, samples = published.decode(codes), narrow.decode(codes)
    assert samples.dtype == torch.float32 and on_a_cpu < signal_to_noise(samples, exact) < 100
    assert all(weight.dtype == dtype for weight in narrow.decoder.parameters()), "decoding left it as it was"
    with torch.enable_grad():
        computed = narrow.decode(codes)
    assert computed.dtype == torch.float32 and elsewhere < signal_to_noise(computed, exact) < on_a_cpu
