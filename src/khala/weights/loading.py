"""Loading model folders: everything in them is checked first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from khala.models.codec.base import Codec
from khala.models.codec.dac.codec import Dac
from khala.models.codec.families import build_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.config import ModelConfig
from khala.models.durations import DurationModel
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.lm.transformer import Transformer
from khala.music.layout import TokenLayout
from khala.nn.precision import QUANTIZED, Formats, unquantized_dtype
from khala.weights.adapters import Merging, Weighed
from khala.weights.names import BACKBONE, CODEC, SUPERRES, broken_file
from khala.weights.opening import OpenModel, open_model
from khala.weights.tensors import load_module
from khala.weights.tokenizer import Tokenizer

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True)
class LoadedModel:
    """A system ready to run, its parts in the requested formats.

    In an int8 or int4 model the matrices of the blocks are rounded as they are read, and all other weights bfloat16.
    """

    config: ModelConfig
    layout: TokenLayout
    tokenizer: Tokenizer
    backbone: Backbone
    superres: Superres
    codec: Codec
    digest: str
    folder: Path
    durations: DurationModel | None = None
    adapters: tuple[Weighed, ...] = ()

    @property
    def codebooks(self) -> Tensor:
        """The codec's codebooks, [Q, C, K]."""
        return self.codec.codebooks

    @property
    def device(self) -> torch.device:
        return self.backbone.device

    @property
    def formats(self) -> Formats:
        """The dtypes of the weights of language models (`Transformer.dtype`) and decoder."""
        return Formats(self.backbone.dtype, self.superres.dtype, self.codec.decoder_dtype)


def load_model(
    name: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32, verify: bool = True
) -> LoadedModel:
    """Load the model `name`, found and checked as by `opening.open_model`.

    Raises ModelError, which names the file and a way to repair it, for what is missing, truncated, changed, unknown, of
    a wrong shape or not a number.
    """
    return load_parts(open_model(name, verify), device, Formats.uniform(dtype))


def load_parts(model: OpenModel, device: str | torch.device, formats: Formats) -> LoadedModel:
    """Load all parts of an opened model. Raises ModelError."""
    codec = load_codec(model, device, formats.codec)
    backbone = load_backbone(model, device, formats.backbone, codec.codebooks)
    superres = load_superres(model, device, formats.superres, codec.codebooks)
    return LoadedModel(
        model.config,
        model.layout,
        model.tokenizer,
        backbone,
        superres,
        codec,
        model.digest,
        model.folder,
        model.durations,
        model.adapters,
    )


def load_backbone(model: OpenModel, device: str | torch.device, dtype: torch.dtype, codebooks_QCK: Tensor) -> Backbone:
    """Load the backbone in `dtype`, bound to the codec's codebooks [Q, C, K]. Raises ModelError."""
    module = _load(model.folder, BACKBONE, lambda: Backbone(model.config.backbone), device, dtype, model.adapters)
    return module.bind_codebooks(codebooks_QCK)


def load_superres(model: OpenModel, device: str | torch.device, dtype: torch.dtype, codebooks_QCK: Tensor) -> Superres:
    """Load super-resolution in `dtype`, bound to the codec's codebooks [Q, C, K]. Raises ModelError."""
    module = _load(model.folder, SUPERRES, lambda: Superres(model.config.superres), device, dtype, model.adapters)
    return module.bind_codebooks(codebooks_QCK)


def load_codec(
    model: OpenModel, device: str | torch.device, decoder_dtype: torch.dtype = torch.float32
) -> SpectralCodec | Dac:
    """Load the codec in float32, but for the decoder of the published one. Raises ModelError."""

    def make() -> SpectralCodec | Dac:
        codec = build_codec(model.config.codec)
        return codec.narrow_decoder(decoder_dtype) if isinstance(codec, Dac) else codec

    return _load(model.folder, CODEC, make, device, torch.float32)


def _load(
    folder: Path,
    file: str,
    make: Callable[[], M],
    device: str | torch.device,
    dtype: torch.dtype,
    adapters: Sequence[Weighed] = (),
) -> M:
    """Build a module on its device and in its dtype, as a large one would not fit twice, and load `folder / file`, with
    what `adapters` change.

    Raises ModelError, for a file of other shapes before memory is used for it.
    """
    before = torch.get_default_dtype()
    quantized = dtype in QUANTIZED
    try:
        torch.set_default_dtype(unquantized_dtype(dtype))
        with torch.random.fork_rng(devices=[]), Uninitialised(), torch.device("cpu" if quantized else device):
            module = make()
        torch.set_default_dtype(before)
        if quantized:
            assert isinstance(module, Transformer)
            module.quantize_(dtype, empty=True).to(device)  # until then its memory is not touched
        load_module(folder / file, module, Merging(folder / file, adapters) if adapters else None)
    except (OSError, ValueError, RuntimeError) as error:  # torch's RuntimeError: sizes that no memory holds
        raise broken_file(folder, file, error) from None
    finally:
        torch.set_default_dtype(before)
    return module.eval().requires_grad_(False)


class Uninitialised(TorchFunctionMode):
    """Build modules without initialising them, so that their memory is not touched before values are loaded.

    (The meta device would not even allocate it, but takes seconds of imports.)
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))
