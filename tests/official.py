"""The checkpoints of the reference fixtures (Megatron's own files) as Khala models, for tests of parity."""

import json
import sys
import warnings
from pathlib import Path
from types import ModuleType

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.metadata import TensorStorageMetadata

from khala.models.backbone import Backbone
from khala.models.config import TransformerConfig
from khala.models.superres import Superres


def load_official(folder: Path) -> tuple[Backbone, Superres]:
    """Both language models of `official-a` or `official-c`, in float32."""
    made_from = json.loads((folder / "constants.json").read_text(encoding="utf-8"))["config"]
    arch = made_from["arch"]
    models = []
    for kind, name, levels in ((Backbone, "backbone", 2), (Superres, "superresolution", 64)):
        config = TransformerConfig(
            text_vocab=512,
            codebook=32,
            levels=levels,
            dim=arch["hidden_size"],
            layers=arch["num_layers"],
            heads=arch["num_attention_heads"],
            kv_heads=arch["num_query_groups"],
            head_dim=arch["hidden_size"] // arch["num_attention_heads"],
            ffn=arch["ffn_hidden_size"],
            bias=made_from.get("bias", False),
        )
        model = kind(config)
        (checkpoint,) = (folder / "checkpoints" / name).glob("iter_*")
        model.load_state_dict(_convert(_read(checkpoint), config))
        models.append(model)
    return models[0], models[1]


def _read(checkpoint: Path) -> dict[str, torch.Tensor]:
    # its .metadata, a pickle that only these fixtures are trusted with, names one class of Megatron
    name = "megatron.core.dist_checkpointing.strategies.torch"
    for depth in range(1, name.count(".") + 2):
        sys.modules.setdefault(".".join(name.split(".")[:depth]), ModuleType(name))
    sys.modules[name].MCoreSavePlan = type("MCoreSavePlan", (), {})  # type: ignore[attr-defined]
    reader = dcp.FileSystemReader(checkpoint)
    stored = reader.read_metadata().state_dict_metadata
    tensors = {
        key: torch.empty(entry.size, dtype=entry.properties.dtype)
        for key, entry in stored.items()
        if isinstance(entry, TensorStorageMetadata)
    }
    with warnings.catch_warnings(action="ignore"):  # that there is one process, as told
        dcp.load(tensors, storage_reader=reader, no_dist=True)
    return {key: tensor.float() for key, tensor in tensors.items()}


def _convert(tensors: dict[str, torch.Tensor], config: TransformerConfig) -> dict[str, torch.Tensor]:
    heads, groups, width = config.heads // config.kv_heads, config.kv_heads, config.head_dim

    def of_layer(layer: int, name: str) -> torch.Tensor:
        stacked = tensors.get(f"decoder.layers.{name}")
        return tensors[f"decoder.layers.{layer}.{name}"] if stacked is None else stacked[layer]

    def gate_up(layer: int, kind: str) -> torch.Tensor:
        try:
            return of_layer(layer, f"mlp.linear_fc1.{kind}")
        except KeyError:
            return torch.cat([of_layer(layer, f"mlp.linear_fc1.{kind}_{half}") for half in "wv"])

    weights = {
        "embedding.weight": tensors["embedding.word_embeddings.weight"][: config.rows],
        "head.weight": tensors["output_layer.weight"][: config.rows],
        "norm.weight": tensors["decoder.final_layernorm.weight"],
    }
    for layer in range(config.layers):
        block = f"blocks.{layer}."
        weights[block + "attention_norm.weight"] = of_layer(layer, "self_attention.linear_qkv.layer_norm_weight")
        weights[block + "mlp_norm.weight"] = of_layer(layer, "mlp.linear_fc1.layer_norm_weight")
        for kind in ("weight", "bias") if config.bias else ("weight",):
            grouped = of_layer(layer, f"self_attention.linear_qkv.{kind}").unflatten(0, (groups, heads + 2, width))
            parts = (grouped[:, :heads], grouped[:, heads : heads + 1], grouped[:, heads + 1 :])
            weights[block + f"attention.qkv.{kind}"] = torch.cat([part.flatten(0, 2) for part in parts])
            weights[block + f"attention.out.{kind}"] = of_layer(layer, f"self_attention.linear_proj.{kind}")
            weights[block + f"mlp.gate_up.{kind}"] = gate_up(layer, kind)
            weights[block + f"mlp.down.{kind}"] = of_layer(layer, f"mlp.linear_fc2.{kind}")
    return weights
