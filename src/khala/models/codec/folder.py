"""A codec alone in a folder: `model.safetensors` and `config.json`, as its training leaves it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from khala.models.codec.config import CODEC_CONFIGS, CodecConfig, DacConfig
from khala.models.codec.dac.codec import Dac
from khala.models.codec.families import build_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.music.errors import ModelError

WEIGHTS = "model.safetensors"


def save_codec(codec: SpectralCodec | Dac, folder: Path) -> None:
    """Write the configuration, and all tensors as float16, which projection and codebooks are fitted for."""
    folder.mkdir(parents=True, exist_ok=True)
    family = "dac" if isinstance(codec.config, DacConfig) else "spectral"
    values = {"family": family, **asdict(codec.config)}
    (folder / "config.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    part = folder / f"{WEIGHTS}.part"
    save_file({name: tensor.detach().cpu().half().contiguous() for name, tensor in codec.state_dict().items()}, part)
    part.rename(folder / WEIGHTS)


def load_codec(folder: Path) -> SpectralCodec | Dac:
    """Load the codec in `folder`, in float32. Raises ModelError if there is none or it is broken."""
    try:
        codec = build_codec(_config(json.loads((folder / "config.json").read_text(encoding="utf-8"))))
        tensors = load_file(folder / WEIGHTS)
        codec.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"no codec could be read from {folder} ({reason}); make one with: khala train codec RECIPE"
        ) from error
    return codec.eval().requires_grad_(False)


def load_spectral(folder: Path) -> SpectralCodec:
    """Load the spectral codec in `folder`. Raises ModelError, also if it is of the other family."""
    codec = load_codec(folder)
    if not isinstance(codec, SpectralCodec):
        raise ModelError(f"{folder} holds a dac codec, not the recipe's spectral one; choose another --run")
    return codec


def _config(values: dict[str, Any]) -> CodecConfig:
    """The configuration in a folder's JSON; without a family, as 0.1 wrote it, a spectral one."""
    kind: Callable[..., CodecConfig] = CODEC_CONFIGS[values.pop("family", "spectral")]
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
