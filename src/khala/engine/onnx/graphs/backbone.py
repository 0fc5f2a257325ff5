"""The backbone as a graph: embeddings of new positions -> logits of the next code, with a KV cache that it extends."""

from pathlib import Path

from onnx import TensorProto

from khala.engine.onnx.drawable import DrawableRows
from khala.engine.onnx.graphs.builder import MICROSOFT, GraphBuilder, Shape
from khala.models.lm.config import TransformerConfig

HEAD_MULTIPLE = 16
"""onnxruntime attends with heads whose width is a multiple of this."""


def backbone_graph(weights: Path, config: TransformerConfig) -> GraphBuilder:
    """Return the graph of a backbone whose weights are in the file `weights`.

    Inputs: `x` [B, T, D], embeddings of the positions that follow those in the cache; `last` int32 [B], the last
    position of each sequence; `total` int32 [1], the length of the longest; `cos` and `sin` [C, K / 2] of C >= `total`
    positions; `keys.L` and `values.L` [B, G, N, K], the cache of layer L. Outputs: `new_keys.L` and `new_values.L`, to
    be bound to the memory of the cache, and `logits` [B, 1, V] of `DrawableRows` behind the last position. Raises
    ValueError for heads that onnxruntime cannot attend with.
    """
    if config.head_dim % HEAD_MULTIPLE:
        raise ValueError(f"heads {config.head_dim} wide are no multiple of {HEAD_MULTIPLE}")
    graph, c = GraphBuilder(weights), config
    x = graph.input("x", ["B", "T", c.dim])
    graph.input("last", ["B"], TensorProto.INT32)
    graph.input("total", [1], TensorProto.INT32)
    for table in ("cos", "sin"):
        graph.input(table, ["C", c.head_dim // 2])
    for layer in range(c.layers):
        block = f"blocks.{layer}"
        normed = graph.rms_norm(x, graph.weight(f"{block}.attention_norm.weight"), c.norm_eps)
        attended = _attend(graph, graph.linear(normed, f"{block}.attention.qkv"), layer, c)
        x = graph.op("Add", x, graph.linear(attended, f"{block}.attention.out"))
        normed = graph.rms_norm(x, graph.weight(f"{block}.mlp_norm.weight"), c.norm_eps)
        gate, up = graph.split(graph.linear(normed, f"{block}.mlp.gate_up"), [c.ffn, c.ffn], axis=2)
        x = graph.op("Add", x, graph.linear(graph.op("Mul", graph.silu(gate), up), f"{block}.mlp.down"))
    final = graph.op("Gather", x, graph.constant([-1], "int64"), axis=1)
    hidden = graph.rms_norm(final, graph.weight("norm.weight"), c.norm_eps)
    rows = DrawableRows(c)
    graph.output(graph.op("MatMul", hidden, _head(graph, c, rows)), "logits", ["B", 1, len(rows.ids)])
    return graph


def _head(graph: GraphBuilder, c: TransformerConfig, rows: DrawableRows) -> str:
    """The rows of the head, transposed."""
    name, layout = "embedding.weight" if c.tied else "head.weight", c.layout
    codes = [graph.weight(name, layout.level_rows(level)) for level in (1, 0)]
    others = [graph.weight(name, range(row, row + 1)) for row in rows.ids[2 * c.codebook :]]
    return graph.op("Transpose", graph.op("Concat", *codes, *others, axis=0), perm=[1, 0])


def _attend(graph: GraphBuilder, qkv: str, layer: int, c: TransformerConfig) -> str:
    """Norm, rotate and attend, and extend the cache by the new keys and values."""
    heads, width = c.heads + c.kv_heads, c.head_dim
    qkv_inputs = [qkv, "", ""]
    if c.qk_norm:
        qk, values = graph.split(qkv, [heads * width, c.kv_heads * width], axis=2)
        ones = graph.constant([1.0] * width)  # the norm takes no weight per head
        normed = graph.rms_norm(graph.reshape(qk, [0, 0, heads, width]), ones, c.norm_eps)
        scaled = graph.op("Mul", normed, graph.weight(f"blocks.{layer}.attention.qk_norm.weight"))
        queries, keys = graph.split(scaled, [c.heads, c.kv_heads], axis=2)
        qkv_inputs = [graph.reshape(queries, [0, 0, -1]), graph.reshape(keys, [0, 0, -1]), values]
    cache: Shape = ["B", c.kv_heads, "N", width]
    past = [graph.input(f"{kind}.{layer}", cache) for kind in ("keys", "values")]
    tables = ["last", "total", "cos", "sin"]
    attributes = {"num_heads": c.heads, "kv_num_heads": c.kv_heads, "do_rotary": 1}
    attended, *new = graph.ops(
        "GroupQueryAttention", *qkv_inputs, *past, *tables, outputs=3, domain=MICROSOFT, **attributes
    )
    for kind, value in zip(("new_keys", "new_values"), new, strict=True):
        graph.output(value, f"{kind}.{layer}", cache)
    return attended
