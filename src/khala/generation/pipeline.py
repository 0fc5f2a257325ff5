"""A request becomes takes: backbone, superres, decode, finish.

The same request with the same seed, model, engine, device and dtype gives the same samples, whatever the number of
threads, and so does each take by itself: a take depends on its own seed alone, and the seed of take 1 is the request's.

The stages can be run apart, each on another day or machine (with the same model, engine, device and dtype):

    plans = pipe.plan_takes(request)                   one `TakePlan` per take; a request gives the same ones again
    results = pipe.backbone(plans)                     store what a `BackboneResult` holds: codes int16 [2, T], ...
    (codes,) = pipe.superres([plan], [result])         store codes int16 [levels, T]
    take = pipe.render(plan, codes, result)            a `Take`: `take.save(path)`, `take.samples`, `take.metadata`

`backbone` and `superres` take plans of different requests at once; what a take becomes does not depend on its company.
Every stage reports through `progress` and is stopped by an exception raised there (`music.progress.Progress`).
A pipeline keeps no state between calls. It computes one thing at a time: never call it from two threads.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.base import Engine, Mode, keep_all
from khala.engine.opening import open_engine
from khala.generation.best_of import Listener, keep_best
from khala.generation.finish import finish
from khala.generation.plan import TakePlan, guide_for, plan_take
from khala.generation.progress import share, timed
from khala.generation.record import make_record
from khala.generation.take import Take
from khala.generation.timed_lyrics import LyricsAligner, LyricsTiming, model_timing
from khala.models.config import ModelConfig
from khala.models.lm.result import BackboneResult
from khala.models.lm.runs import runs
from khala.music.progress import Progress, silent
from khala.music.request import SongRequest


def load(
    name: str | Path = "mini",
    device: str = "auto",
    dtype: str = "auto",
    mode: Literal["auto"] | Mode = "auto",
    seconds: float = 60.0,
    listener: Listener | None = None,
    engine: str = "auto",
    aligner: LyricsAligner | None = None,
) -> "Pipeline":
    """A pipeline for a model by name, folder or hub id (`weights.resolve`).

    `dtype`: a number format, one for each language model ("backbone=float32,superres=bfloat16"), or "auto" for what
    suits model and machine. `mode`: keep all of the model in memory or, "one_shot", one part at a time, which is read
    for its stage; with "auto" what fits, for a song of `seconds`. `listener`, `aligner`: see `Pipeline`. `engine`:
    see `engine.opening`. Raises ModelError, and InvalidRequest with advice if nothing fits.
    """
    return Pipeline(open_engine(name, device, dtype, mode, seconds, engine), listener, aligner)


class Pipeline:
    """Makes songs with one model."""

    def __init__(self, engine: Engine, listener: Listener | None = None, aligner: LyricsAligner | None = None) -> None:
        """`listener` has a say in which of several candidates is best, beside the backbone. `aligner` finds the words
        of a song whose model does not say when they are sung (`scoring.alignment.align_lyrics`)."""
        self.engine, self.listener, self.aligner = engine, listener, aligner

    @property
    def config(self) -> ModelConfig:
        return self.engine.config

    @property
    def mode(self) -> Mode:
        """Whether all of the model stays in memory ("keep_loaded") or one part at a time ("one_shot")."""
        return self.engine.mode

    @property
    def frame_rate(self) -> float:
        """Frames of codes in a second of song."""
        return self.config.frame_rate

    def takes_at_once(self, seconds: float) -> int:
        """How many takes of so many seconds `backbone` may decode together in the memory that is free now."""
        return self.engine.takes_at_once(seconds)

    def fits(self, seconds: float) -> bool:
        """Whether the memory that is free now has room for a take of so many seconds, with the model kept as it is."""
        return self.engine.fits(seconds)

    def close(self) -> None:
        """Free what the model holds on its device; the pipeline makes no more songs."""
        self.engine.close()

    def batches(self, plans: Sequence[TakePlan]) -> list[list[TakePlan]]:
        """The plans in order, as many at a time as `backbone` may decode together in the memory that is free now."""
        return runs(plans, lambda batch: len(batch) <= self.takes_at_once(max(one.request.duration for one in batch)))

    def generate(self, request: SongRequest | None = None, *, progress: Progress = silent, **fields: Any) -> list[Take]:
        """The takes of a request, or of the fields of one: `generate(tags="folk", instrumental=True, seed=7)`.

        Without a seed one is drawn; the takes' metadata say which. Sampling that is not among `fields` is the model's
        own. `progress` is called through all stages, each over all takes. Raises InvalidRequest.
        """
        if request is None:
            request = SongRequest(**{"sampling": self.config.sampling, **fields})
        elif fields:
            raise TypeError(f"a request was given; {', '.join(fields)} belong in it")
        plans, seconds, results = self.plan_takes(request.with_seed()), dict[str, float](), list[BackboneResult]()
        batches = self.batches(plans)
        with timed(seconds, "backbone"):
            for i, batch in enumerate(batches):
                results += self.backbone(batch, share(progress, i, len(batches)))
        with timed(seconds, "superres"):
            codes = self.superres(plans, results, progress)
        each = [dict(seconds) for _ in plans]
        raw = []
        for i in range(len(plans)):
            with timed(each[i], "decode"):
                raw.append(self.engine.synthesise(codes[i], share(progress, i, len(plans))))
        return [
            self._finish(plan, codes[i], results[i], raw[i], each[i], share(progress, i, len(plans)))
            for i, plan in enumerate(plans)
        ]

    def plan_takes(self, request: SongRequest) -> list[TakePlan]:
        """One plan per take of a request that has its seed (ValueError otherwise). Raises InvalidRequest for what the
        model cannot do."""
        return [self.plan_take(request, number) for number in range(1, request.takes + 1)]

    def plan_take(self, request: SongRequest, number: int) -> TakePlan:
        """The plan of take 1, 2, ... alone."""
        return plan_take(request, number, self.config, self.engine.tokenizer, self.engine.durations)

    def backbone(
        self, plans: Sequence[TakePlan], progress: Progress = silent, wanted: Callable[[int], bool] = keep_all
    ) -> list[BackboneResult]:
        """First stage, all plans in one batch: per plan its codes int16 [2, T] and whether the song came to its end.

        `batches` says how many plans memory allows. Plans that ask for the best of several candidates get one
        after another, as many batches as the one that asks for most. Progress counts frames of all batches, each as
        long as the plan in it that may get longest. A plan, by its index, that is not `wanted` any more costs nothing
        from then on.
        """
        rounds = max(plan.request.best_of for plan in plans)
        found: list[list[BackboneResult]] = [[] for _ in plans]
        for turn in range(rounds):
            asking = [i for i, plan in enumerate(plans) if turn < plan.request.best_of]
            results = self.engine.decode(
                [plans[i].slot(candidate=turn + 1) for i in asking],
                guide_for([plans[i] for i in asking]),
                share(progress, turn, rounds),
                lambda slot, asking=asking: wanted(asking[slot]),  # type: ignore[misc]
            )
            for i, result in zip(asking, results, strict=True):
                found[i].append(result)
        return [
            self._best(plan, its, progress) if len(its) > 1 and wanted(i) else its[0]
            for i, (plan, its) in enumerate(zip(plans, found, strict=True))
        ]

    def superres(
        self, plans: Sequence[TakePlan], results: Sequence[BackboneResult], progress: Progress = silent
    ) -> list[NDArray[np.int16]]:
        """Second stage: per plan what the backbone made of it -> codes int16 [levels, T]; takes share passes.

        Progress counts levels, of all takes together.
        """
        inputs = [plan.refine_input(result) for plan, result in zip(plans, results, strict=True)]
        return self.engine.refine(inputs, progress)

    def render(
        self,
        plan: TakePlan,
        codes: NDArray[np.int16],
        result: BackboneResult,
        seconds: Mapping[str, float] | None = None,
        progress: Progress = silent,
    ) -> Take:
        """Last stages, decode and finish: codes int16 [levels, T] -> the finished take.

        `result` is what the backbone made of it. `seconds` says how long the stages before took, for the record; those
        of decode and finish are added. Progress counts frames in decode, takes in finish. Raises KhalaError for samples
        that are NaN or infinite.
        """
        seconds = dict(seconds or {})
        with timed(seconds, "decode"):
            raw = self.engine.synthesise(codes, progress)
        return self._finish(plan, codes, result, raw, seconds, progress)

    def _finish(
        self,
        plan: TakePlan,
        codes: NDArray[np.int16],
        result: BackboneResult,
        raw: Samples,
        seconds: dict[str, float],
        progress: Progress,
    ) -> Take:
        rate = self.config.codec.sample_rate
        with timed(seconds, "finish"):
            samples, report = finish(raw, not result.ended, rate)
            timing = model_timing(plan, result, self.frame_rate)
            if timing is None and self.aligner and plan.request.lyrics:
                timing = LyricsTiming(self.aligner(samples, rate, plan.request.lyrics), "recogniser")
        progress("finish", 1, 1)
        return Take(samples, rate, codes, make_record(self.engine, plan, result, report, seconds, timing))

    def _best(self, plan: TakePlan, results: Sequence[BackboneResult], progress: Progress) -> BackboneResult:
        listener, rate = self.listener, self.config.codec.sample_rate
        if listener is None or self.config.origin is not None:  # it knows no imported model's voices
            return keep_best(self.engine, plan, results, None, progress)

        def hear(codes: NDArray[np.int16]) -> float:
            return listener(self.engine.synthesise(codes), rate, plan.request)

        return keep_best(self.engine, plan, results, hear, progress)
