"""The graph of super-resolution: a pass over a stretch of frames, up to the codes of its level.

Inputs (B is 2 for a guided take, its second row with the unconditional conditions, or 1):

    text [N, D]         the embedded prompt, its last position the marker of the level
    dense [B, T, D]     embeddings of levels 0 and 1, and of the conditions
    latent [T, K]       the sum of the known levels' vectors, over the rms of level 0's
    cos, sin [C, H / 2] of rotary positions, C >= N + T
    vectors [C, K], bias [C], scale [1]    of the level (`models.lm.codebooks`)
    guidance [1], temperature [1]
    residual [T, K]     of the levels before (`nn.sampling.nearest_to_mean`)

Outputs: the guided logits [T, C]; nearest [T], the codes nearest to the mean; target [T, K], which they are near to.

The graph of a model that predicts the residual has the first four inputs and guidance, and one output: the guided
residual [T, K], over the rms of level 0's vectors.
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto

from khala.engine.onnx.graphs.builder import MICROSOFT, GraphBuilder
from khala.models.lm.config import TransformerConfig


def superres_graph(weights: Path, config: TransformerConfig) -> GraphBuilder:
    """Build the graph beside its weights. Raises ValueError for a model whose deeper levels have learned rows."""
    if not config.codebook_dim:
        raise ValueError("the engine refines only through the codec's codebooks: codebook_dim is not set")
    graph = GraphBuilder(weights)
    hidden_BTD = _hidden(graph, config)
    if config.residual:
        residual_TK = _guided(graph, graph.linear(hidden_BTD, "codebooks.outward"))
        graph.output(residual_TK, "residual", ["T", config.codebook_dim])
        return graph
    logits_TC = _guided_logits(graph, config, hidden_BTD)
    graph.output(logits_TC, "logits", ["T", config.codebook])
    _choose(graph, config, logits_TC)
    return graph


def _hidden(graph: GraphBuilder, config: TransformerConfig) -> str:
    """Run all blocks -> the normed hidden states of the frames."""
    c = config
    text_ND = graph.input("text", ["N", c.dim])
    dense_BTD = graph.input("dense", ["B", "T", c.dim])
    latent_TK = graph.input("latent", ["T", c.codebook_dim or 0])
    cos_sin = graph.input("cos", ["C", c.head_dim // 2]), graph.input("sin", ["C", c.head_dim // 2])
    song_BTD = graph.op("Add", dense_BTD, graph.linear(latent_TK, "codebooks.inward"))
    shape_3 = graph.op("Concat", graph.op("Shape", song_BTD, start=0, end=1), graph.op("Shape", text_ND), axis=0)
    x_BPD = graph.op("Concat", graph.op("Expand", text_ND, shape_3), song_BTD, axis=1)
    prompt_1 = graph.op("Shape", text_ND, start=0, end=1)
    for layer in range(c.layers):
        x_BPD = _block(graph, c, f"blocks.{layer}", x_BPD, cos_sin, prompt_1 if layer == c.layers - 1 else "")
    return graph.rms_norm(x_BPD, graph.weight("norm.weight"), c.norm_eps)


def _block(graph: GraphBuilder, c: TransformerConfig, name: str, x: str, cos_sin: tuple[str, str], start: str) -> str:
    """Apply a block (`nn.block`); with `start`, a value, only to positions from there on."""
    normed = graph.rms_norm(x, graph.weight(f"{name}.attention_norm.weight"), c.norm_eps)
    q, k, v = _heads(graph, c, name, graph.linear(normed, f"{name}.attention.qkv"), cos_sin)
    if start:
        x, q = _from(graph, x, start), _from(graph, q, start)
    x = graph.op("Add", x, graph.linear(_attend(graph, c, q, k, v), f"{name}.attention.out"))
    normed = graph.rms_norm(x, graph.weight(f"{name}.mlp_norm.weight"), c.norm_eps)
    gate, up = graph.split(graph.linear(normed, f"{name}.mlp.gate_up"), [c.ffn, c.ffn], axis=2)
    return graph.op("Add", x, graph.linear(graph.op("Mul", graph.silu(gate), up), f"{name}.mlp.down"))


def _heads(
    graph: GraphBuilder, c: TransformerConfig, name: str, qkv: str, cos_sin: tuple[str, str]
) -> tuple[str, str, str]:
    """Split a fused projection into queries, keys and values [B, P, heads, K], the first two normed and rotated."""
    rotated = c.heads + c.kv_heads
    qk, v = graph.split(graph.reshape(qkv, [0, 0, rotated + c.kv_heads, c.head_dim]), [rotated, c.kv_heads], axis=2)
    if c.qk_norm:
        ones_K = graph.constant(np.ones(c.head_dim))
        qk = graph.op("Mul", graph.rms_norm(qk, ones_K, c.norm_eps), graph.weight(f"{name}.attention.qk_norm.weight"))
    qk = graph.reshape(qk, [0, 0, rotated * c.head_dim])
    qk = graph.op("RotaryEmbedding", qk, graph.constant([0], np.int64), *cos_sin, domain=MICROSOFT, num_heads=rotated)
    qk = graph.reshape(qk, [0, 0, rotated, c.head_dim])
    q, k = graph.split(qk, [c.heads, c.kv_heads], axis=2)
    return q, k, v


def _attend(graph: GraphBuilder, c: TransformerConfig, q: str, k: str, v: str) -> str:
    """Attend without a mask, group of heads by group -> [B, P, heads K]: no group's scores outlive it."""
    shared = c.heads // c.kv_heads
    q = graph.op("Mul", q, graph.constant(c.head_dim**-0.5))
    queries = graph.split(graph.op("Transpose", q, perm=[0, 2, 1, 3]), [shared] * c.kv_heads, axis=1)
    keys = graph.split(graph.op("Transpose", k, perm=[0, 2, 3, 1]), [1] * c.kv_heads, axis=1)
    values = graph.split(graph.op("Transpose", v, perm=[0, 2, 1, 3]), [1] * c.kv_heads, axis=1)
    groups = [
        graph.op("MatMul", graph.op("Softmax", graph.op("MatMul", one, key), axis=-1), value)
        for one, key, value in zip(queries, keys, values, strict=True)
    ]
    heads = graph.op("Transpose", graph.op("Concat", *groups, axis=1), perm=[0, 2, 1, 3])
    return graph.reshape(heads, [0, 0, c.heads * c.head_dim])


def _guided_logits(graph: GraphBuilder, c: TransformerConfig, hidden_BTD: str) -> str:
    """Compute the level's logits, led away from those of the last row of the batch -> [T, C]."""
    vectors_CK = graph.input("vectors", [c.codebook, c.codebook_dim or 0])
    bias_C, scale_1 = graph.input("bias", [c.codebook]), graph.input("scale", [1])
    predicted = graph.op("Mul", graph.linear(hidden_BTD, "codebooks.outward"), scale_1)
    logits = graph.op("Add", graph.op("MatMul", predicted, graph.op("Transpose", vectors_CK, perm=[1, 0])), bias_C)
    return _guided(graph, logits)


def _guided(graph: GraphBuilder, rows: str) -> str:
    """Lead the first row of the batch away from the last one."""
    first, last = (graph.op("Gather", rows, graph.constant(row, np.int64), axis=0) for row in (0, -1))
    return graph.op("Add", first, graph.op("Mul", graph.input("guidance", [1]), graph.op("Sub", first, last)))


def _choose(graph: GraphBuilder, c: TransformerConfig, logits_TC: str) -> None:
    """Choose the codes whose vectors are nearest to the mean plus the residual."""
    residual_TK, temperature_1 = graph.input("residual", ["T", c.codebook_dim or 0]), graph.input("temperature", [1])
    chances = graph.op("Softmax", graph.op("Div", logits_TC, temperature_1), axis=-1)
    target = graph.op("Add", graph.op("MatMul", chances, "vectors"), residual_TK)
    doubled = graph.op(
        "Mul", graph.op("MatMul", target, graph.op("Transpose", "vectors", perm=[1, 0])), graph.constant(2.0)
    )
    squares_C = graph.op("ReduceSumSquare", "vectors", graph.constant([1], np.int64), keepdims=0)
    nearest = graph.op("ArgMax", graph.op("Sub", doubled, squares_C), axis=-1, keepdims=0)
    graph.output(nearest, "nearest", ["T"], TensorProto.INT64)
    graph.output(target, "target", ["T", c.codebook_dim or 0])


def _from(graph: GraphBuilder, value: str, start: str) -> str:
    """Keep positions `start`, ... of a value [B, P, ...]."""
    return graph.op("Slice", value, start, graph.constant([2**62], np.int64), graph.constant([1], np.int64))
