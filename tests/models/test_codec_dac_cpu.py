"""The decoder on a CPU is the decoder."""

import pytest
import torch

from khala.models.codec.config import DacConfig
from khala.models.codec.dac import cpu
from khala.models.codec.dac.codec import Dac


@pytest.fixture(scope="module")
def codec() -> Dac:
    torch.manual_seed(3)
    codec = Dac(DacConfig(encoder_width=4, decoder_width=32, dim=8, codebook=16, levels=4)).eval()
    with torch.no_grad():
        for name, weight in codec.decoder.named_parameters():
            if name.endswith("alpha"):
                weight.uniform_(0.3, 2)
    return codec


@torch.no_grad()
@pytest.mark.parametrize("frames", [1, 3, 30])
def test_rows_are_the_decoder(codec: Dac, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also over the seams of blocks, of which 30 frames have many here, and of tiles."""
    monkeypatch.setattr(cpu, "BLOCK_ROWS", 24)
    latent = torch.randn(2, 8, frames)
    whole, rows = codec.decoder(latent), codec.decode_latent(latent)
    assert rows.shape == whole.shape == (2, 2, frames * codec.hop)
    assert (rows - whole).abs().max() < 1e-5 * whole.abs().max()


@torch.no_grad()
def test_a_narrower_halo_would_show(codec: Dac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "BLOCK_ROWS", 24)
    latent = torch.randn(8, 4)
    whole = codec.decoder(latent[None])[0]
    assert (cpu.decode_rows(codec.decoder, latent, 8) - whole).abs().max() < 1e-5
    assert (cpu.decode_rows(codec.decoder, latent, 4) - whole).abs().max() > 1e-4


def test_where_gradients_are_asked_for_they_flow(codec: Dac) -> None:
    latent = torch.randn(1, 8, 2, requires_grad=True)
    codec.decode_latent(latent).square().sum().backward()
    assert latent.grad is not None and latent.grad.abs().sum() > 0
