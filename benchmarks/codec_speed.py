"""CPU time of the published decoder at full size with random weights, compared with a plain implementation of it
(float32 modules, weight norm computed in every call, the whole song at once).

    python benchmarks/codec_speed.py [--frames 128] [--threads 1] [--runs 3]      # targets: ratio 1.8, SNR 40 dB
    python benchmarks/codec_speed.py --memory --frames 1600                       # ours alone; peak memory of a length

Processor time is measured, so other programs disturb little (but they take cache). The ratio is that of the best times.
"""

import argparse
import math
import platform
import resource
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import remove_parametrizations

from khala.engine.pytorch.synthesis import synthesise
from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--frames", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    codec = random_codec()
    codes_QT = torch.randint(0, codec.config.codebook, (codec.levels, arguments.frames)).short().numpy()
    seconds = arguments.frames * codec.hop / codec.sample_rate
    print(f"{platform.machine()}, {arguments.threads} thread(s), torch {torch.__version__}, {seconds:.1f} s of audio")
    if arguments.memory:
        used = processor_seconds(lambda: torch.from_numpy(synthesise(codec, codes_QT)))[0]
        print(f"ours {used / seconds:.2f} CPU-seconds a second, peak {peak():.0f} MiB")
        return
    latent_BDT = codec.quantizer.decode(torch.from_numpy(codes_QT)[None])
    print("run        plain   ours   ratio   SNR dB   (CPU-seconds a second of audio)")
    best = [math.inf, math.inf]
    for run in range(1, arguments.runs + 1):
        convolutions = [layer for layer in codec.decoder.modules() if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d)]
        for layer in convolutions:
            weight_norm(layer)
        plain, expected = processor_seconds(lambda: codec.decoder(latent_BDT)[0])
        for layer in convolutions:
            remove_parametrizations(layer, "weight")
        ours, found = processor_seconds(lambda: torch.from_numpy(synthesise(codec, codes_QT)))
        noise = 10 * math.log10(expected.square().sum().item() / (found - expected).square().sum().item())
        best = [min(best[0], plain), min(best[1], ours)]
        print(f"{run:3} {plain / seconds:12.2f} {ours / seconds:6.2f} {plain / ours:7.2f} {noise:8.1f}", flush=True)
    print(f"best {best[0] / seconds:11.2f} {best[1] / seconds:6.2f} {best[0] / best[1]:7.2f}   peak {peak():.0f} MiB")


def random_codec() -> Dac:
    """Build a codec of the released size whose decoder neither fades nor explodes, without its encoder."""
    with torch.device("meta"):
        codec = Dac(DacConfig())
    codec.decoder.to_empty(device="cpu")
    codec.quantizer.to_empty(device="cpu")
    codec.quantizer.codebooks.normal_(0, codec.levels**-0.5)
    for layer in codec.decoder.modules():
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
            layer.weight *= 0.7
    for name, weight in codec.decoder.named_parameters():
        if not name.endswith("weight"):  # biases, and alphas, which are positive
            weight.uniform_(0.1, 1.5)
    return codec.eval()


def processor_seconds(call: Callable[[], Tensor]) -> tuple[float, Tensor]:
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def peak() -> float:
    """Return the peak memory in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


if __name__ == "__main__":
    main()
