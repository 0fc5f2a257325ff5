"""Saving model folders: whole or not at all."""

import json
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn

from khala.models.config import ModelConfig
from khala.music.errors import OutputError
from khala.weights import configs
from khala.weights.digests import write_digests
from khala.weights.names import BACKBONE, CARD, CODEC, CONFIG, FORMAT, SUPERRES, TOKENIZER, digested_files
from khala.weights.tensors import save_module
from khala.weights.tokenizer import Tokenizer


def save_model(
    folder: Path,
    config: ModelConfig,
    backbone: nn.Module,
    superres: nn.Module,
    codec: nn.Module,
    tokenizer: Tokenizer,
    card: str,
    dtype: torch.dtype = torch.float16,
    write_graphs: Callable[[Path], None] = lambda folder: None,
) -> None:
    """Write a model folder with its weights in `dtype`. It may replace a model, but nothing else.

    `write_graphs` writes its graphs beside the weights and the configuration (`engine.onnx.graphs`).

    Raises OutputError if it cannot be written, ValueError if a weight does not fit `dtype`.
    """
    folder = require_free(folder)
    part = folder.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.mkdir(parents=True)
        for name, module in ((BACKBONE, backbone), (SUPERRES, superres), (CODEC, codec)):
            save_module(part / name, module, dtype)
        write_metadata(part, config, tokenizer, card)
        write_graphs(part)
        write_digests(part, digested_files(part))
        replace_model(part, folder)
    except (OSError, SafetensorError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise OutputError(f"cannot write the model to {folder}: {reason}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def require_free(folder: Path) -> Path:
    """Return `folder` as an absolute path. Raises OutputError if it holds something else than a model."""
    folder = folder.absolute()
    if folder.exists() and not (folder.is_dir() and ((folder / CONFIG).is_file() or not any(folder.iterdir()))):
        raise OutputError(f"{folder} holds something else than a model; name a new folder")
    return folder


def write_metadata(folder: Path, config: ModelConfig, tokenizer: Tokenizer, card: str) -> None:
    """Write configuration, tokenizer and card next to the weights in `folder`. Raises OSError."""
    text = json.dumps({"format": FORMAT, **configs.to_json(config)}, indent=1, ensure_ascii=False)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
    tokenizer.save(folder / TOKENIZER)
    (folder / CARD).write_text(card, encoding="utf-8")


def replace_model(part: Path, folder: Path) -> None:
    """Rename `part` to `folder`. A model there is deleted only after the new one is in its place. Raises OSError."""
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
