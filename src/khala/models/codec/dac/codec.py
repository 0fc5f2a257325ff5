"""The published codec: strided convolutions, residual codes, transposed convolutions (family: Kumar et al. 2023).

Inference holds plain convolutions; `nn.conv.fold_weight_norm` computes their weights from weight-normed ones. On a CPU
`dac.cpu` computes the decoder.
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor, nn

from khala.models.codec.config import DacConfig
from khala.models.codec.dac.cpu import UNBLOCKED_STAGES, decode_rows
from khala.nn.conv import Snake
from khala.nn.rvq import ResidualVQ

DILATIONS = (1, 3, 9)


class Dac(nn.Module):
    """The convolutional codec; see `base.Codec`. Raises ValueError for rates that disagree."""

    def __init__(self, config: DacConfig) -> None:
        super().__init__()
        self.config = config
        self.sample_rate, self.levels = config.sample_rate, config.levels
        self.hop = math.prod(config.encoder_strides)
        if math.prod(config.decoder_rates) != self.hop:
            decoded = math.prod(config.decoder_rates)
            raise ValueError(f"the decoder makes {decoded} samples a frame, the encoder takes {self.hop}")
        self.context_frames: int | None = math.ceil(3 + _reach(config.decoder_rates))
        self.encoder_context_frames = math.ceil(_encoder_reach(config.encoder_strides) / self.hop)
        self.encoder = _encoder(config)
        self.quantizer = ResidualVQ(config.levels, config.codebook, config.dim)
        self.decoder = _decoder(config)

    @property
    def codebooks(self) -> Tensor:
        return self.quantizer.codebooks

    @property
    def decoder_dtype(self) -> torch.dtype:
        return next(self.decoder.parameters()).dtype

    def narrow_decoder(self, dtype: torch.dtype) -> Self:
        """Hold the decoder's weights in `dtype`. A CPU still computes in float32, other devices in that dtype."""
        self.decoder.to(dtype)
        return self

    def encode(self, samples_BCN: Tensor, levels: int | None = None) -> Tensor:
        """Encode samples [B, C, N] -> codes int64 [B, Q, N // hop] of the first `levels` levels (default: all).

        As published, an incomplete frame at the end is dropped.
        """
        return self.quantizer.encode(self.encoder(samples_BCN), levels)

    def decode(self, codes_BQT: Tensor) -> Tensor:
        """Decode codes [B, Q, T] of the first Q levels, any Q -> samples [B, C, hop T]."""
        return self.decode_latent(self.quantizer.decode(codes_BQT))

    def decode_latent(self, latent_BDT: Tensor) -> Tensor:
        """Decode a sum of code vectors [B, D, T] -> samples [B, C, hop T], which may exceed [-1, 1]."""
        if latent_BDT.device.type == "cpu" and not torch.is_grad_enabled():
            halo = math.ceil(_reach(self.config.decoder_rates[UNBLOCKED_STAGES:]))
            return torch.stack([decode_rows(self.decoder, latent_DT, halo) for latent_DT in latent_BDT])
        samples_BCN: Tensor = self.decoder(latent_BDT.to(self.decoder_dtype))
        return samples_BCN.float()


class ResidualUnit(nn.Module):
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


class RateChange(nn.Module):
    """A block of the encoder or decoder that changes the rate; its layers are named as published, `block.N`."""

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
        layers.append(RateChange(*(ResidualUnit(width, d) for d in DILATIONS), Snake(width), down))
        width *= 2
    return nn.Sequential(*layers, Snake(width), nn.Conv1d(width, config.dim, 3, padding=1))


def _decoder(config: DacConfig) -> nn.Sequential:
    width = config.decoder_width
    layers: list[nn.Module] = [nn.Conv1d(config.dim, width, 7, padding=3)]
    for rate in config.decoder_rates:
        up = nn.ConvTranspose1d(width, width // 2, 2 * rate, rate, padding=math.ceil(rate / 2))
        width //= 2
        layers.append(RateChange(Snake(2 * width), up, *(ResidualUnit(width, d) for d in DILATIONS)))
    return nn.Sequential(*layers, Snake(width), nn.Conv1d(width, config.channels, 7, padding=3))


def _reach(rates: tuple[int, ...]) -> float:
    """Receptive field on either side, in rows at the first of these `rates`: the sum over all layers from there on."""
    rows, rate = 0.0, 1
    for factor in rates:
        rows += 1 / rate  # the transposed convolution mixes neighbouring inputs
        rate *= factor
        rows += sum(3 * d for d in DILATIONS) / rate
    return rows + 3 / rate


def _encoder_reach(strides: tuple[int, ...]) -> int:
    """Receptive field on either side, in samples."""
    reach, row = 3, 1
    for stride in strides:
        reach += (sum(3 * d for d in DILATIONS) + math.ceil(stride / 2)) * row
        row *= stride
    return reach + row
