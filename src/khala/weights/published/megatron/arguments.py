"""The arguments of a Megatron training -> the configuration of a language model.

Of hundreds, those read here size the model, and those in `FIXED` would make it another kind of model than Khala's.
"""

from typing import Any, TypeVar

from khala.models.lm.config import TransformerConfig
from khala.music.errors import ModelError

T = TypeVar("T", int, float, bool)

FIXED: dict[str, Any] = {
    "normalization": "RMSNorm",
    "swiglu": True,
    "position_embedding_type": "rope",
    "rotary_percent": 1.0,
    "rotary_interleaved": False,
    "rotary_seq_len_interpolation_factor": None,
    "apply_layernorm_1p": False,
    "apply_residual_connection_post_layernorm": False,
    "multi_latent_attention": False,
    "qk_l2_norm": False,
    "softmax_type": "vanilla",
    "window_size": None,
    "no_rope_freq": None,
    "num_experts": None,
    "glu_linear_offset": 0.0,
    "activation_func_clamp_value": None,
}
"""Arguments that have one value in a model that can be imported; older trainings may lack them."""

LARGEST = {"num_layers": 1024, "rotary_base": 1e12}
"""The largest plausible values, 2 ** 20 for all others: more would be an attempt to fill the memory."""


def transformer_config(
    arguments: dict[str, Any],
    source: str,
    *,
    text_vocab: int,
    codebook: int,
    levels: int,
    qk_norm: bool,
    norm_eps: float | None = None,
    rope_scaling: float | None = None,
) -> TransformerConfig:
    """Derive the configuration. `qk_norm`: whether the checkpoint has norms of queries and keys.

    `norm_eps` and `rope_scaling` override the arguments. Raises ModelError, which begins with `source`.
    """

    def value(name: str, kind: type[T], default: T | None = None) -> T:
        found = arguments.get(name, default)
        if kind is float and type(found) is int and abs(found) < 1 << 53:
            found = float(found)
        if type(found) is not kind or (kind is not bool and not 0 < found <= LARGEST.get(name, 1 << 20)):
            raise ModelError(f"{source}: the argument {name} is {_shown(found)}, which no model has")
        return found

    for name, only in FIXED.items():
        if arguments.get(name, only) != only:
            raise ModelError(f"{source}: {name} is {_shown(arguments[name])}; only {only!r} is supported")
    heads, bias = value("num_attention_heads", int), value("add_bias_linear", bool)
    if not bias and arguments.get("add_qkv_bias", False):
        raise ModelError(f"{source}: a bias on qkv alone; only models with all biases or none are supported")
    scaling = value("rope_scaling_factor", float, 8.0) if arguments.get("use_rope_scaling") is True else 1.0
    try:
        return TransformerConfig(
            text_vocab=text_vocab,
            codebook=codebook,
            levels=levels,
            dim=value("hidden_size", int),
            layers=value("num_layers", int),
            heads=heads,
            # without grouped queries the argument holds a meaningless 1
            kv_heads=value("num_query_groups", int) if arguments.get("group_query_attention") is True else heads,
            head_dim=value("kv_channels", int),
            ffn=value("ffn_hidden_size", int),
            norm_eps=value("norm_epsilon", float) if norm_eps is None else norm_eps,
            rope_base=value("rotary_base", float),
            rope_scaling=scaling if rope_scaling is None else rope_scaling,
            bias=bias,
            qk_norm=qk_norm or arguments.get("qk_layernorm") is True,
            tied=not value("untie_embeddings_and_output_weights", bool),
        )
    except ValueError as error:
        raise ModelError(f"{source}: {error}") from None


def _shown(value: Any) -> str:
    """Format a value for a message, or its type where the value may be long."""
    short = value is None or isinstance(value, str | float) or (isinstance(value, int) and abs(value) < 1 << 64)
    return repr(value)[:40] if short else type(value).__name__
