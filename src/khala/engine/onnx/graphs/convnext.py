"""The block that the vocoder and the recogniser are made of (`nn.conv.ConvNeXtBlock`)."""

from khala.engine.onnx.graphs.builder import MICROSOFT, GraphBuilder


def convnext_block(graph: GraphBuilder, x_BDT: str, name: str) -> str:
    """Apply the stored block `name` to [B, D, T]; its width and kernel are those of its tensors."""
    width, _, kernel = graph.file.tensors[f"{name}.mix.weight"].shape
    mix = graph.weight(f"{name}.mix.weight"), graph.weight(f"{name}.mix.bias")
    mixed_BDT = graph.op("Conv", x_BDT, *mix, pads=[kernel // 2, kernel // 2], group=width)
    normed_BTD = graph.layer_norm(graph.op("Transpose", mixed_BDT, perm=[0, 2, 1]), f"{name}.norm")
    up_BTF = graph.op("Gelu", graph.linear(normed_BTD, f"{name}.up"), domain=MICROSOFT)
    change_BTD = graph.op("Mul", graph.linear(up_BTF, f"{name}.down"), graph.weight(f"{name}.scale"))
    return graph.op("Add", x_BDT, graph.op("Transpose", change_BTD, perm=[0, 2, 1]))
