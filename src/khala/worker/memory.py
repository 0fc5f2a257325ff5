"""How many takes fit into the memory of a device at once."""

from collections.abc import Sequence
from pathlib import Path

import torch

from khala.generation.pipeline import Pipeline, Work

SHARE = 0.5
"""Of the free memory, what the caches of a decode batch may take; the rest is for logits and other processes."""


def batches(pipeline: Pipeline, works: Sequence[Work]) -> list[list[Work]]:
    """The works in order, in batches whose caches fit into the free memory; one that fits nowhere is alone."""
    room = SHARE * free_bytes(pipeline.loaded.backbone.device)
    split: list[list[Work]] = []
    for work in works:
        longest = max([positions(work), *(positions(other) for other in (split[-1] if split else ()))])
        if split and (len(split[-1]) + 1) * longest * bytes_per_position(pipeline) <= room:
            split[-1].append(work)
        else:
            split.append([work])
    return split


def positions(work: Work) -> int:
    """How many positions a take may fill: its prompt, two tokens a frame, the end."""
    return len(work.plan.backbone_ids) + 2 * work.plan.max_frames + 1


def bytes_per_position(pipeline: Pipeline) -> int:
    """What the cache keeps of one position: keys and values of every layer."""
    config, weight = pipeline.config.backbone, pipeline.loaded.backbone.head.weight
    return 2 * config.layers * config.kv_heads * config.head_dim * weight.element_size()


def free_bytes(device: torch.device) -> float:
    """Memory of a device that nobody uses; endless where the system does not say."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        return 1024.0 * int(lines["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        return float("inf")
