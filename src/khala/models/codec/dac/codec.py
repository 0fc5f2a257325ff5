"""The published codec: strided convolutions, residual codes, transposed convolutions (family: Kumar et al. 2023).

Inference holds plain convolutions; ``nn.conv.fold_weight_norm`` makes their weights of weight-normed ones. On a CPU
``dac_cpu`` computes what the decoder says.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from khala.models.codec.config import DacConfig
from khala.models.codec.dac.cpu import WHOLE, decode_rows
from khala.nn.conv import Snake
from khala.nn.rvq import ResidualVQ

DILATIONS = (1, 3, 9)


class Dac(nn.Module):
    """See ``base.Codec`` for what it does."""

    def __init__(self, config: DacConfig) -> None:
        super().__init__()
        self.config = config
        self.sample_rate, self.levels = config.sample_rate, config.levels
        self.hop = math.prod(config.encoder_strides)
        if math.prod(config.decoder_rates) != self.hop:
            made = math.prod(config.decoder_rates)
            raise ValueError(f"the decoder makes {made} samples a frame, the encoder takes {self.hop}")
        self.context_frames: int | None = math.ceil(3 + _reach(config.decoder_rates))
        self.encoder = _encoder(config)
        self.quantizer = ResidualVQ(config.levels, config.codebook, config.dim)
        self.decoder = _decoder(config)

    @property
    def codebooks(self) -> Tensor:
        return self.quantizer.codebooks

    def encode(self, samples_BCN: Tensor, levels: int | None = None) -> Tensor:
        """Samples [B, C, N] -> codes int64 [B, Q, N // hop] of the first ``levels`` levels (default: all).

        As published, the part of a frame that is left at the end is not coded."""
        return self.quantizer.encode(self.encoder(samples_BCN), levels)

    def decode(self, codes_BQT: Tensor) -> Tensor:
        """Codes of the first Q levels, any Q -> samples [B, C, hop T]."""
        return self.decode_latent(self.quantizer.decode(codes_BQT))

    def decode_latent(self, latent_BDT: Tensor) -> Tensor:
        """The sum of code vectors [B, D, T] -> samples [B, C, hop T]; nothing keeps them within [-1, 1]."""
        if latent_BDT.device.type == "cpu" and not torch.is_grad_enabled():
            halo = math.ceil(_reach(self.config.decoder_rates[WHOLE:]))
            return torch.stack([decode_rows(self.decoder, latent_DT, halo) for latent_DT in latent_BDT])
        samples_BCN: Tensor = self.decoder(latent_BDT)
        return samples_BCN


class Residual(nn.Module):
    """x + conv(snake(conv(snake(x)))), the first convolution dilated."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            Snake(width),
            nn.Conv1d(width, width, 7, dilation=dilation, padding=3 * dilation),
            Snake(width),
            nn.Conv1d(width, width, 1),
        )

    def forward(self, x_BDT: Tensor) -> Tensor:
        change_BDT: Tensor = self.block(x_BDT)
        return x_BDT + change_BDT


class Stage(nn.Module):
    """One change of rate; named like the published weights: ``block.N``."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.block = nn.Sequential(*layers)

    def forward(self, x_BDT: Tensor) -> Tensor:
        y_BDT: Tensor = self.block(x_BDT)
        return y_BDT


def _encoder(config: DacConfig) -> nn.Sequential:
    width = config.encoder_width
    layers: list[nn.Module] = [nn.Conv1d(config.channels, width, 7, padding=3)]
    for stride in config.encoder_strides:
        down = nn.Conv1d(width, 2 * width, 2 * stride, stride, padding=math.ceil(stride / 2))
        layers.append(Stage(*(Residual(width, d) for d in DILATIONS), Snake(width), down))
        width *= 2
    return nn.Sequential(*layers, Snake(width), nn.Conv1d(width, config.dim, 3, padding=1))


def _decoder(config: DacConfig) -> nn.Sequential:
    width = config.decoder_width
    layers: list[nn.Module] = [nn.Conv1d(config.dim, width, 7, padding=3)]
    for rate in config.decoder_rates:
        up = nn.ConvTranspose1d(width, width // 2, 2 * rate, rate, padding=math.ceil(rate / 2))
        width //= 2
        layers.append(Stage(Snake(2 * width), up, *(Residual(width, d) for d in DILATIONS)))
    return nn.Sequential(*layers, Snake(width), nn.Conv1d(width, config.channels, 7, padding=3))


def _reach(rates: tuple[int, ...]) -> float:
    """Rows before and after a row that the samples made of it depend on: every layer from the first of these changes of
    rate on, at its own rate."""
    rows, rate = 0.0, 1
    for factor in rates:
        rows += 1 / rate  # the transposed convolution mixes neighbouring inputs
        rate *= factor
        rows += sum(3 * d for d in DILATIONS) / rate
    return rows + 3 / rate
