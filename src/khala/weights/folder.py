"""Model folders: saved whole or not at all, and loaded only after everything in them has been checked."""

import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from khala.models.codec.base import Codec
from khala.models.codec.config import CodecConfig, DacConfig, SpectralConfig
from khala.models.codec.dac.codec import Dac
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.lm.transformer import Transformer
from khala.music.errors import OutputError
from khala.music.layout import TokenLayout
from khala.nn.precision import Formats, unquantized_dtype
from khala.weights import configs
from khala.weights.digests import write_digests
from khala.weights.names import (
    BACKBONE,
    CARD,
    CODEC,
    CONFIG,
    DIGESTED,
    FORMAT,
    SUPERRES,
    TOKENIZER,
    broken,
    read_config,
    resolve,
    verified_digest,
)
from khala.weights.tensors import load_module, save_module
from khala.weights.tokenizer import Tokenizer

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True)
class LoadedModel:
    """A system ready to run: the language models in the formats that were asked for, the codec always in float32.

    int8 is for the matrices of the language models' blocks, rounded as they are read; all else of them is bfloat16."""

    config: ModelConfig
    layout: TokenLayout
    tokenizer: Tokenizer
    backbone: Backbone
    superres: Superres
    codec: Codec
    digest: str
    folder: Path

    @property
    def codebooks(self) -> Tensor:
        """The codec's codebooks, [Q, C, K]."""
        return self.codec.codebooks

    @property
    def device(self) -> torch.device:
        return self.backbone.device

    @property
    def formats(self) -> Formats:
        """Those of the language models' weights (`Transformer.dtype`)."""
        return Formats(self.backbone.dtype, self.superres.dtype)


def save_model(
    folder: Path,
    config: ModelConfig,
    backbone: nn.Module,
    superres: nn.Module,
    codec: nn.Module,
    tokenizer: Tokenizer,
    card: str,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write a model folder, its weights in `dtype`; a model that stood there is replaced, and nothing else ever is.

    Raises OutputError if it cannot be written, ValueError if a weight does not fit `dtype`.
    """
    folder = require_free(folder)
    part = folder.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.mkdir(parents=True)
        for name, module in ((BACKBONE, backbone), (SUPERRES, superres), (CODEC, codec)):
            save_module(part / name, module, dtype)
        furnish(part, config, tokenizer, card)
        replace(part, folder)
    except (OSError, SafetensorError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise OutputError(f"cannot write the model to {folder}: {reason}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def require_free(folder: Path) -> Path:
    """`folder` as an absolute path, if a model may be put there. Raises OutputError if it holds something else."""
    folder = folder.absolute()
    if folder.exists() and not (folder.is_dir() and ((folder / CONFIG).is_file() or not any(folder.iterdir()))):
        raise OutputError(f"{folder} holds something else than a model; name a new folder")
    return folder


def furnish(part: Path, config: ModelConfig, tokenizer: Tokenizer, card: str) -> None:
    """Add to the weights in `part` all else that a model has. Raises OSError."""
    text = json.dumps({"format": FORMAT, **configs.to_json(config)}, indent=1, ensure_ascii=False)
    (part / CONFIG).write_text(text + "\n", encoding="utf-8")
    tokenizer.save(part / TOKENIZER)
    (part / CARD).write_text(card, encoding="utf-8")
    write_digests(part, DIGESTED)


@dataclass(frozen=True)
class OpenModel:
    """A model whose folder has been checked. Its parts are read when they are called for, each anew every time.

    Calling for one raises ModelError, as `load_model` does."""

    config: ModelConfig
    tokenizer: Tokenizer
    digest: str
    folder: Path

    @property
    def layout(self) -> TokenLayout:
        return self.config.layout

    def backbone(self, device: str | torch.device, dtype: torch.dtype, codebooks_QCK: Tensor) -> Backbone:
        """The backbone with its weights in `dtype`, bound to the codec's codebooks."""
        model = _load(self.folder, BACKBONE, lambda: Backbone(self.config.backbone), device, dtype)
        return model.bind_codebooks(codebooks_QCK)

    def superres(self, device: str | torch.device, dtype: torch.dtype, codebooks_QCK: Tensor) -> Superres:
        """Super-resolution, likewise."""
        model = _load(self.folder, SUPERRES, lambda: Superres(self.config.superres), device, dtype)
        return model.bind_codebooks(codebooks_QCK)

    def codec(self, device: str | torch.device) -> SpectralCodec | Dac:
        """The codec, in float32."""
        return _load(self.folder, CODEC, lambda: build_codec(self.config.codec), device, torch.float32)


def open_model(name: str | Path, verify: bool = True) -> OpenModel:
    """Find and check the model `name` (as `load_model`), all but the values of its weights."""
    folder = resolve(str(name))
    config = read_config(folder)
    digest = verified_digest(folder, verify)
    tokenizer = Tokenizer.load(folder / TOKENIZER)
    if tokenizer.vocab != config.layout.text_vocab:
        fault = ValueError(f"it has {tokenizer.vocab} ids; by {CONFIG} it has {config.layout.text_vocab}")
        raise broken(folder, TOKENIZER, fault)
    return OpenModel(config, tokenizer, digest, folder)


def load_model(
    name: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32, verify: bool = True
) -> LoadedModel:
    """Load the model `name`: an embedded name, a folder or a hub id (`names.resolve`).

    `verify` compares every file with `digests.json`. Whatever is missing, cut short, changed, unknown, of a wrong shape
    or not a number is a ModelError that says which file and how to mend it.
    """
    return load_parts(open_model(name, verify), device, Formats.uniform(dtype))


def load_parts(model: OpenModel, device: str | torch.device, formats: Formats) -> LoadedModel:
    """All of an opened model. Raises ModelError."""
    codec = model.codec(device)
    backbone = model.backbone(device, formats.backbone, codec.codebooks)
    superres = model.superres(device, formats.superres, codec.codebooks)
    return LoadedModel(
        model.config, model.layout, model.tokenizer, backbone, superres, codec, model.digest, model.folder
    )


def build_codec(config: CodecConfig) -> SpectralCodec | Dac:
    """The codec of a configuration, its weights not yet loaded."""
    match config:
        case SpectralConfig():
            return SpectralCodec(config)
        case DacConfig():
            return Dac(config)


def _load(folder: Path, file: str, make: Callable[[], M], device: str | torch.device, dtype: torch.dtype) -> M:
    """A module filled from `folder / file`, made where and as it is wanted: a large one would not fit twice.

    Raises ModelError before memory is used for a file that does not fit."""
    before = torch.get_default_dtype()
    int8 = dtype == torch.int8
    try:
        torch.set_default_dtype(unquantized_dtype(dtype))
        with torch.random.fork_rng(devices=[]), Uninitialised(), torch.device("cpu" if int8 else device):
            module = make()
        torch.set_default_dtype(before)
        if int8:
            assert isinstance(module, Transformer)
            module.quantize_(empty=True).to(device)  # before that, memory that was never touched
        load_module(folder / file, module)
    except (OSError, ValueError, RuntimeError) as error:  # torch's RuntimeError: sizes that no memory holds
        raise broken(folder, file, error) from None
    finally:
        torch.set_default_dtype(before)
    return module.eval().requires_grad_(False)


class Uninitialised(TorchFunctionMode):
    """Modules made within keep whatever lies in their memory: it is not even touched before a file's values go there.

    (On the meta device it would not be taken at all, but that costs seconds of imports.)
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def replace(part: Path, folder: Path) -> None:
    """Give `part` the name `folder`; a model that stood there goes only once the new one is in its place."""
    if not folder.exists():
        part.rename(folder)
        return
    old = folder.with_name(f".{secrets.token_hex(8)}.old")
    folder.rename(old)
    try:
        part.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old)
