"""A song before and after: the same request with the same seed, by the model and by the model with an adapter."""

from dataclasses import replace
from pathlib import Path
from random import Random

from khala.corpus.data.excerpts import vary
from khala.corpus.data.songs import TokenSong
from khala.generation.pipeline import load
from khala.models.config import ModelConfig
from khala.music.loras import Lora, with_trigger
from khala.music.progress import Progress
from khala.music.request import SongRequest

SECONDS = 30.0
"""Longest song of a pair."""
NAMES = "before.flac", "after.flac"


def request_like(song: TokenSong, seed: int, config: ModelConfig, trigger: str) -> SongRequest:
    """Return a request to a model for a song like a held-out one."""
    seconds = min(song.duration, SECONDS, config.max_seconds)
    request = replace(vary(song, Random(song.name)), duration=seconds, seed=seed, sampling=config.sampling)
    return with_trigger(request, trigger)


def write_pair(model: str, adapter: Path, request: SongRequest, device: str, progress: Progress) -> list[Path]:
    """Make the songs and write them into the adapter's folder; returns their paths. Raises ModelError, OutputError."""
    made = []
    for name, loras in zip(NAMES, ([], [Lora(str(adapter))]), strict=True):
        pipeline = load(model, device, seconds=request.duration, loras=loras)
        (take,) = pipeline.generate(request, progress=progress)
        made.append(take.save(adapter / name))
        pipeline.close()
    return made
