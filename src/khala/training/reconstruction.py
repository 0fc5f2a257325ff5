"""How a codec sounds by the numbers: held-out songs through some of its levels, compared with themselves."""

import torch
from torch import Tensor

from khala.models.codec.config import SpectralConfig
from khala.models.codec.dac.codec import Dac
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.codec.spectral.features import Analysis

WINDOWS = (512, 1024, 2048)


@torch.no_grad()
def reconstruction(codec: SpectralCodec | Dac, songs: list[Tensor], levels: int | None) -> dict[str, float]:
    """Means over songs [2, N] after a round trip through the first `levels` levels; None skips the codes, and the
    projection of a spectral codec.

    `log_mel`: L1 of log mel magnitudes over mid and side. `stft`: spectral convergence plus L1 of log magnitudes,
    mean of three windows. `si_sdr` in dB: low for any decoder that chooses its own phase.
    """
    analysis = codec.analysis if isinstance(codec, SpectralCodec) else _analysis(codec)
    sums: dict[str, float] = {}
    for song in songs:
        if levels is not None:
            output = codec.decode(codec.encode(song[None], levels))[0]
        elif isinstance(codec, Dac):
            output = codec.decode_latent(codec.encoder(song[None]))[0]
        else:
            output = codec.vocoder.synthesise(codec.analysis(song[None]))[0]
        length = min(output.shape[1], song.shape[1])
        before, after = song[:, :length], output[:, :length]
        found = {
            "log_mel": log_mel_l1(analysis, before, after),
            "stft": stft_distance(before, after),
            "si_sdr": si_sdr(before, after),
        }
        sums = {name: sums.get(name, 0.0) + value / len(songs) for name, value in found.items()}
    return sums


def codebook_use(codes_QN: Tensor, codebook: int) -> tuple[Tensor, Tensor]:
    """Return the share of the codes of each level that occur [Q], and the perplexity of their distribution [Q]."""
    counts_QC = torch.stack([torch.bincount(codes_N, minlength=codebook) for codes_N in codes_QN]).double()
    shares_QC = counts_QC / counts_QC.sum(1, keepdim=True)
    return (counts_QC > 0).double().mean(1), torch.special.entr(shares_QC).sum(1).exp()


def _analysis(codec: Dac) -> Analysis:
    """The spectra that a waveform codec is measured by: those of the spectral one."""
    device = codec.codebooks.device
    return Analysis(SpectralConfig(sample_rate=codec.sample_rate)).to(device)


def log_mel_l1(analysis: Analysis, song: Tensor, output: Tensor) -> float:
    """Mean absolute difference of log(mel + floor) over mid and side of samples [2, N]."""
    spectra = analysis.stft(torch.stack([song, output]))
    left, right = spectra.unbind(1)
    mels = analysis.log_mel(torch.stack([left + right, left - right], dim=1) / 2)
    return (mels[0] - mels[1]).abs().mean().item()


def stft_distance(song: Tensor, output: Tensor) -> float:
    """Multi-resolution spectral distance of samples [2, N] (Yamamoto et al. 2020)."""
    total = 0.0
    for size in WINDOWS:
        window = torch.hann_window(size, device=song.device)
        a, b = (torch.stft(x, size, size // 4, window=window, return_complex=True).abs() for x in (song, output))
        total += ((a - b).norm() / a.norm().clamp(min=1e-9)).item()
        total += (torch.log(a + 1e-3) - torch.log(b + 1e-3)).abs().mean().item()
    return total / len(WINDOWS)


def si_sdr(song: Tensor, output: Tensor) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019), both channels as one signal."""
    a, b = song.flatten(), output.flatten()
    target = (a @ b) / (a @ a).clamp(min=1e-9) * a
    ratio = target.square().sum() / (b - target).square().sum().clamp(min=1e-9)
    return (10 * torch.log10(ratio.clamp(min=1e-9))).item()
