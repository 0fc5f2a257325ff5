"""Adapters with random changes, as PEFT writes them: what several test files add to models."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from khala.weights.adapters import ABOUT, CONFIG, PARTS, PREFIX, TENSORS
from khala.weights.tensor_file import TensorFile

RANK, ALPHA = 2, 8


def write_adapter(
    folder: Path,
    model: Path,
    digest: str = "",
    *,
    trigger: str = "",
    seed: int = 0,
    size: float = 0.1,
    names: tuple[str, ...] = ("attention.qkv", "mlp.down"),
    config: Mapping[str, object] = {},
) -> Path:
    """Write an adapter of the matrices `names` of all blocks of both language models of a model folder."""
    random = np.random.default_rng(seed)
    tensors = {}
    for part, file in PARTS.items():
        for name, its in TensorFile(model / file).tensors.items():
            module = name.removesuffix(".weight")
            if module.startswith("blocks.") and module.endswith(names):
                outputs, inputs = its.shape
                for side, shape in (("A", (RANK, inputs)), ("B", (outputs, RANK))):
                    values = random.normal(scale=size, size=shape).astype(np.float32)
                    tensors[f"{PREFIX}{part}.{module}.lora_{side}.weight"] = values
    folder.mkdir(parents=True)
    save_file(tensors, folder / TENSORS)
    (folder / CONFIG).write_text(
        json.dumps({"peft_type": "LORA", "r": RANK, "lora_alpha": ALPHA, "target_modules": list(names), **config})
    )
    about = {"base": {"name": "tiny", "digest": digest}, "trigger": trigger, "songs": 3}
    (folder / ABOUT).write_text(json.dumps(about))
    return folder
