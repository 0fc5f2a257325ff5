"""Finetuning a model on somebody's own songs, from a folder of them to an adapter."""

import json
import secrets
import shutil
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from khala.audio.replacing import replacing
from khala.conditioning.vocabulary import require_vocabulary
from khala.models.lm.transformer import Transformer
from khala.music.errors import InvalidRequest, OutputError
from khala.training import loop
from khala.training.finetuning.adapters import (
    AdapterObjective,
    BackboneAdapters,
    Progress,
    SuperresAdapters,
    add_adapters,
)
from khala.training.finetuning.estimate import Estimate, micro_batch
from khala.training.finetuning.options import FinetuneOptions
from khala.training.ranks import Ranks
from khala.training.recipe import BackboneRecipe, LanguageModelRecipe, SuperresRecipe
from khala.weights.adapters import ABOUT, CONFIG, MODULE, PARTS, PREFIX, TENSORS
from khala.weights.loading import load_backbone, load_codec, load_superres
from khala.weights.opening import OpenModel
from khala.weights.saving import replace_model

EVAL_STEPS = 10
"""How often held-out songs are measured in a run whose budget is minutes."""
CORRUPTED = 0.05
"""Codes that are replaced by others of the song, so that few songs are not learnt by heart."""
EVAL_SONGS = 8
"""Most songs that are measured."""
PHONE_LOSS = 0.7
"""Weight of the loss on the phones of a model that is led through its words by them, as in its training."""


@dataclass(frozen=True)
class Trained:
    """The adapters of both models by name, and the held-out losses in nats a code, before and after, by part."""

    tensors: dict[str, Tensor]
    losses: dict[str, Progress]


def train_adapters(
    model: OpenModel, tokens: Path, run: Path, options: FinetuneOptions, plan: Estimate, device: torch.device
) -> Trained:
    """Train the adapters of the backbone, then those of super-resolution, or go on with a run that was interrupted.
    Raises InvalidRequest for less than two songs, or a run of other settings, KhalaError."""
    require_vocabulary(model.config)
    _require_same(run, model, options)
    tensors, losses = dict[str, Tensor](), dict[str, Progress]()
    for part in PARTS:
        (run / part).mkdir(parents=True, exist_ok=True)
        torch.manual_seed(options.seed)
        objective, recipe = _prepare(part, model, tokens, run / part, options, plan)
        best = loop.train(objective, recipe, run / part, Ranks(device=device))
        losses[part] = objective.progress
        for name, tensor in load_file(best).items():
            tensors[f"{PREFIX}{part}.{name.replace('.default.', '.')}"] = tensor
    return Trained(tensors, losses)


def save_adapter(
    folder: Path, model: OpenModel, trained: Trained, options: FinetuneOptions, songs: int, name: str
) -> None:
    """Write an adapter's folder, whole or not at all; it may replace another adapter, but nothing else. Raises
    OutputError."""
    from peft import LoraConfig

    folder = require_adapter_place(folder)
    part = folder.with_name(f".{secrets.token_hex(8)}.part")
    matrices = rf"(?:{'|'.join(PARTS)})\.{MODULE}"
    config = LoraConfig(r=options.rank, lora_alpha=options.alpha, target_modules=matrices, base_model_name_or_path=name)
    config.inference_mode = True
    losses = {part: {"before": its.before, "after": its.best} for part, its in trained.losses.items()}
    about = {"base": {"name": name, "digest": model.digest}, "trigger": options.trigger, "songs": songs}
    try:
        part.mkdir(parents=True)
        config.save_pretrained(str(part))
        save_file(trained.tensors, part / TENSORS, metadata={"format": "pt"})
        (part / TENSORS).chmod(0o644)  # the library writes files that only their owner may read
        (part / ABOUT).write_text(json.dumps({**about, "held_out": losses}, indent=1) + "\n", encoding="utf-8")
        replace_model(part, folder)
    except OSError as error:
        raise OutputError(f"cannot write the adapter to {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def require_adapter_place(folder: Path) -> Path:
    """Return a folder's absolute path. Raises OutputError if it holds something else than an adapter."""
    folder = folder.absolute()
    if folder.exists() and not (folder.is_dir() and ((folder / CONFIG).is_file() or not any(folder.iterdir()))):
        raise OutputError(f"{folder} holds something else than an adapter; give another name")
    return folder


def _require_same(run: Path, model: OpenModel, options: FinetuneOptions) -> None:
    """Keep in a run's folder what its adapters depend on. Raises InvalidRequest if that was something else."""
    kept = run / "finetune.json"
    about = {"model": model.digest, "trigger": options.trigger, "rank": options.rank, "alpha": options.alpha}
    if kept.exists() and json.loads(kept.read_text(encoding="utf-8")) != about:
        raise InvalidRequest(f"{run} was begun with another model, trigger, rank or alpha; start anew: rm -r {run}")
    run.mkdir(parents=True, exist_ok=True)
    with replacing(kept) as part:
        part.write_text(json.dumps(about) + "\n", encoding="utf-8")


def _prepare(
    part: str, model: OpenModel, tokens: Path, run: Path, options: FinetuneOptions, plan: Estimate
) -> tuple[AdapterObjective, LanguageModelRecipe]:
    """Load a part of the model, put adapters into it, and return its training and the settings of the loop."""
    codebooks_QCK = load_codec(model, "cpu").codebooks
    load = load_backbone if part == "backbone" else load_superres
    network: Transformer = load(model, "cpu", plan.dtype, codebooks_QCK)
    add_adapters(network, options.rank, options.alpha)
    common: dict[str, Any] = {
        "minutes": options.minutes,
        "steps": 0 if options.minutes else options.steps,
        "eval_steps": EVAL_STEPS if options.minutes else max(1, options.steps // options.evaluations),
        "seed": options.seed,
        "threads": options.threads,
        "batch_tokens": options.batch_tokens,
        "micro_batch_tokens": micro_batch(options),
        "max_frames": ceil(options.seconds * model.config.frame_rate),
        "recompute": plan.recompute,
        "precision": "auto" if options.dtype == "auto" else options.dtype,
        "code_corruption": CORRUPTED,
        "eval_songs": EVAL_SONGS,
        "checkpoint_minutes": 2.0,
    }
    how: dict[str, Any] = {
        "run": run,
        "trigger": options.trigger,
        "rate": options.rate,
        "patience": options.patience,
    }
    if part == "backbone":
        led = model.config.prompt.lyrics == "phones"
        backbone = BackboneRecipe(**common, phone_loss_weight=PHONE_LOSS if led else 0.0)
        made = BackboneAdapters(network, tokens, model.tokenizer, model.config.prompt, backbone, **how)
        return made, backbone
    superres = SuperresRecipe(**common, causal=0.0)
    return SuperresAdapters(network, tokens, model.tokenizer, model.config.prompt, superres, **how), superres
