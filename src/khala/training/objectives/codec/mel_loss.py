"""The multi-scale mel distance that a waveform codec is trained by (Kumar et al. 2023, arXiv 2306.06546, section 3.5).

Short windows see when something begins, long ones which note it is.
"""

from typing import cast

import torch
from torch import Tensor, nn

from khala.audio.mel import mel_filters

SCALES = ((32, 5), (64, 10), (128, 20), (256, 40), (512, 80), (1024, 160), (2048, 320))
"""Window in samples and number of mel bands of each spectrum; windows overlap by three quarters."""
FLOOR = 1e-5
"""The least magnitude, of a full-scale sine's 1, that the logarithm tells from silence."""


class MelDistance(nn.Module):
    """Mean absolute difference of two signals' log10 mel magnitudes, added up over the scales."""

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        for window, bands in SCALES:
            filters_MK = torch.tensor(mel_filters(bands, window // 2 + 1, sample_rate), dtype=torch.float32)
            self.register_buffer(f"mel{window}", filters_MK, persistent=False)
            self.register_buffer(f"window{window}", torch.hann_window(window), persistent=False)

    def forward(self, made_BCN: Tensor, real_BCN: Tensor) -> Tensor:
        both = torch.cat([made_BCN, real_BCN]).flatten(0, 1).float()
        total = both.new_zeros(())
        for window, _ in SCALES:
            mel_MK, hann = cast(Tensor, getattr(self, f"mel{window}")), cast(Tensor, getattr(self, f"window{window}"))
            spectra = torch.stft(both, window, window // 4, window=hann / hann.sum() * 2, return_complex=True)
            made, real = torch.log10((mel_MK @ spectra.abs()).clamp(min=FLOOR)).chunk(2)
            total = total + (made - real).abs().mean()
        return total
