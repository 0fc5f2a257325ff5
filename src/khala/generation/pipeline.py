"""A request becomes takes: backbone, superres, decode, finish.

The same request with the same seed, model, device, dtype and number of threads gives the same samples, and so does each
take by itself: a take depends on its own seed alone, and `take_seed` of the first take is the request's seed.
"""

import hashlib
import math
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from khala import __version__
from khala.generation.decode import BackboneResult, decode_backbone
from khala.generation.device import choose_device, choose_dtype
from khala.generation.finish import finish
from khala.generation.progress import Progress, Stage, silent
from khala.generation.refine import refine
from khala.generation.synthesis import synthesise
from khala.generation.take import Take
from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest
from khala.music.prompt import Prompt, backbone_prompt, clamp_prompt, superres_prompt
from khala.music.request import SongRequest
from khala.weights.folder import LoadedModel, load_model

MARGIN = 1.25
"""A song may run this many times longer than asked before it is cut: models end near the asked length, not on it."""


def load(name: str | Path = "mini", device: str = "auto", dtype: str = "auto") -> "Pipeline":
    """A pipeline for a model by name, folder or hub id (`weights.resolve`). Raises ModelError, InvalidRequest."""
    place = choose_device(device)
    return Pipeline(load_model(name, place, choose_dtype(dtype, place)))


def take_seed(seed: int, take: int) -> int:
    """The seed of take 0, 1, ... of a request with `seed`: a request for one take with it gives this take again."""
    return seed if take == 0 else int.from_bytes(hashlib.sha256(f"{seed}/{take}".encode()).digest()[:8]) >> 1


@dataclass(frozen=True)
class _Plan:
    """What a request means for this model. `max_frames` is the longest song it may become, `bound` what sets that."""

    backbone_ids: list[int]
    superres_ids: list[int]
    prompt_cut: bool
    max_frames: int
    bound: str


@dataclass
class _Draft:
    """A take on its way: what each stage made of it, and how long that took."""

    seed: int
    truncated: bool
    codes: NDArray[np.int16]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - start, 3)


class Pipeline:
    """Makes songs with one loaded model. It keeps no state between songs."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded

    @property
    def config(self) -> ModelConfig:
        return self.loaded.config

    def generate(self, request: SongRequest | None = None, *, progress: Progress = silent, **fields: Any) -> list[Take]:
        """The takes of a request, or of the fields of one: `generate(tags="folk", instrumental=True, seed=7)`.

        Without a seed one is drawn; the takes' metadata say which. Sampling that is not among `fields` is the model's
        own. `progress` is called through all stages, each over all takes. Raises InvalidRequest.
        """
        if request is None:
            request = SongRequest(**{"sampling": self.config.sampling, **fields})
        elif fields:
            raise TypeError(f"a request was given; {', '.join(fields)} belong in it")
        request = request.with_seed()
        plan = self._plan(request)
        drafts = self._backbone(request, plan, progress)
        for i, draft in enumerate(drafts):
            with draft.timed("superres"):
                draft.codes = refine(
                    self.loaded.superres,
                    plan.superres_ids,
                    draft.codes,
                    draft.seed,
                    request.sampling,
                    _share(progress, i, len(drafts)),
                )
        raw = []
        for i, draft in enumerate(drafts):
            with draft.timed("decode"):
                raw.append(synthesise(self.loaded.codec, draft.codes, progress=_share(progress, i, len(drafts))))
        takes = []
        for i, draft in enumerate(drafts):
            with draft.timed("finish"):
                samples, report = finish(raw[i], draft.truncated, self.loaded.codec.sample_rate)
            progress("finish", i + 1, len(drafts))
            record = self._record(request, plan, draft, i) | report.to_dict()
            takes.append(Take(samples, self.loaded.codec.sample_rate, draft.codes, record))
        return takes

    def _plan(self, request: SongRequest) -> _Plan:
        config, codec = self.config, self.loaded.codec
        if request.duration > config.max_seconds:
            raise InvalidRequest(
                f"duration is {request.duration:g} s; the model {config.name} makes songs of up to "
                f"{config.max_seconds:g} s"
            )
        backbone_ids, backbone_cut = self._ids(backbone_prompt(request, config.prompt), config.prompt.backbone_limit)
        superres_ids, superres_cut = self._ids(superres_prompt(request, config.prompt), config.prompt.superres_limit)
        by_duration = math.ceil(MARGIN * request.duration * codec.sample_rate / codec.hop)
        by_context = min(
            (config.backbone.context - len(backbone_ids) - 1) // 2, config.superres.context - len(superres_ids)
        )
        if by_context < 1:
            raise InvalidRequest(f"the words fill all that the model {config.name} can attend to; shorten the lyrics")
        bound = "duration" if by_duration <= by_context else "context"
        return _Plan(backbone_ids, superres_ids, backbone_cut or superres_cut, min(by_duration, by_context), bound)

    def _ids(self, prompt: Prompt, limit: int) -> tuple[list[int], bool]:
        ids = self.loaded.tokenizer.encode(prompt)
        return clamp_prompt(ids, limit), len(ids) > limit

    def _backbone(self, request: SongRequest, plan: _Plan, progress: Progress) -> list[_Draft]:
        assert request.seed is not None
        seeds = [take_seed(request.seed, take) for take in range(request.takes)]
        start = time.perf_counter()
        results: list[BackboneResult] = decode_backbone(
            self.loaded.backbone,
            [plan.backbone_ids] * len(seeds),
            seeds,
            plan.max_frames,
            request.sampling,
            progress,
        )
        seconds = {"backbone": round(time.perf_counter() - start, 3)}
        return [
            _Draft(seed, not result.ended, result.codes, dict(seconds))
            for seed, result in zip(seeds, results, strict=True)
        ]

    def _record(self, request: SongRequest, plan: _Plan, draft: _Draft, take: int) -> dict[str, Any]:
        """The sidecar: all that is needed to make the same samples again, and what came of it. `seconds` counts the
        take's own time per stage; that of the backbone is for all takes together."""
        loaded, frames = self.loaded, draft.codes.shape[1]
        return {
            "request": request.to_dict(),
            "take": take + 1,
            "seed": draft.seed,
            "model": {"name": loaded.config.name, "digest": loaded.digest, "license": loaded.config.license},
            "versions": {
                "khala": __version__,
                "torch": torch.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "device": str(loaded.backbone.device),
            "dtype": str(loaded.backbone.dtype).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "prompt_tokens": {"backbone": len(plan.backbone_ids), "superres": len(plan.superres_ids)},
            "prompt_cut": plan.prompt_cut,
            "frames": frames,
            "duration": round(frames * loaded.codec.hop / loaded.codec.sample_rate, 3),
            "max_frames": plan.max_frames,
            "max_frames_set_by": plan.bound,
            "truncated": draft.truncated,
            "seconds": draft.seconds,
        }


def _share(progress: Progress, take: int, takes: int) -> Progress:
    """Progress of one take as progress of all of them, a stage being as long for each."""

    def report(stage: Stage, done: int, total: int) -> None:
        progress(stage, take * total + done, takes * total)

    return report
