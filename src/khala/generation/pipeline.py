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

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.base import Engine, Mode, Written, keep_all
from khala.engine.opening import open_engine
from khala.generation.best_of import Listener, keep_best, keep_likeliest
from khala.generation.finish import finish
from khala.generation.keeping import keep_song, kept_result
from khala.generation.kept import KeptSong
from khala.generation.live import LiveTake, Tell, compose
from khala.generation.plan import TakePlan, guide_for, plan_take
from khala.generation.plan_rework import plan_rework
from khala.generation.progress import share, timed
from khala.generation.record import MusicHearer, make_record
from khala.generation.rework_verbs import ReworkVerbs
from khala.generation.splice import refine_between, spliced
from khala.generation.take import Take
from khala.generation.timed_lyrics import LyricsAligner, LyricsTiming, model_timing
from khala.models.config import ModelConfig
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.result import BackboneResult
from khala.models.lm.runs import runs
from khala.music.errors import InvalidRequest
from khala.music.loras import Lora
from khala.music.progress import Progress, silent
from khala.music.request import SongRequest
from khala.music.rework import Rework
from khala.weights.adapters import triggered


def load(
    name: str | Path = "mini",
    device: str = "auto",
    dtype: str = "auto",
    mode: Literal["auto"] | Mode = "auto",
    seconds: float = 60.0,
    listener: Listener | None = None,
    engine: str = "auto",
    aligner: LyricsAligner | None = None,
    hearer: MusicHearer | None = None,
    loras: Sequence[str | Lora] = (),
) -> "Pipeline":
    """A pipeline for a model by name, folder or hub id (`weights.resolve`), with the adapters `loras` ("folk:0.8").

    `dtype`: a number format, one for each language model ("backbone=float32,superres=bfloat16"), or "auto" for what
    suits model and machine. `mode`: keep all of the model in memory or, "one_shot", one part at a time, which is read
    for its stage; with "auto" what fits, for a song of `seconds`. `listener`, `aligner`, `hearer`: see `Pipeline`.
    `engine`: see `engine.opening`. Raises ModelError, and InvalidRequest with advice if nothing fits.
    """
    chosen = [Lora.parse(one) if isinstance(one, str) else one for one in loras]
    return Pipeline(open_engine(name, device, dtype, mode, seconds, engine, chosen), listener, aligner, hearer)


class Pipeline(ReworkVerbs):
    """Makes songs with one model."""

    def __init__(
        self,
        engine: Engine,
        listener: Listener | None = None,
        aligner: LyricsAligner | None = None,
        hearer: MusicHearer | None = None,
    ) -> None:
        """`listener` has a say in which of several candidates is best, beside the backbone. `aligner` finds the words
        of a song whose model does not say when they are sung (`scoring.alignment.align_lyrics`). `hearer` estimates
        tempo and key of a song whose model follows no outline (`scoring.hearing.hear_music`)."""
        self.engine, self.listener, self.aligner, self.hearer = engine, listener, aligner, hearer

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
        return self.make(self.plan_takes(self._request(request, fields)), progress)

    def make(self, plans: Sequence[TakePlan], progress: Progress = silent) -> list[Take]:
        """The takes of plans, through all stages."""
        seconds, results = dict[str, float](), list[BackboneResult]()
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
                raw.append(self._synthesise(plans[i], codes[i], share(progress, i, len(plans))))
        return [
            self._finish(plan, codes[i], results[i], raw[i], each[i], share(progress, i, len(plans)))
            for i, plan in enumerate(plans)
        ]

    def live(self, request: SongRequest | None = None, *, progress: Progress = silent, **fields: Any) -> LiveTake:
        """The take of a request, as `generate` makes it, to be heard while it is made:

            with pipe.live(tags="folk", instrumental=True) as song:
                for block in song:
                    ...  # block.samples, float32 [2, n] at song.rate
                song.take.save("song.flac")

        What is heard has another loudness (`generation.preview`). Raises InvalidRequest, also for several takes.
        """
        request = self._request(request, fields)
        if request.takes > 1:
            raise InvalidRequest(f"one take at a time can be heard while it is made; {request.takes} were asked for")
        return self.live_take(self.plan_take(request, 1), progress=progress)

    def stream(self, request: SongRequest | None = None, **arguments: Any) -> Iterator[Samples]:
        """The blocks of `live` alone, samples [2, n]."""
        with self.live(request, **arguments) as song:
            for block in song:
                yield block.samples

    def live_take(
        self,
        plan: TakePlan,
        result: BackboneResult | None = None,
        known: NDArray[np.int16] | None = None,
        progress: Progress = silent,
    ) -> LiveTake:
        """A planned take, to be heard while it is made. One that was interrupted goes on: from the `result` of its
        backbone, if there is one, and from the codes [Q, T] of its windows so far (`LiveTake.news`), which are `known`.

        It is heard from its beginning again. With the same kind of processor it is the same take, bit by bit; with
        another its known codes are kept, and what follows is the same up to ties. Raises ValueError, when it runs, if
        `known` does not end with a window.
        """
        if known is not None and result is None and plan.request.best_of > 1:
            raise ValueError("which of several candidates the known codes belong to is told by the backbone's result")

        def backbone(written: Written, report: Progress) -> BackboneResult:
            if result is not None:
                return result
            if plan.request.best_of > 1:
                return self.backbone([plan], report)[0]
            slot = plan.slot(known=None if known is None else known[:FIRST_LEVEL])
            return self.engine.decode([slot], guide_for([plan]), report, written=written)[0]

        def make(tell: Tell, report: Progress) -> Take:
            def finished(
                codes: NDArray[np.int16], result: BackboneResult, raw: Samples, seconds: dict[str, float]
            ) -> Take:
                return self._finish(plan, codes, result, raw, seconds, report)

            return compose(self.engine, plan, backbone, finished, known, tell, report)

        return LiveTake(make, self.config.codec.sample_rate, self.frame_rate, progress)

    def plan_takes(self, request: SongRequest) -> list[TakePlan]:
        """One plan per take of a request that has its seed (ValueError otherwise). Raises InvalidRequest for what the
        model cannot do."""
        return [self.plan_take(request, number) for number in range(1, request.takes + 1)]

    def plan_take(self, request: SongRequest, number: int) -> TakePlan:
        """The plan of take 1, 2, ... alone."""
        engine, request = self.engine, triggered(request, self.engine.adapters)
        return plan_take(request, number, self.config, engine.tokenizer, engine.durations)

    def plan_rework(
        self, source: KeptSong, rework: Rework, request: SongRequest, number: int = 1, parent: str | None = None
    ) -> TakePlan:
        """The plan of take 1, 2, ... of a song that is made of another (`generation.plan_rework`). Raises
        InvalidRequest."""
        engine, request = self.engine, triggered(request, self.engine.adapters)
        return plan_rework(source, rework, request, number, self.config, engine.tokenizer, engine.durations, parent)

    def backbone(
        self, plans: Sequence[TakePlan], progress: Progress = silent, wanted: Callable[[int], bool] = keep_all
    ) -> list[BackboneResult]:
        """First stage, all plans in one batch: per plan its codes int16 [2, T] and whether the song came to its end.

        `batches` says how many plans memory allows; of several candidates, as many are decoded together. Progress
        counts frames of all batches, each as long as the plan in it that may get longest. A plan, by its index, that is
        not `wanted` any more costs nothing from then on.
        """
        several = [(i, turn) for turn in range(max(plan.candidates for plan in plans)) for i in range(len(plans))]
        asked = [(i, turn) for i, turn in several if turn < plans[i].candidates]
        at_once = max(len(plans), self.takes_at_once(max(plan.request.duration for plan in plans)))
        batches = runs(asked, lambda batch: len(batch) <= at_once)
        found: list[list[BackboneResult]] = [[] for _ in plans]
        for number, batch in enumerate(batches):
            results = self._decode(
                [(plans[i], turn + 1) for i, turn in batch],
                share(progress, number, len(batches)),
                lambda slot, batch=batch: wanted(batch[slot][0]),  # type: ignore[misc]
            )
            for (i, _), result in zip(batch, results, strict=True):
                found[i].append(result)
        return [
            self._best(plan, its, progress) if len(its) > 1 and wanted(i) else its[0]
            for i, (plan, its) in enumerate(zip(plans, found, strict=True))
        ]

    def _decode(
        self, asked: Sequence[tuple[TakePlan, int]], progress: Progress, wanted: Callable[[int], bool]
    ) -> list[BackboneResult]:
        """Decode candidates of plans, by their numbers. What is only refined anew has been decoded."""
        results = {
            i: kept_result(plan.rework) for i, (plan, _) in enumerate(asked) if plan.rework and plan.rework.is_whole
        }
        left = [i for i in range(len(asked)) if i not in results]
        if left:
            slots = [asked[i][0].slot(candidate=asked[i][1]) for i in left]
            guide = guide_for([asked[i][0] for i in left])
            made = self.engine.decode(slots, guide, progress, lambda slot: wanted(left[slot]))
            for i, result in zip(left, made, strict=True):
                rework = asked[i][0].rework
                results[i] = rework.completed(result) if rework else result
        return [results[i] for i in range(len(asked))]

    def superres(
        self, plans: Sequence[TakePlan], results: Sequence[BackboneResult], progress: Progress = silent
    ) -> list[NDArray[np.int16]]:
        """Second stage: per plan what the backbone made of it -> codes int16 [levels, T]; takes share passes.

        Progress counts levels, of all takes together.
        """
        inputs = [plan.refine_input(result) for plan, result in zip(plans, results, strict=True)]
        whole = [i for i, plan in enumerate(plans) if plan.rework is None]
        parts = len(plans) - len(whole) + bool(whole)
        codes = dict[int, NDArray[np.int16]]()
        if whole:
            refined = self.engine.refine([inputs[i] for i in whole], share(progress, 0, parts))
            codes |= zip(whole, refined, strict=True)
        for i, plan in enumerate(plans):
            if plan.rework is not None:
                turn = share(progress, len(codes) - len(whole) + bool(whole), parts)
                codes[i] = refine_between(self.engine, inputs[i], plan.rework, turn)
        return [codes[i] for i in range(len(plans))]

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
            raw = self._synthesise(plan, codes, progress)
        return self._finish(plan, codes, result, raw, seconds, progress)

    def _synthesise(self, plan: TakePlan, codes: NDArray[np.int16], progress: Progress) -> Samples:
        samples = self.engine.synthesise(codes, progress)
        return spliced(self.engine, samples, plan.rework) if plan.rework and plan.rework.keeps_samples else samples

    def _request(self, request: SongRequest | None, fields: dict[str, Any]) -> SongRequest:
        if request is None:
            request = SongRequest(**{"sampling": self.config.sampling, **fields})
        elif fields:
            raise TypeError(f"a request was given; {', '.join(fields)} belong in it")
        return request.with_seed()

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
            gain = plan.rework.source.gain if plan.rework and plan.rework.keeps_samples else None
            samples, report = finish(raw, not result.ended, rate, gain)
            timing = model_timing(plan, result, self.frame_rate)
            if timing is None and self.aligner and plan.request.lyrics:
                timing = LyricsTiming(self.aligner(samples, rate, plan.request.lyrics), "recogniser")
            heard = self.hearer(samples, rate) if self.hearer and not plan.preview.outline else None
        progress("finish", 1, 1)
        record = make_record(self.engine, plan, result, report, seconds, timing, heard)
        kept = keep_song(plan, result, codes, timing, report.gain, self.engine.digest, self.frame_rate)
        return Take(samples, rate, codes, record, kept)

    def _best(self, plan: TakePlan, results: Sequence[BackboneResult], progress: Progress) -> BackboneResult:
        if plan.rework is not None and not plan.rework.goes_on:
            return keep_likeliest(self.engine, plan, results, progress)
        listener, rate = self.listener, self.config.codec.sample_rate
        if listener is None or self.config.origin is not None:  # it knows no imported model's voices
            return keep_best(self.engine, plan, results, None, progress)

        def hear(codes: NDArray[np.int16]) -> float:
            return listener(self.engine.synthesise(codes), rate, plan.request)

        return keep_best(self.engine, plan, results, hear, progress)
