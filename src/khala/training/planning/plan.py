"""What a recipe takes on so many GPUs: memory, operations, days, and the disk for its corpus."""

from dataclasses import asdict, dataclass
from typing import Any

from khala.models.codec.packing import CODE_BITS
from khala.music.errors import InvalidRequest
from khala.training.planning.memory import GB, Memory, advice, memory
from khala.training.planning.part import Part, Songs, seconds
from khala.training.recipe import Recipe, preset

KEPT_CHECKPOINTS = 2


@dataclass(frozen=True)
class Machine:
    """So many GPUs of `memory_gb` each, which compute `tflops` a second in 16 bits at best, and `mfu` of that."""

    gpus: int
    memory_gb: float
    tflops: float
    mfu: float


@dataclass(frozen=True)
class PartPlan:
    """What one part of a recipe takes. `advice` is empty if it fits."""

    weights: int
    memory: Memory
    advice: str
    steps: int
    micro_batches: float
    tokens: float
    epochs: float
    flops: float
    days: float
    checkpoint_gb: float


@dataclass(frozen=True)
class Plan:
    """A whole plan: `shards_gb` are the codes of the corpus on a disk, `frames` its frames."""

    machine: Machine
    songs: Songs
    frames: float
    shards_gb: float
    parts: dict[str, PartPlan]

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        found = asdict(self)
        for name, part in self.parts.items():
            found["parts"][name]["memory"]["total"] = part.memory.total
        return found


def plan(recipe: Recipe, machine: Machine, songs: Songs) -> Plan:
    """Count what a recipe takes. Raises InvalidRequest for a budget of minutes or an impossible machine."""
    if min(machine.gpus, machine.memory_gb, machine.tflops, songs.hours, songs.frames) <= 0 or not 0 < machine.mfu <= 1:
        raise InvalidRequest("gpus, memory, tflops, hours and lengths must be more than 0, mfu a share of at most 1")
    system = preset(recipe)
    frames = songs.hours * 3600 / seconds(1)
    codes_bytes = system.codec.levels * CODE_BITS / 8
    parts = {"backbone": Part.of(system, recipe.backbone), "superres": Part.of(system, recipe.superres)}
    return Plan(
        machine,
        songs,
        frames,
        frames * (codes_bytes + 1) / GB,  # and a phone
        {name: _part(part, machine, songs) for name, part in parts.items()},
    )


def _part(part: Part, machine: Machine, songs: Songs) -> PartPlan:
    steps, positions, flops = part.run(songs)
    needed = memory(part, machine.gpus)
    fits = needed.total <= machine.memory_gb
    rate = machine.gpus * machine.tflops * 1e12 * machine.mfu
    stored = 4 * part.weights.all + part.weights.optimizer_bytes
    return PartPlan(
        weights=part.weights.all,
        memory=needed,
        advice="" if fits else advice(part, machine.gpus, machine.memory_gb),
        steps=round(steps),
        micro_batches=part.recipe.batch_tokens / part.recipe.micro_batch_tokens / machine.gpus,
        tokens=positions,
        epochs=positions / part.epoch_positions(songs),
        flops=flops,
        days=flops / rate / 86400,
        checkpoint_gb=KEPT_CHECKPOINTS * stored / GB,
    )
