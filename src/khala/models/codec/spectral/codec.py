"""The spectral codec: log spectra, a linear projection, residual codes, and a vocoder that reconstructs the phase.

Encoding is closed form and local to a frame (`features`), so bars that repeat on whole frames repeat in their codes.
Decoding adds up the code vectors, inverts the projection and turns the spectra into samples (`vocoder`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.features import Analysis
from khala.models.codec.spectral.vocoder import Vocoder
from khala.nn.rvq import ResidualVQ


class SpectralCodec(nn.Module):
    """The spectral codec; see `base.Codec`. `mean`, `project` and `unproject` are the projection."""

    mean: Tensor
    project: Tensor
    unproject: Tensor
    context_frames: int | None = None
    decoder_dtype = torch.float32

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        self.config = config
        self.sample_rate, self.hop, self.levels = config.sample_rate, config.hop, config.levels
        self.encoder_context_frames = math.ceil((max(config.low_fft, config.fft) / config.hop - 1) / 2)
        self.analysis = Analysis(config)
        features = sum(self.analysis.widths)
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("project", torch.zeros(features, config.dim))
        self.register_buffer("unproject", torch.zeros(config.dim, features))
        self.quantizer = ResidualVQ(config.levels, config.codebook, config.dim)
        self.vocoder = Vocoder(config, self.analysis)

    @property
    def codebooks(self) -> Tensor:
        return self.quantizer.codebooks

    def to_latent(self, features: Tensor) -> Tensor:
        """Project features to latents, [..., F] -> [..., D]."""
        return (features - self.mean) @ self.project

    def to_features(self, latent: Tensor) -> Tensor:
        """Project latents back to features, [..., D] -> [..., F]."""
        return latent @ self.unproject + self.mean

    def voice_metric(self) -> Tensor:
        """Return M [D, D] of trace D: what an error e of a latent costs in the voice's bands of mid is e M e."""
        mid_DSM = self.unproject[:, : self.analysis.widths[0]].unflatten(1, (self.analysis.spectra, -1))
        voice_DV = mid_DSM[..., self.analysis.voice_bands].flatten(1)
        metric_DD: Tensor = voice_DV @ voice_DV.T * (len(voice_DV) / voice_DV.square().sum())
        return metric_DD

    def encode(self, samples_BCN: Tensor, levels: int | None = None) -> Tensor:
        """Encode samples [B, 2, N] -> codes int64 [B, Q, ceil(N / hop)] of the first `levels` levels (default: all).

        Raises ValueError for samples that are not stereo.
        """
        if samples_BCN.shape[1] != 2:
            raise ValueError(f"the spectral codec takes stereo, not {samples_BCN.shape[1]} channels")
        return self.quantizer.encode(self.to_latent(self.analysis(samples_BCN)).transpose(1, 2), levels)

    def decode(self, codes_BQT: Tensor) -> Tensor:
        """Decode codes [B, Q, T] of the first Q levels, any Q -> samples [B, 2, hop T]."""
        return self.decode_latent(self.quantizer.decode(codes_BQT))

    def decode_latent(self, latent_BDT: Tensor) -> Tensor:
        """Decode a sum of code vectors [B, D, T] -> samples [B, 2, hop T]."""
        return self.vocoder.synthesise(self.to_features(latent_BDT.transpose(1, 2)))
