"""The graphs of the spectral codec's decoder: its network, and the products of its projections.

Mel filters [bands, K] are inputs of both: they follow from the configuration, and files of graphs stay small.
"""

from pathlib import Path

import numpy as np

from khala.engine.onnx.graphs.builder import GraphBuilder
from khala.engine.onnx.graphs.convnext import convnext_block
from khala.models.codec.config import SpectralConfig

RATIO_LIMITS = 0.1, 10.0
"""The least and largest factor between the mel magnitudes of two spectra that a projection makes up for."""


def vocoder_graph(weights: Path, config: SpectralConfig) -> GraphBuilder:
    """Return the graph from latents to what `vocoder.Spectra` holds, prepared for projections.

    Inputs: `latent` [T, D], `mel` and `spread` [bands, K], `log_area` [bands] (`engine.spectra.MelBank`). Outputs, for
    S spectra: `mid` [S, K], magnitudes of mid plus the floor; `magnitude` [2, S, K] of mid and side, the floor
    subtracted; `mel_magnitude` [2, S, bands]; `advance`, `slope` and `width` [S, K, 2], real and imaginary parts.
    """
    graph, bins = GraphBuilder(weights), config.fft // 2 + 1
    latent = graph.input("latent", ["T", config.dim])
    mel, spread = graph.input("mel", [config.bands, bins]), graph.input("spread", [config.bands, bins])
    log_area = graph.input("log_area", [config.bands])
    features = graph.op("Add", graph.op("MatMul", latent, graph.weight("unproject")), graph.weight("mean"))
    n = config.hop // config.stride
    widths = [n * config.bands, n * config.bands, n * config.balance_bands, config.low_bins]
    mid, side, balance, low = graph.split(features, widths, axis=1)
    mid, side = (graph.reshape(one, [-1, config.bands]) for one in (mid, side))
    low = graph.op("Tile", low, graph.constant([1, n], np.int64))
    parts = mid, side, graph.reshape(balance, [-1, config.balance_bands]), graph.reshape(low, [-1, config.low_bins])
    hidden = _network(graph, config, parts)

    def head(first: int, count: int) -> tuple[str, str]:
        rows = range(first * bins, (first + count) * bins)
        return graph.weight("vocoder.head.weight", rows), graph.weight("vocoder.head.bias", rows)

    magnitudes = []
    for number, log_mel in enumerate((mid, side)):
        weight, bias = head(number, 1)
        even = graph.op("MatMul", graph.op("Sub", log_mel, log_area), spread)
        sharp = graph.op("Add", graph.op("MatMul", hidden, graph.op("Transpose", weight, perm=[1, 0])), bias)
        magnitudes.append(graph.op("Exp", graph.op("Add", even, sharp)))
    graph.output(magnitudes[0], "mid", ["S", bins])
    stacked = graph.op("Concat", *(graph.reshape(one, [1, -1, bins]) for one in magnitudes), axis=0)
    magnitude = graph.op("Relu", graph.op("Sub", stacked, graph.constant(config.floor)))
    graph.output(magnitude, "magnitude", [2, "S", bins])
    mel_magnitude = graph.op("MatMul", magnitude, graph.op("Transpose", mel, perm=[1, 0]))
    graph.output(mel_magnitude, "mel_magnitude", [2, "S", config.bands])
    for number, name in ((2, "advance"), (4, "slope"), (6, "width")):
        weight, bias = head(number, 2)  # rows of real parts, then of imaginary ones: interleaved, for complex numbers
        weight = graph.op("Transpose", graph.reshape(weight, [2, bins, config.width]), perm=[2, 1, 0])
        bias = graph.reshape(graph.op("Transpose", graph.reshape(bias, [2, bins]), perm=[1, 0]), [-1])
        pairs = graph.op("Add", graph.op("MatMul", hidden, graph.reshape(weight, [config.width, -1])), bias)
        graph.output(graph.reshape(pairs, [0, bins, 2]), name, ["S", bins, 2])
    return graph


def _network(graph: GraphBuilder, config: SpectralConfig, parts: tuple[str, str, str, str]) -> str:
    """Run the convolutions over the scaled features -> normed hidden states [S, width]."""
    scaled = [
        graph.op("Mul", part, graph.constant(scale)) for part, scale in zip(parts, (0.5, 0.5, 2.0, 0.5), strict=True)
    ]
    x_SF = graph.op("Concat", *scaled, axis=1)
    x_DS = graph.op("Transpose", graph.op("Unsqueeze", x_SF, graph.constant([0], np.int64)), perm=[0, 2, 1])
    name = "vocoder.enter"
    x_DS = graph.op("Conv", x_DS, graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias"), pads=[1, 1])
    for number in range(config.blocks):
        x_DS = convnext_block(graph, x_DS, f"vocoder.blocks.{number}")
    normed = graph.layer_norm(graph.op("Transpose", x_DS, perm=[0, 2, 1]), "vocoder.norm")
    return graph.op("Squeeze", normed, graph.constant([0], np.int64))


def mel_graph(weights: Path, config: SpectralConfig) -> GraphBuilder:
    """Return the graph of a projection onto mel magnitudes: `loudness` [S, K] and `wanted` [S, bands] -> `gain` [S, K].

    Its other inputs are those of `vocoder_graph`; it has no weights.
    """
    graph, bins = GraphBuilder(weights), config.fft // 2 + 1
    loudness, wanted = graph.input("loudness", ["S", bins]), graph.input("wanted", ["S", config.bands])
    mel, spread = graph.input("mel", [config.bands, bins]), graph.input("spread", [config.bands, bins])
    floor = graph.constant(config.floor)
    found = graph.op("MatMul", loudness, graph.op("Transpose", mel, perm=[1, 0]))
    ratio = graph.op("Div", graph.op("Add", wanted, floor), graph.op("Add", found, floor))
    limited = graph.op("Clip", ratio, *(graph.constant(limit) for limit in RATIO_LIMITS))
    graph.output(graph.op("MatMul", limited, spread), "gain", ["S", bins])
    return graph
