"""A request becomes takes: backbone, superres, decode, finish.

The same request with the same seed, model, device and dtype gives the same samples, whatever the number of threads, and
so does each take by itself: a take depends on its own seed alone, and `take_seed` of the first take is the request's
seed.

The stages can be run apart, each on another day or machine (with the same model, device and dtype):

    works = pipe.works(request)                        one `Work` per take; a request gives the same ones again
    results = pipe.backbone(works)                     store what a `BackboneResult` holds: codes int16 [2, T], ...
    (codes,) = pipe.superres([work], [result])         store codes int16 [levels, T]
    take = pipe.render(work, codes, result)            a `Take`: `take.save(path)`, `take.samples`, `take.metadata`

`backbone` and `superres` take works of different requests at once; what a take becomes does not depend on its company.
Every stage reports through `progress` and is stopped by an exception raised there (`generation.progress.Progress`).
A pipeline keeps no state between calls. It computes one thing at a time: never call it from two threads.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from khala import __version__
from khala.audio.samples import Samples
from khala.generation.choose import Candidate, Listener, best, information
from khala.generation.decode import BackboneResult, Slot, all_wanted, decode_backbone
from khala.generation.device import choose_device
from khala.generation.finish import finish
from khala.generation.formats import settle
from khala.generation.memory import Mode, free_memory, need, takes_at_once
from khala.generation.plan import Work, plan_for
from khala.generation.progress import Progress, Stage, silent
from khala.generation.refine import RefineInput, refine
from khala.generation.staged import StagedModel
from khala.generation.synthesis import synthesise
from khala.generation.take import Take
from khala.generation.timing import timed_lines
from khala.models.config import ModelConfig
from khala.music.prompt import UNCOND_PROMPT, unsaid_prompt
from khala.music.request import SongRequest
from khala.music.seeds import take_seed
from khala.weights.folder import LoadedModel, load_parts, open_model


def load(
    name: str | Path = "mini",
    device: str = "auto",
    dtype: str = "auto",
    mode: Literal["auto", "keep_loaded", "one_shot"] = "auto",
    seconds: float = 60.0,
    listener: Listener | None = None,
) -> "Pipeline":
    """A pipeline for a model by name, folder or hub id (`weights.resolve`).

    `dtype`: see `formats.choose_formats`. `mode`: keep all of the model in memory or, "one_shot", one part at a time,
    which is read for its stage; with "auto" what fits, for a song of `seconds`. `listener`: see `Pipeline`. Raises
    ModelError, and InvalidRequest with advice if nothing fits.
    """
    place = choose_device(device)
    opened = open_model(name)
    seconds = min(seconds, opened.config.max_seconds)
    formats, chosen = settle(dtype, opened.config, place, seconds, free_memory(place), mode)
    model = (StagedModel if chosen == "one_shot" else load_parts)(opened, place, formats)
    return Pipeline(model, listener)


class Pipeline:
    """Makes songs with one loaded model. It keeps no state between songs."""

    def __init__(self, loaded: LoadedModel | StagedModel, listener: Listener | None = None) -> None:
        """`listener` has a say in which of several candidates is best, beside the backbone."""
        self.loaded, self.listener = loaded, listener

    @property
    def config(self) -> ModelConfig:
        return self.loaded.config

    @property
    def mode(self) -> Mode:
        """Whether all of the model stays in memory ("keep_loaded") or one part at a time ("one_shot")."""
        return "one_shot" if isinstance(self.loaded, StagedModel) else "keep_loaded"

    @property
    def frame_rate(self) -> float:
        """Frames of codes in a second of song."""
        return self.config.frame_rate

    def takes_at_once(self, seconds: float) -> int:
        """How many takes of so many seconds `backbone` may decode together in the memory that is free now; where the
        model knows guidance, counting two for each."""
        room = free_memory(self.loaded.device)
        rows = takes_at_once(self.config, self.loaded.device, self.loaded.formats, seconds, room, self.mode)
        return max(rows // 2, 1) if self.config.prompt.supports_guidance else rows

    def fits(self, seconds: float) -> bool:
        """Whether the memory that is free now has room for a take of so many seconds, with the model kept as it is."""
        loaded = self.loaded
        needed = need(self.config, loaded.device, loaded.formats, seconds)
        return needed.of(self.mode) <= free_memory(loaded.device)

    def batches(self, works: Sequence[Work]) -> list[list[Work]]:
        """The works in order, as many at a time as `backbone` may decode together in the memory that is free now."""
        split: list[list[Work]] = []
        for work in works:
            batch = [*(split[-1] if split else ()), work]
            if len(batch) > 1 and len(batch) <= self.takes_at_once(max(one.request.duration for one in batch)):
                split[-1] = batch
            else:
                split.append([work])
        return split

    def generate(self, request: SongRequest | None = None, *, progress: Progress = silent, **fields: Any) -> list[Take]:
        """The takes of a request, or of the fields of one: `generate(tags="folk", instrumental=True, seed=7)`.

        Without a seed one is drawn; the takes' metadata say which. Sampling that is not among `fields` is the model's
        own. `progress` is called through all stages, each over all takes. Raises InvalidRequest.
        """
        if request is None:
            request = SongRequest(**{"sampling": self.config.sampling, **fields})
        elif fields:
            raise TypeError(f"a request was given; {', '.join(fields)} belong in it")
        works = self.works(request.with_seed())
        together: dict[str, float] = {}
        with _timed(together, "backbone"):
            results = self._backbones(works, progress)
        with _timed(together, "superres"):
            codes = self.superres(works, results, progress)
        raw, seconds = [], [dict(together) for _ in works]
        for i in range(len(works)):
            with _timed(seconds[i], "decode"):
                raw.append(synthesise(self.loaded.codec, codes[i], progress=_share(progress, i, len(works))))
        return [
            self._finish(work, codes[i], results[i], raw[i], seconds[i], _share(progress, i, len(works)))
            for i, work in enumerate(works)
        ]

    def works(self, request: SongRequest) -> list[Work]:
        """One work per take of a request that has its seed (ValueError otherwise). Raises
        InvalidRequest for what the model cannot do."""
        return [self.work(request, take) for take in range(request.takes)]

    def work(self, request: SongRequest, take: int) -> Work:
        """The work of take 0, 1, ... alone."""
        if request.seed is None:
            raise ValueError("takes are told apart by the seed of their request: give it one by with_seed()")
        seed = take_seed(request.seed, take)
        return Work(request, take, seed, plan_for(replace(request, seed=seed), self.config, self.loaded.tokenizer))

    def backbone(
        self, works: Sequence[Work], progress: Progress = silent, wanted: Callable[[int], bool] = all_wanted
    ) -> list[BackboneResult]:
        """First stage, all works in one batch: per work its codes int16 [2, T] and whether the song came to its end.

        `batches` says how many works memory allows. Works that ask for the best of several candidates get one
        after another, as many batches as the one that asks for most. Progress counts frames of all batches, each as
        long as the work in it that may get longest. A work, told by its index, that is not `wanted` any more costs
        nothing from then on.
        """
        rounds = max(work.request.best_of for work in works)
        found: list[list[tuple[BackboneResult, int]]] = [[] for _ in works]
        for turn in range(rounds):
            asking = [i for i, work in enumerate(works) if turn < work.request.best_of]
            slots = [replace(self.slot(works[i]), seed=take_seed(works[i].seed, turn)) for i in asking]
            results = decode_backbone(
                self.loaded.backbone,
                slots,
                _share(progress, turn, rounds),
                lambda slot, asking=asking: wanted(asking[slot]),  # type: ignore[misc]
            )
            for i, slot, result in zip(asking, slots, results, strict=True):
                found[i].append((result, slot.seed))
        options = [found[i] if wanted(i) else found[i][:1] for i in range(len(works))]
        return [self._chosen(work, its, progress) for work, its in zip(works, options, strict=True)]

    def slot(self, work: Work) -> Slot:
        """A work's place in a decode batch."""
        plan, frames = work.plan, work.plan.max_frames
        return Slot(
            prompt_ids=plan.backbone_ids,
            seed=work.seed,
            longest=frames,
            sampling=work.request.sampling,
            uncond_ids=self.loaded.tokenizer.encode(UNCOND_PROMPT),
            aim=plan.aim,
            lines=plan.lines,
            cues=plan.cues(frames),
            uncond_conditions=plan.uncond_conditions(frames),
            words=plan.words,
            bounds=plan.bounds,
        )

    def superres(
        self, works: Sequence[Work], results: Sequence[BackboneResult], progress: Progress = silent
    ) -> list[NDArray[np.int16]]:
        """Second stage: per work what the backbone made of it -> codes int16 [levels, T]; works share passes.

        Progress counts levels, of all works together.
        """
        drafts = []
        for work, result in zip(works, results, strict=True):
            shown = self.config.superres.condition_rows
            cues = work.plan.shown(result)[:-1] if shown else ()
            blank = work.plan.shown(replace(result, places=None))[:-1] if shown and work.plan.sung else ()
            sampling = work.request.sampling
            drafts.append(RefineInput(work.plan.superres_ids, result.codes, work.seed, sampling, cues, blank))
        codebooks_QCK = self.loaded.codebooks  # before super-resolution is there: a staged model holds one part
        return refine(self.loaded.superres, drafts, codebooks_QCK, progress)

    def render(
        self,
        work: Work,
        codes: NDArray[np.int16],
        result: BackboneResult,
        seconds: Mapping[str, float] | None = None,
        progress: Progress = silent,
    ) -> Take:
        """Last stages, decode and finish: codes int16 [levels, T] -> the finished take.

        `result` is what the backbone made of it. `seconds` says how long the stages before took, for the record; those
        of decode and finish are added. Progress counts frames in decode, takes in finish. Raises KhalaError for samples
        that are not numbers.
        """
        seconds = dict(seconds or {})
        with _timed(seconds, "decode"):
            raw = synthesise(self.loaded.codec, codes, progress=progress)
        return self._finish(work, codes, result, raw, seconds, progress)

    def _chosen(self, work: Work, options: Sequence[tuple[BackboneResult, int]], progress: Progress) -> BackboneResult:
        """The best of a work's candidates, with what they were judged by."""
        if len(options) == 1:
            return options[0][0]
        results, seeds = zip(*options, strict=True)
        unsaid_ids = self.loaded.tokenizer.encode(unsaid_prompt(work.plan.preview.request, self.config.prompt))
        told = [
            information(
                self.loaded.backbone,
                work.plan.backbone_ids,
                unsaid_ids,
                result.codes,
                progress,
                work.plan.lines,
                work.plan.shown(result),
                work.plan.uncond_conditions(result.codes.shape[1]),
            )
            for result in results
        ]
        heard = [self._heard(work, result.codes) for result in results]
        candidates = tuple(
            Candidate(seed, result.ended, nats, word)
            for seed, result, nats, word in zip(seeds, results, told, heard, strict=True)
        )
        kept = best(candidates)
        told_kept = tuple(replace(candidate, kept=i == kept) for i, candidate in enumerate(candidates))
        chosen: BackboneResult = results[kept]
        return replace(chosen, candidates=told_kept)

    def _heard(self, work: Work, codes: NDArray[np.int16]) -> float | None:
        """The listener's word on what levels 0 and 1 sound like; it knows no imported model's voices."""
        if self.listener is None or self.config.origin is not None:
            return None
        samples = synthesise(self.loaded.codec, codes)
        return round(self.listener(samples, self.config.codec.sample_rate, work.request), 4)

    def _backbones(self, works: Sequence[Work], progress: Progress) -> list[BackboneResult]:
        """The first stage in as many batches as memory demands."""
        batches = self.batches(works)
        return [
            result
            for i, batch in enumerate(batches)
            for result in self.backbone(batch, _share(progress, i, len(batches)))
        ]

    def _finish(
        self,
        work: Work,
        codes: NDArray[np.int16],
        result: BackboneResult,
        raw: Samples,
        seconds: dict[str, float],
        progress: Progress,
    ) -> Take:
        rate = self.config.codec.sample_rate
        with _timed(seconds, "finish"):
            samples, report = finish(raw, not result.ended, rate)
        progress("finish", 1, 1)
        record = self._record(work, result, seconds)
        if result.candidates:
            record["candidates"] = [candidate.to_dict() for candidate in result.candidates]
        return Take(samples, rate, codes, record | report.to_dict())

    def _record(self, work: Work, result: BackboneResult, seconds: dict[str, float]) -> dict[str, Any]:
        """The sidecar: all that is needed to make the same samples again, and what came of it. `seconds` counts the
        take's own time in decode and finish; those of backbone and superres are for all takes together."""
        loaded, request, plan = self.loaded, work.request, work.plan
        frames, outline = result.codes.shape[1], plan.outline
        lines = timed_lines(plan, result)
        if outline and lines is not None:
            spans = tuple((line.begin, line.end) for line in lines if line.begin is not None and line.end is not None)
            outline = replace(outline, lines=spans)
        return {
            "request": request.to_dict(),
            "take": work.take + 1,
            "seed": work.seed,
            "model": {"name": loaded.config.name, "digest": loaded.digest, "license": loaded.config.license},
            "versions": {
                "khala": __version__,
                "torch": torch.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "device": str(loaded.device),
            "dtype": str(loaded.formats),
            "prompt_tokens": {"backbone": len(plan.backbone_ids), "superres": len(plan.superres_ids)},
            "prompt_cut": plan.prompt_cut,
            "frames": frames,
            "duration": round(frames / self.frame_rate, 3),
            "max_frames": plan.max_frames,
            "max_frames_set_by": plan.bound,
            "truncated": not result.ended,
            "outline": outline and outline.told(self.frame_rate),
            "lyrics": lines and [line.to_dict(self.frame_rate) for line in lines],
            "unsung_lines": None if lines is None else sum(not line.sung for line in lines),
            "remarks": [remark.to_dict() for remark in plan.preview.remarks],
            "seconds": seconds,
        }


def _share(progress: Progress, take: int, takes: int) -> Progress:
    """Progress of one take as progress of all of them, a stage being as long for each."""

    def report(stage: Stage, done: int, total: int) -> None:
        progress(stage, take * total + done, takes * total)

    return report


@contextmanager
def _timed(seconds: dict[str, float], stage: Stage) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 3)
