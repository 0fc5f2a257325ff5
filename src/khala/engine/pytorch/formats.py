"""In which number format each language model computes, when nobody says: on a CPU, the one that is quicker there.

Which one that is depends on the machine as much as on the model. So both are timed, with layers of the model's own
shapes, once: what was found is remembered in the user's cache folder, since a timing that comes out otherwise the next
time would make another song of the same seed.
"""

import json
import os
import platform
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

from khala.engine.base import Mode
from khala.engine.pytorch.device import DTYPES, choose_dtype
from khala.engine.pytorch.memory import choose_mode
from khala.models.codec.config import DacConfig
from khala.models.config import ModelConfig
from khala.models.lm.config import TransformerConfig
from khala.models.lm.stepper import Stepper
from khala.models.lm.transformer import Transformer
from khala.music.errors import InvalidRequest
from khala.nn.int4 import GROUP
from khala.nn.precision import BFLOAT16_INSTRUCTIONS, INT4, QUANTIZED, Formats
from khala.nn.threads import one_thread
from khala.weights.loading import Uninitialised

ModelPart = Literal["backbone", "superres"]
Times = Mapping[str, float]
"""Milliseconds by format."""

PARTS: tuple[ModelPart, ...] = ("backbone", "superres")
TIMED = ("float32", "bfloat16")
CLEARLY = 1.2
"""bfloat16 errs more: it is taken where float32 takes this many times longer."""
SMALL = 100 << 20
"""A model with fewer weights in its layers computes in float32, however long that takes: it loses words by bfloat16
(Khala Mini's super-resolution: 60 % of the phones wrong against 56 %, benchmarks/written.py, ten songs), and makes the
same song on CPUs with instructions for bfloat16 and on those without."""
ROUNDS = 4
"""Every format is timed so often, in turns; the quickest round counts."""
KERNELS = 2
"""Count up when a step or a pass calls other kernels: what was timed before is then timed again."""
WEIGHTS = 24 << 20
"""Layers are left out of a larger model: it takes as many times longer in both formats."""
STEPS, PROMPT, ROWS = 4, 64, 256
"""Tokens of a step's round, positions before them, positions of a pass."""


def settle(
    dtype: str,
    config: ModelConfig,
    device: torch.device,
    seconds: float,
    room: int,
    mode: Literal["auto", "keep_loaded", "one_shot"] = "auto",
) -> tuple[Formats, Mode]:
    """The formats for `dtype` (`choose_formats`), and the mode that fits into `room` bytes (`memory.choose_mode`). With
    "auto" on a CPU bfloat16, where what is quicker does not fit. Raises InvalidRequest."""
    formats = choose_formats(dtype, config, device)
    try:
        return formats, choose_mode(config, device, formats, seconds, room, mode)
    except InvalidRequest:
        if dtype != "auto" or device.type != "cpu" or torch.float32 not in formats.language_models:
            raise
        formats = Formats.uniform(torch.bfloat16)
        return formats, choose_mode(config, device, formats, seconds, room, mode)


def choose_formats(name: str, config: ModelConfig, device: torch.device) -> Formats:
    """A key of `DTYPES` for both models, or one for each ("backbone=float32,superres=bfloat16"), and maybe one for the
    published codec (",codec=float16"); with "auto" what suits the device, on a CPU what was timed. Raises
    InvalidRequest."""
    if name == "auto" and device.type == "cpu":
        return Formats(*(_suited(part, config) for part in PARTS))
    each = dict(part.partition("=")[::2] for part in name.split(","))
    if each.keys() - {"codec"} == set(PARTS) and "auto" not in each.values():
        formats = Formats(**{part: choose_dtype(each[part], device) for part in each})
    else:
        formats = Formats.uniform(choose_dtype(name, device))
    _require_possible(formats, config)
    return formats


def _require_possible(formats: Formats, config: ModelConfig) -> None:
    """Raise InvalidRequest for formats that the parts of this model cannot have."""
    if INT4 in formats.language_models:
        for part in PARTS:
            sizes: TransformerConfig = getattr(config, part)
            if any(size % GROUP for size in (sizes.dim, sizes.heads * sizes.head_dim, sizes.ffn)):
                raise InvalidRequest(
                    f"int4 needs widths that are multiples of {GROUP}, and the {part} of the model {config.name} has "
                    "others; choose --dtype int8"
                )
    if formats.codec in QUANTIZED:
        raise InvalidRequest("the codec has no int8 and no int4; choose codec=float16, bfloat16 or float32")
    if formats.codec != torch.float32 and not isinstance(config.codec, DacConfig):
        raise InvalidRequest(f"the codec of the model {config.name} computes in float32 alone; leave codec= out")


def _suited(part: ModelPart, config: ModelConfig) -> torch.dtype:
    sizes: TransformerConfig = getattr(config, part)
    return torch.float32 if _layer(sizes) * sizes.layers < SMALL else quicker(format_times(part, config))


def quicker(times: Times) -> torch.dtype:
    """bfloat16 if it is clearly quicker than float32."""
    return torch.bfloat16 if times["float32"] >= CLEARLY * times["bfloat16"] else torch.float32


def format_times(part: ModelPart, config: ModelConfig) -> Times:
    """How long a step of the backbone or a pass of super-resolution takes here by format, as remembered from the first
    time. A memory that cannot be read or written is no error."""
    sizes: TransformerConfig = getattr(config, part)
    machine, model = _machine(), f"{part}, {_shapes(sizes)}"
    known = _remembered()
    times = known.get(machine, {}).get(model)
    if times is None:
        times = milliseconds(part, sizes)
        _remember({**known, machine: {**known.get(machine, {}), model: times}})
    return times


@torch.inference_mode()
@one_thread()
def milliseconds(part: ModelPart, config: TransformerConfig, clock: Callable[[], float] = time.thread_time) -> Times:
    """Of a round in each format. The clock is the thread's own: other programs count little."""
    model = _replica(config)
    rounds = {name: (_steps if part == "backbone" else _passes)(deepcopy(model).to(DTYPES[name])) for name in TIMED}
    times = {name: float("inf") for name in TIMED}
    for _ in range(ROUNDS):
        for name, run in rounds.items():
            start = clock()
            run()
            times[name] = min(times[name], round(1e3 * (clock() - start), 3))
    return times


def _steps(model: Transformer) -> Callable[[], None]:
    """A few steps of a song and its shadow (guidance)."""
    stepper = Stepper(model, 2, PROMPT + ROUNDS * STEPS)
    stepper.read([0] * PROMPT, 0)
    stepper.copy(0, 1)

    def run() -> None:
        for _ in range(STEPS):
            stepper.step(torch.zeros(2, dtype=torch.long), [0, 1])

    return run


def _passes(model: Transformer) -> Callable[[], None]:
    x_1TD = torch.ones(1, ROWS, model.config.dim, dtype=model.compute_dtype)

    def run() -> None:
        model(x_1TD, causal=False)

    return run


def _layer(config: TransformerConfig) -> int:
    """Weights of a layer."""
    return config.dim * ((2 * config.heads + 2 * config.kv_heads) * config.head_dim + 3 * config.ffn)


def _replica(config: TransformerConfig) -> Transformer:
    """Layers as in the model, all their weights alike; next to no vocabulary."""
    layers = min(config.layers, max(1, WEIGHTS // _layer(config)))
    small = replace(config, layers=layers, text_vocab=16, codebook=16, levels=2, codebook_dim=None, condition_rows=0)
    with Uninitialised():
        model = Transformer(small).eval().requires_grad_(False)
    for weight in model.parameters():
        weight.fill_(0.01)
    return model


def _machine() -> str:
    """What a timing holds for: the processor, and the kernels of this torch."""
    known = torch.cpu.get_capabilities()
    name = known.get("cpu_name") or platform.processor() or platform.machine()
    halves = [instruction for instruction in BFLOAT16_INSTRUCTIONS if known.get(instruction)]
    return ", ".join([str(name), *halves, f"kernels {KERNELS}", f"torch {torch.__version__}"])


def _shapes(c: TransformerConfig) -> str:
    return f"{c.layers} layers of {c.dim}, heads {c.heads}/{c.kv_heads} of {c.head_dim}, ffn {c.ffn}"


def _path() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "khala" / "formats.json"


def _remembered() -> dict[str, dict[str, Times]]:
    """Machine -> part and shapes -> times; nothing of a file that holds anything else."""
    try:
        known = json.loads(_path().read_text(encoding="utf-8"))
        for models in known.values():
            for times in models.values():
                if not all(times[name] > 0 for name in TIMED):
                    return {}
    except (OSError, RuntimeError, ValueError, AttributeError, TypeError, LookupError):
        return {}
    return dict(known)


def _remember(known: Mapping[str, Mapping[str, Times]]) -> None:
    with suppress(OSError, RuntimeError):  # a read-only home, or none
        path = _path()
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
