"""How much memory a song takes, told from configurations alone, and in which mode a device can make it.

keep_loaded: all three models stay in memory. one_shot: each is loaded for its stage and freed after it. Weights are
counted exactly; the work of a stage by its largest tensors, for the longest song that a request may become.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

from khala.engine.base import Mode
from khala.engine.main_memory import gigabytes, main_memory
from khala.engine.pytorch.decode import STEPS_PER_SYNC
from khala.engine.pytorch.refine import MAX_POSITIONS
from khala.engine.pytorch.synthesis import CHUNK_FRAMES
from khala.models.codec.config import CodecConfig, DacConfig
from khala.models.codec.dac.codec import Dac
from khala.models.codec.dac.cpu import UNBLOCKED_STAGES
from khala.models.codec.families import build_codec
from khala.models.config import ModelConfig
from khala.models.lm.config import TransformerConfig
from khala.models.lm.length import MARGIN
from khala.models.lm.pack import GPU_ROWS
from khala.models.lm.static import span
from khala.models.lm.windows import SONG_WINDOWS
from khala.music.errors import InvalidRequest
from khala.nn.int4 import GROUP
from khala.nn.precision import INT4, Formats, compute_dtype_of, step_dtype_of, unquantized_dtype
from khala.weights.loading import Uninitialised

BASE = {"cpu": 350 << 20, "mps": 400 << 20, "cuda": 600 << 20}
"""What a process takes before there is any model: libraries, and the context of a GPU."""

FLOAT = 4
"""Bytes of a float32."""


@dataclass(frozen=True)
class Need:
    """Bytes on the device by stage (backbone, superres, decode): the weights of its model, and its work at its peak."""

    base: int
    weights: dict[str, int]
    work: dict[str, int]

    @property
    def keep_loaded(self) -> int:
        return self.base + sum(self.weights.values()) + max(self.work.values())

    @property
    def one_shot(self) -> int:
        return self.base + max(self.weights[stage] + self.work[stage] for stage in self.weights)

    def of(self, mode: Mode) -> int:
        return self.keep_loaded if mode == "keep_loaded" else self.one_shot


def need(config: ModelConfig, device: torch.device, formats: Formats, seconds: float, takes: int = 1) -> Need:
    """For `takes` songs of `seconds` that are decoded together, with prompts as long as they are allowed to be."""
    hop, rate = config.codec.hop, config.codec.sample_rate
    frames = round(MARGIN * seconds * rate / hop)
    if not config.window_frames:
        frames = min(frames, config.backbone.context // 2)
    backbone, superres = config.backbone, config.superres
    reads, refines = (compute_dtype_of(dtype, device) for dtype in formats.language_models)
    steps = step_dtype_of(formats.backbone, device)
    # weights that are stored narrower than they are multiplied
    widened, widens = (
        stored != INT4 and stored.itemsize < computed.itemsize
        for stored, computed in zip(formats.language_models, (reads, refines), strict=True)
    )
    guided = 2 if superres.condition_rows else 1  # with the conditions of the words and without
    refined = frames if config.origin else min(frames, SONG_WINDOWS.frames)
    seen = (config.prompt.superres_limit + refined) * guided
    prompt = min(config.prompt.backbone_limit, backbone.context)
    positions = min(prompt + 2 * config.frames_at_once(frames) + 1, backbone.context)
    positions = span(positions + STEPS_PER_SYNC - 1) if device.type == "cuda" else positions
    cache = 2 * backbone.layers * backbone.kv_heads * backbone.head_dim * positions * steps.itemsize
    reading = (positions if config.window_frames else prompt) * (4 * backbone.ffn + 6 * backbone.dim) * reads.itemsize
    reading += 2 * backbone.dim * backbone.ffn * FLOAT if widened else 0
    drawn = 2 * backbone.codebook * backbone.dim * FLOAT
    packed = 2 * _matrices(backbone) if device.type == "cpu" and formats.backbone.itemsize == 2 else 0  # `nn.rowwise`
    return Need(
        base=BASE[device.type],
        weights={
            "backbone": weight_bytes(backbone, formats.backbone) + packed,
            "superres": weight_bytes(superres, formats.superres),
            "decode": codec_bytes(config.codec, formats.codec),
        },
        work={
            "backbone": takes * cache + reading + drawn,
            "superres": _pack_bytes(superres, seen, refines, widens, device) + 4 * refined * superres.codebook * FLOAT,
            "decode": _decode_bytes(config.codec, frames, device, formats.codec),
        },
    )


def choose_mode(
    config: ModelConfig,
    device: torch.device,
    formats: Formats,
    seconds: float,
    room: int,
    wanted: Literal["auto", "keep_loaded", "one_shot"] = "auto",
) -> Mode:
    """`wanted`, or with "auto" keep_loaded if that fits into `room` bytes, else one_shot. Raises InvalidRequest with
    advice if a song of `seconds` does not fit, one take at a time."""
    needed = need(config, device, formats, seconds)
    modes: list[Mode] = ["keep_loaded", "one_shot"] if wanted == "auto" else [wanted]
    for mode in modes:
        if needed.of(mode) <= room:
            return mode
    advice = next(_advice(config, device, formats, seconds, room, modes[-1]), "take a smaller model or another device")
    raise InvalidRequest(
        f"the model {config.name} needs {gigabytes(needed.of(modes[-1]))} of memory for a song of {seconds:g} s in "
        f"{formats} ({modes[-1]}), and {device} has {gigabytes(room)} free; {advice}",
        "out-of-memory",
    )


def takes_at_once(
    config: ModelConfig, device: torch.device, formats: Formats, seconds: float, room: int, mode: Mode, most: int = 16
) -> int:
    """How many takes of `seconds` may be decoded together within `room` bytes, 1 to `most`."""
    fitting = (n for n in range(most, 1, -1) if need(config, device, formats, seconds, n).of(mode) <= room)
    return next(fitting, 1)


def free_memory(device: torch.device) -> int:
    """Bytes that this process may still take on `device`, and has taken: what a plan may count on."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free + torch.cuda.memory_reserved(device)) + BASE["cuda"]
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory())
    return main_memory()


def parameters(config: TransformerConfig) -> int:
    """How many numbers a language model has."""
    c = config
    heads = c.heads + c.kv_heads
    outputs = (heads + c.kv_heads) * c.head_dim + 2 * c.dim + 2 * c.ffn
    block = 2 * c.dim + (outputs if c.bias else 0) + (heads * c.head_dim if c.qk_norm else 0)
    total = c.rows * c.dim * (1 if c.tied else 2) + c.dim + c.layers * block + _matrices(c)
    total += c.condition_rows * c.dim
    if c.codebook_dim is not None:
        deep = c.levels - 2
        total += c.codebook_dim * c.dim * (2 if deep else 1) + (0 if c.residual else deep * (1 + c.codebook))
        total += c.levels * c.codebook * c.codebook_dim  # the codec's vectors, in this model's format
    return total


def weight_bytes(config: TransformerConfig, dtype: torch.dtype) -> int:
    """Bytes of a language model's weights. In int8 each row of a matrix has a scale, in int4 each group two numbers."""
    other = unquantized_dtype(dtype).itemsize
    size = parameters(config) * other
    if dtype == torch.int8:
        rows = (config.heads + 2 * config.kv_heads) * config.head_dim + 2 * config.dim + 2 * config.ffn
        size -= _matrices(config) * (other - 1) - config.layers * rows * FLOAT
    if dtype == INT4:
        size -= _matrices(config) * other - _matrices(config) // 2 - _matrices(config) // GROUP * 2 * other
    return size


@cache
def codec_parameters(config: CodecConfig) -> int:
    """How many numbers a codec has."""
    with Uninitialised():
        return sum(tensor.numel() for tensor in build_codec(config).state_dict().values())


@cache
def codec_bytes(config: CodecConfig, decoder_dtype: torch.dtype) -> int:
    """Bytes of a codec's weights, those of the published one's decoder in a format of their own."""
    with Uninitialised():
        codec = build_codec(config)
    decoder = sum(weight.numel() for weight in codec.decoder.parameters()) if isinstance(codec, Dac) else 0
    return codec_parameters(config) * FLOAT - decoder * (FLOAT - decoder_dtype.itemsize)


def _matrices(c: TransformerConfig) -> int:
    """Weights of the linear layers of all blocks."""
    return c.layers * c.dim * ((2 * c.heads + 2 * c.kv_heads) * c.head_dim + 3 * c.ffn)


def _pack_bytes(c: TransformerConfig, positions: int, working: torch.dtype, widened: bool, device: torch.device) -> int:
    """A pass over as many songs as share one (`models.lm.pack`): states of all rows; for one song, or on CUDA for a
    block of rows, the MLP's middle (gate, up, two products); the upcast matrices of a block."""
    rows = max(positions, MAX_POSITIONS)
    states = rows * (8 * c.dim + 2 * (c.heads + 2 * c.kv_heads) * c.head_dim) * working.itemsize
    middle = (GPU_ROWS if device.type == "cuda" else positions) * 4 * c.ffn * working.itemsize
    return states + middle + (_matrices(c) // c.layers * FLOAT if widened else 0)


def _decode_bytes(config: CodecConfig, frames: int, device: torch.device, dtype: torch.dtype) -> int:
    """The song twice (samples, and as they are finished), and the codec's widest tensors for a chunk. On a CPU only the
    first stages see a whole chunk (`codec.dac.cpu`), in float32; narrower weights are widened layer by layer."""
    song = 4 * 2 * config.hop * frames * FLOAT
    if not isinstance(config, DacConfig):
        return 2 * song + (64 << 20)
    width, rate, widest = config.decoder_width, 1, 0
    on_cpu = device.type == "cpu"
    for factor in config.decoder_rates[: UNBLOCKED_STAGES if on_cpu else None]:
        width, rate = width // 2, rate * factor
        widest = max(widest, width * rate)
    tensors = widest * (min(CHUNK_FRAMES, frames) + 16)
    if not on_cpu:
        return song + 4 * tensors * dtype.itemsize
    widest_weight = config.decoder_width**2 * config.decoder_rates[0]
    return song + 8 * tensors * FLOAT + (widest_weight * (FLOAT + dtype.itemsize) if dtype != torch.float32 else 0)


def _advice(
    config: ModelConfig, device: torch.device, formats: Formats, seconds: float, room: int, mode: Mode
) -> Iterator[str]:
    """What would fit, the least change first."""
    half, byte = (formats._replace(backbone=dtype, superres=dtype) for dtype in (torch.bfloat16, torch.int8))
    if mode == "keep_loaded" and need(config, device, formats, seconds).one_shot <= room:
        yield "let each model be loaded in turn: one_shot"
    if torch.float32 in formats.language_models and need(config, device, half, seconds).of(mode) <= room:
        yield "choose --dtype bfloat16"
    if formats != byte and device.type != "mps" and need(config, device, byte, seconds).of(mode) <= room:
        yield "choose --dtype int8"
    for shorter in (300, 180, 120, 60, 30, 10):
        if shorter < seconds and need(config, device, formats, shorter).of(mode) <= room:
            yield f"choose --duration {shorter}"
