"""Exporting a backbone as a stock Llama checkpoint, for `transformers` and compatible engines.

Khala's backbone is a Llama: the same norms, rotary positions (rotate-half), grouped queries and SwiGLU, with biases
that a stock Llama may have too. Only names differ, and query, key and value, and gate and up, are fused here. Biases
that an import doubled are stored doubled, and stay so.
"""

import json
import math
import secrets
import shutil
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import tokenizers
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from tokenizers import AddedToken

from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import TransformerConfig
from khala.music.errors import InvalidRequest, OutputError
from khala.music.layout import TokenLayout
from khala.music.progress import Progress, silent
from khala.nn.rope import SCALED_CONTEXT
from khala.weights.names import BACKBONE, TOKENIZER, broken_file, read_config, resolve, verified_digest
from khala.weights.tensors import check_shapes, stream_tensors

_DTYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}


def export_llama(name: str, to: Path, progress: Progress = silent) -> None:
    """Write the backbone of the model `name` to the new folder `to`, in the dtype that it is stored in.

    One tensor at a time is in memory. Raises InvalidRequest if the backbone is not a Llama, ModelError if the model is
    missing or broken, OutputError if `to` cannot be written.
    """
    folder = resolve(name)
    config = read_config(folder)
    require_llama(config)
    to = _require_new(to)
    digest = verified_digest(folder)
    part = to.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.mkdir(parents=True)
        dtype = _write_weights(folder, config.backbone, part / "model.safetensors", progress)
        _write_json(part / "config.json", llama_config(config.backbone, dtype))
        _write_json(part / "generation_config.json", _generation(config))
        _write_tokenizer(folder, config.backbone, part)
        (part / "README.md").write_text(_card(name, config, digest), encoding="utf-8")
        part.rename(to)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise OutputError(f"cannot write {to}: {reason}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def require_llama(config: ModelConfig) -> None:
    """Raise InvalidRequest, with the reasons, if the backbone of `config` is not a stock Llama."""
    reasons = []
    if config.backbone.codebook_dim is not None:
        reasons.append("it embeds codes through the codec's codebooks")
    if config.backbone.condition_rows:
        reasons.append("it takes conditions besides tokens")
    if config.backbone.qk_norm:
        reasons.append("it normalises queries and keys")
    if reasons:
        raise InvalidRequest(f"{config.name} cannot become a Llama: {' and '.join(reasons)}; a stock Llama does not")


def llama_config(config: TransformerConfig, dtype: str) -> dict[str, Any]:
    """Return the `config.json` of the same Llama, in the keys of transformers 4, which 5 reads too."""
    scaling = None
    if config.rope_scaling != 1.0:
        scaling = {
            "rope_type": "llama3",
            "factor": config.rope_scaling,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": SCALED_CONTEXT,
        }
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.rows,
        "hidden_size": config.dim,
        "intermediate_size": config.ffn,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": config.context,
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_base,
        "rope_scaling": scaling,
        "attention_bias": config.bias,
        "mlp_bias": config.bias,
        "tie_word_embeddings": config.tied,
        "bos_token_id": config.layout.bos,
        "eos_token_id": config.layout.eos,
        "pad_token_id": config.layout.filler,
        "torch_dtype": dtype,
    }


def audio_token(level: int, code: int) -> str:
    """Return the name of a code's token."""
    return f"<|q{level}_{code}|>"


def codes_of(ids: Sequence[int], layout: TokenLayout) -> tuple[NDArray[np.int16], bool]:
    """Convert ids that an engine generated after a prompt -> codes int16 [2, T], and whether the song ended.

    Raises InvalidRequest if the ids do not alternate between levels 0 and 1, which an engine does not enforce.
    """
    ended = layout.eos in ids
    ids = list(ids[: ids.index(layout.eos)] if ended else ids[: len(ids) // 2 * 2])
    first = np.array([[layout.level_rows(0).start], [layout.level_rows(1).start]])
    if len(ids) % 2:
        raise InvalidRequest("the song ends within a frame; generate it again with another seed")
    codes = np.array(ids, dtype=np.int64).reshape(-1, 2).T - first
    wrong = ((codes < 0) | (codes >= layout.codebook)).T.ravel()
    if wrong.any():
        raise InvalidRequest(f"id {ids[wrong.argmax()]} is out of place; generate the song again with another seed")
    return codes.astype(np.int16), ended


def _require_new(to: Path) -> Path:
    try:
        taken = any(to.iterdir()) if to.is_dir() else to.exists()
    except OSError as error:  # a name that is too long, no permission
        raise OutputError(f"cannot write {str(to)[:100]}: {error.strerror}") from None
    if taken:
        raise OutputError(f"{to} is there already; name a new folder")
    return to.absolute()


def _write_weights(folder: Path, config: TransformerConfig, to: Path, progress: Progress) -> str:
    """Write the tensors; returns the name of the embedding's dtype."""
    parts = _parts(config)
    try:
        with torch.device("meta"):
            check_shapes(folder / BACKBONE, Backbone(config))
        with safe_open(folder / BACKBONE, "pt") as file:
            tensors = {}
            for name, (source, rows) in parts.items():
                stored = file.get_slice(source)
                shape = stored.get_shape()
                size = shape[0] if rows is None else rows.stop - rows.start
                tensors[name] = (_DTYPES[stored.get_dtype()], (size, *shape[1:]))
            _require_room(to, sum(dtype.itemsize * math.prod(shape) for dtype, shape in tensors.values()))

            def make(name: str) -> torch.Tensor:
                source, rows = parts[name]
                tensor: torch.Tensor = file.get_slice(source)[rows] if rows else file.get_tensor(source)
                return tensor

            stream_tensors(to, tensors, make, lambda done, total: progress("export", done, total))
    except (SafetensorError, ValueError, KeyError) as error:
        raise broken_file(folder, BACKBONE, error) from None
    return str(tensors["model.embed_tokens.weight"][0]).removeprefix("torch.")


def _parts(config: TransformerConfig) -> dict[str, tuple[str, slice | None]]:
    """Map Llama's names to tensors of a backbone, and to rows where they are a part of one."""
    queries, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim
    linear: dict[str, tuple[str, slice | None]] = {
        "self_attn.q_proj": ("attention.qkv", slice(0, queries)),
        "self_attn.k_proj": ("attention.qkv", slice(queries, queries + keys)),
        "self_attn.v_proj": ("attention.qkv", slice(queries + keys, queries + 2 * keys)),
        "self_attn.o_proj": ("attention.out", None),
        "mlp.gate_proj": ("mlp.gate_up", slice(0, config.ffn)),
        "mlp.up_proj": ("mlp.gate_up", slice(config.ffn, 2 * config.ffn)),
        "mlp.down_proj": ("mlp.down", None),
    }
    parts: dict[str, tuple[str, slice | None]] = {
        "model.embed_tokens.weight": ("embedding.weight", None),
        "model.norm.weight": ("norm.weight", None),
    }
    if not config.tied:
        parts["lm_head.weight"] = ("head.weight", None)
    for layer in range(config.layers):
        there, here = f"model.layers.{layer}.", f"blocks.{layer}."
        parts[there + "input_layernorm.weight"] = (here + "attention_norm.weight", None)
        parts[there + "post_attention_layernorm.weight"] = (here + "mlp_norm.weight", None)
        for kind in ("weight", "bias") if config.bias else ("weight",):
            for name, (source, rows) in linear.items():
                parts[f"{there}{name}.{kind}"] = (f"{here}{source}.{kind}", rows)
    return parts


def _require_room(to: Path, needed: int) -> None:
    free = shutil.disk_usage(to.parent).free
    if needed > free:
        raise OutputError(f"the export needs {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free; make room")


def _generation(config: ModelConfig) -> dict[str, Any]:
    layout, sampling = config.backbone.layout, config.sampling
    return {
        "bos_token_id": layout.bos,
        "eos_token_id": layout.eos,
        "pad_token_id": layout.filler,
        "do_sample": True,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
    }


def _write_tokenizer(folder: Path, config: TransformerConfig, to: Path) -> None:
    """Write the model's tokenizer with a token for every code, so that it covers the whole vocabulary."""
    backend = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER))
    names = (audio_token(level, code) for level in range(config.levels) for code in range(config.codebook))
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    if backend.get_vocab_size() != config.rows:
        error = ValueError(f"with the codes it has {backend.get_vocab_size()} ids; the backbone has {config.rows}")
        raise broken_file(folder, TOKENIZER, error)
    backend.save(str(to / "tokenizer.json"), pretty=False)
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|begin_of_text|>",
        "eos_token": "<|end_of_text|>",
        "pad_token": config.layout.special_tokens[config.layout.filler - config.layout.special_base],
        "clean_up_tokenization_spaces": False,
        "model_max_length": config.context,
    }
    _write_json(to / "tokenizer_config.json", settings)


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _card(name: str, config: ModelConfig, digest: str) -> str:
    known = config.license.lower() in ("apache-2.0", "cc-by-nc-4.0")
    origin = ""
    if config.origin is not None:
        backbone = config.origin.backbone
        origin = (
            f"\nImported from iteration {backbone.iteration}; biases of the first MLP layer {backbone.fc1_bias} "
            f"({backbone.why}). The tensors here hold them as they are used.\n"
        )
    template = Template(files(__package__).joinpath("llama_card.md").read_text(encoding="utf-8"))
    return template.substitute(
        name=config.name,
        call=json.dumps(name),
        license=config.license,
        tag=config.license.lower() if known else "other",
        digest=digest,
        origin=origin,
        context=config.backbone.context,
        text=config.backbone.text_vocab,
        codebook=config.backbone.codebook,
    )
