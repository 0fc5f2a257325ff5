"""Peak memory and time of `khala models import`, on published weights of full size with random numbers.

    python benchmarks/import.py [--folder FOLDER] [--layers 24] [--ranks 4]

Writes 8 GB of weights to a new folder in FOLDER (default: here), imports them (8 GB more), and deletes both. The layout
is the published one, split among several ranks: the backbone's layers are stacked, those of super-resolution are not.
The limit of memory is 1.5 times the largest tensor plus 1 GB. Llama 3's tokenizer is that of the package llama-models.
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor

from khala.models.codec.config import DacConfig
from khala.models.codec.dac.codec import Dac
from khala.models.presets import official

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from megatron import write_checkpoint

PADDING = 128
DRAWN = 1 << 22
"""Distinct random numbers; larger tensors repeat them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path())
    parser.add_argument("--layers", type=int, default=official().backbone.layers)
    parser.add_argument("--ranks", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="import-benchmark-") as name:
        folder = Path(name)
        began = time.monotonic()
        largest = write_weights(folder / "published", arguments.layers, arguments.ranks)
        files = [path for path in (folder / "published").rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
        print(f"{size / 1e9:.2f} GB in {len(files)} files, written in {time.monotonic() - began:.0f} s")
        copied = copy_rate(max(files, key=lambda path: path.stat().st_size), folder / "copy")

        command = [sys.executable, "-m", "khala", "models", "import", folder / "published", "--to", folder / "model"]
        began = time.monotonic()
        subprocess.run([*command, "--quiet"], check=True)
        seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, computed = used.ru_maxrss * 1024, used.ru_utime + used.ru_stime
    print(
        f"peak memory {peak / 1e9:.2f} GB; at most {(1.5 * largest + 1e9) / 1e9:.2f} GB, for a largest tensor of "
        f"{largest / 1e9:.2f} GB"
    )
    print(f"{seconds:.0f} s, of them {computed:.0f} s of processor time; {size / seconds / 1e6:.0f} MB/s")
    print(f"a copy runs at {copied / 1e6:.0f} MB/s")


def write_weights(folder: Path, layers: int, ranks: int) -> int:
    """Write published weights of the official sizes; returns the bytes of the largest tensor."""
    config = official()
    folder.mkdir()
    drawn = (0.02 * torch.randn(DRAWN, generator=torch.Generator().manual_seed(0))).bfloat16()

    def numbers(name: str, shape: tuple[int, ...]) -> Tensor:
        size = torch.Size(shape).numel()
        return drawn.repeat(-(-size // DRAWN))[:size].view(shape)

    rows = {"backbone": config.backbone.rows + PADDING, "superresolution": config.superres.rows + PADDING}
    c = config.backbone
    shape = {"num_layers": layers, "hidden_size": c.dim, "num_attention_heads": c.heads, "kv_channels": c.head_dim}
    shape |= {"num_query_groups": c.kv_heads, "ffn_hidden_size": c.ffn}
    for part, iteration in (("backbone", 36000), ("superresolution", 10000)):
        write_checkpoint(
            folder / part,
            rows[part],
            name=f"iter_{iteration:07d}",
            iteration=iteration,
            arguments=shape,
            stacked=part == "backbone",
            ranks=ranks,
            numbers=numbers,
        )
    write_codec(folder / "dac_rvq_2490000.ckpt", config.codec if isinstance(config.codec, DacConfig) else DacConfig())
    return rows["superresolution"] * c.dim * drawn.itemsize


def write_codec(path: Path, config: DacConfig) -> None:
    """Write the codec's file: fresh weights under the published names, weight-normed."""
    codec, state = Dac(config), {}
    for name, tensor in codec.state_dict().items():
        theirs = "generator." + name.replace("encoder.", "encoder.block.", 1).replace("decoder.", "decoder.model.", 1)
        if name == "quantizer.codebooks":
            for level in range(config.levels):
                book = f"generator.quantizer.vq_layer_{level}._codebook."
                state[f"{book}embed"] = torch.randn(config.codebook, config.dim)
                state[f"{book}inited"] = torch.ones(1)
        elif name.endswith(".weight"):
            lengths = tensor.flatten(1).norm(dim=1).view(-1, *[1] * (tensor.dim() - 1))
            state[f"{theirs}_v"], state[f"{theirs}_g"] = tensor, lengths
        else:
            state[theirs] = tensor
    torch.save({"state_dict": state}, path)


def copy_rate(source: Path, to: Path) -> float:
    """Return bytes per second of a plain copy that is synced to the disk."""
    began = time.monotonic()
    shutil.copyfile(source, to)
    with to.open("rb+") as file:
        os.fsync(file.fileno())
    return source.stat().st_size / (time.monotonic() - began)


if __name__ == "__main__":
    main()
