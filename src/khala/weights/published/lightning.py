"""The published codec's file, written by Lightning, as the tensors of `models.codec.dac.codec`.

In its `state_dict` the codec's names begin with `generator.`; all others belong to the training. Convolutions are
weight-normed (`weight_g`, `weight_v`), codebooks are one tensor per level. All sizes follow from the tensors.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from khala.models.codec.config import DacConfig
from khala.music.errors import ModelError
from khala.nn.conv import fold_weight_norm
from khala.weights.published.archive import Archive, Stored
from khala.weights.published.places import require_inside
from khala.weights.tensors import is_finite

PREFIX = "generator."
RENAMED = {"encoder.": "encoder.block.", "decoder.": "decoder.model."}
CODEBOOK = "quantizer.vq_layer_{}._codebook.{}"
UNUSED = re.compile(r"quantizer\.(embed_\d+|vq_layer_\d+\._codebook\.(embed|embed_avg|cluster_size|inited))")
"""Tensors of the quantizer that are copies of the codebooks, or that only training needs."""


class CodecFile:
    """A codec in a file. `config`: its sizes; `ignored`: names of tensors that only training needs.

    Use it in a `with`. Raises ModelError for a file without such a codec.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self._archive = Archive(require_inside(root, path), str(path))
        try:
            content = self._archive.value()
            state = content.get("state_dict") if isinstance(content, dict) else None
            if not isinstance(state, dict):
                raise ModelError(f"{path} holds no state_dict: it is not a codec saved by Lightning")
            names = [name for name in state if isinstance(name, str)]
            self._tensors = {
                name.removeprefix(PREFIX): self._archive.stored(state[name], name)
                for name in names
                if name.startswith(PREFIX)
            }
            self.ignored = [name for name in names if not name.startswith(PREFIX)]
            try:
                self.config = _sizes(self._tensors)
            except (KeyError, IndexError, ValueError) as error:
                raise ModelError(f"{path}: its tensors are not those of a published codec ({error})") from None
        except BaseException:
            self._archive.close()
            raise

    def __enter__(self) -> "CodecFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def require(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise ModelError unless every tensor of `shapes` can be made, and no tensor of the codec is left over."""
        used: set[str] = set()
        for name, shape in shapes.items():
            for part, wanted in self._parts(name, shape).items():
                if part not in self._tensors:
                    raise ModelError(f"{self.path}: the tensor {PREFIX}{part} is missing; fetch it again")
                if (found := self._tensors[part].shape) != wanted:
                    raise ModelError(
                        f"{self.path}: {PREFIX}{part} has shape {list(found)}; it should be {list(wanted)}"
                    )
                used.add(part)
        for part in sorted(self._tensors.keys() - used):
            if not UNUSED.fullmatch(part):
                raise ModelError(f"{self.path}: the tensor {PREFIX}{part} is unknown to the published codec")
        for level in range(self.config.levels):
            fitted = CODEBOOK.format(level, "inited")
            if fitted in self._tensors and not self._read(fitted).all():
                raise ModelError(f"{self.path}: the codebook of level {level} was never fitted")

    def make(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Make a tensor of the codec in float32, its weight norm folded. Raises ModelError."""
        parts = {part: self._read(part) for part in self._parts(name, shape)}
        if name == "quantizer.codebooks":
            return torch.stack(list(parts.values()))
        (folded,) = fold_weight_norm(parts).values()
        if not is_finite(folded):  # a direction of length 0 has no norm
            raise ModelError(f"{self.path}: the weight norm of {name} gives NaN or infinity")
        return folded

    def _parts(self, name: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """Return the tensors in the file that `name` is made of, and their shapes."""
        if name == "quantizer.codebooks":
            return {CODEBOOK.format(level, "embed"): shape[1:] for level in range(shape[0])}
        for ours, theirs in RENAMED.items():
            if name.startswith(ours):
                name = theirs + name.removeprefix(ours)
        if name.endswith(".weight"):
            return {f"{name}_v": shape, f"{name}_g": (shape[0], *[1] * (len(shape) - 1))}
        return {name: shape}

    def _read(self, part: str) -> Tensor:
        stored = self._tensors[part]
        tensor = torch.empty(stored.shape, dtype=torch.float32)
        for row, block in self._archive.blocks(stored, PREFIX + part):
            tensor.view(-1, *block.shape[1:])[row : row + len(block)] = block
        return tensor


def _sizes(tensors: Mapping[str, Stored]) -> DacConfig:
    """Derive the configuration from shapes. Raises KeyError, IndexError, ValueError for shapes of something else."""

    def shape(name: str) -> Any:
        if len(found := tensors[name].shape) != 3:
            raise ValueError(f"{name} is not a convolution")
        return found

    def rates(stage: str) -> tuple[int, ...]:
        """Return half of every kernel, as strided convolutions are twice as long as their stride."""
        found: list[int] = []
        while (name := stage.format(len(found) + 1)) in tensors:
            found.append(shape(name)[2] // 2)
        return tuple(found)

    width, channels, _ = shape("encoder.block.0.weight_v")
    widest, dim, _ = shape("decoder.model.0.weight_v")
    levels = sum(bool(re.fullmatch(r"quantizer\.vq_layer_\d+\._codebook\.embed", name)) for name in tensors)
    codebook, _ = tensors[CODEBOOK.format(0, "embed")].shape
    strides, ups = rates("encoder.block.{}.block.4.weight_v"), rates("decoder.model.{}.block.1.weight_v")
    if not strides or math.prod(strides) != math.prod(ups) or math.prod(strides) < 1:
        raise ValueError(f"strides {strides} and rates {ups}")
    return DacConfig(
        channels=channels,
        encoder_width=width,
        encoder_strides=strides,
        decoder_width=widest,
        decoder_rates=ups,
        dim=dim,
        codebook=codebook,
        levels=levels,
    )
