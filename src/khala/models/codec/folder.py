"""A spectral codec alone in a folder: `model.safetensors` and `config.json`, as its training leaves it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from khala.models.codec.config import SpectralConfig
from khala.models.codec.spectral.codec import SpectralCodec
from khala.music.errors import ModelError


def save_codec(codec: SpectralCodec, folder: Path) -> None:
    """Write the configuration, and all tensors as float16, which projection and codebooks are fitted for."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(asdict(codec.config), indent=2) + "\n", encoding="utf-8")
    part = folder / "model.safetensors.part"
    save_file({name: tensor.detach().half().contiguous() for name, tensor in codec.state_dict().items()}, part)
    part.rename(folder / "model.safetensors")


def load_codec(folder: Path) -> SpectralCodec:
    """Load the codec in `folder`, in float32. Raises ModelError if there is none or it is broken."""
    try:
        codec = SpectralCodec(SpectralConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8"))))
        tensors = load_file(folder / "model.safetensors")
        codec.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"no codec could be read from {folder} ({reason}); make one with: khala train codec RECIPE"
        ) from error
    return codec.eval().requires_grad_(False)
