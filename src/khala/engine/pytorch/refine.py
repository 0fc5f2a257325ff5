"""Super-resolution: levels 0 and 1 -> all levels, one pass over the whole song per level, several takes in a pass."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.engine.base import quietly
from khala.engine.pytorch.reporting import reporting
from khala.models.lm.pack import encode_pack
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.refinement import FIRST_LEVEL, GUIDANCE_SCALE, GUIDED_LEVELS, RESIDUAL_GUIDANCE_SCALE
from khala.models.lm.row_work import RowWork
from khala.models.lm.runs import runs
from khala.models.lm.superres import Superres, mark_task
from khala.models.lm.windows import Window, Windows, windows_over
from khala.music.progress import Progress, silent
from khala.nn.rvq import nearest
from khala.nn.sampling import generator, nearest_to_mean, sample, to_device_async
from khala.nn.threads import one_thread

MAX_POSITIONS = 8192
"""Positions in a pass, unless a single take has more: no device is idle with so many, and memory stays bounded."""


@torch.inference_mode()
@one_thread()
def refine(
    model: Superres,
    inputs: Sequence[RefineInput],
    codebooks_QCK: Tensor,
    progress: Progress = silent,
    by_rows: bool | None = None,
    windows: Windows | None = None,
    row_work: RowWork | None = None,
) -> list[NDArray[np.int16]]:
    """Each take's codes of all levels, int16 [Q, T]. Progress counts levels, those of all takes and
    windows together.

    Pass k reads the prompt, its last position turned into the marker of k, and one position per frame: the sum of the
    embeddings of levels 0..k-1, which grows by one level per pass. All frames are drawn at once, with noise that
    depends on the take's seed and k alone; `superres_sampling` "mean" takes the code nearest to the mean of
    the codec's `codebooks_QCK`. Nothing is padded, and nothing can be cached: with full attention the text sees the
    song, too. What a take becomes does not depend on its company. `by_rows` and `row_work` as in `models.lm.pack`.
    A model that predicts the residual has one pass, the first, and every level takes the code nearest to what is left.

    With `windows` (`models.lm.windows`) a pass reads one window of each take, and all its levels come before the next.
    """
    levels = range(FIRST_LEVEL, model.config.levels)
    books_QCK = codebooks_QCK.to(model.device, torch.float32)
    refined = [np.zeros((model.config.levels, one.codes.shape[1]), np.int16) for one in inputs]
    divided = [windows_over(one.codes.shape[1], windows) for one in inputs]
    done, total = 0, len(levels) * sum(map(len, divided))
    with reporting(model, progress, "superres", total) as report:
        for turn in range(max(map(len, divided), default=0)):
            going = [
                (one.between(its[turn].first, its[turn].last), its[turn], codes_QT)
                for one, its, codes_QT in zip(inputs, divided, refined, strict=True)
                if turn < len(its)
            ]
            for pack in runs(going, lambda pack: sum(one.positions for one, _, _ in pack) <= MAX_POSITIONS):
                takes = [_Take(model, books_QCK, *each) for each in pack]
                for level in levels:
                    songs = [(take, song) for take in takes for song in take.embedded(level)]
                    starts = [len(take.input.prompt_ids) for take, _ in songs]
                    hidden = encode_pack(
                        model, [song for _, song in songs], starts, by_rows, row_work, partial(report, done)
                    )
                    for take in takes:
                        take.draw(level, [one for (its, _), one in zip(songs, hidden, strict=True) if its is take])
                    done += len(pack)
                    report(done, now=True)
                for take in takes:
                    take.keep()
    return refined


class Passes:
    """A window of one take, a pass at a time (`engine.base.Refining`)."""

    @torch.inference_mode()
    def __init__(
        self,
        model: Superres,
        one: RefineInput,
        window: Window,
        codes_QT: NDArray[np.int16],
        codebooks_QCK: Tensor,
        row_work: RowWork | None = None,
    ) -> None:
        self._model, self._row_work = model, row_work
        books_QCK = codebooks_QCK.to(model.device, torch.float32)
        self._take = _Take(model, books_QCK, one.between(window.first, window.last), window, codes_QT)

    @torch.inference_mode()
    @one_thread()
    def decide(self, level: int, pulse: Callable[[], None] = quietly) -> None:
        take, model = self._take, self._model
        songs = take.embedded(level)
        starts = [len(take.input.prompt_ids)] * len(songs)
        with reporting(model, lambda *_: pulse(), "superres", 1) as report:
            hidden = encode_pack(model, songs, starts, None, self._row_work, partial(report, 0))
        take.draw(level, hidden)
        take.keep()


class _Take:
    """A window of a take: its levels so far, the sum of their embeddings, and the residual that they left to the next
    level. `codes_QT` are the codes of the whole take, known up to the frames that this window decides."""

    def __init__(
        self, model: Superres, books_QCK: Tensor, one: RefineInput, window: Window, codes_QT: NDArray[np.int16]
    ) -> None:
        self.model, self.input, self.books_QCK, self.window, self.codes_QT = model, one, books_QCK, window, codes_QT
        self.text_1T = torch.tensor([list(one.prompt_ids)], device=model.device)
        codes_1QT = torch.from_numpy(one.codes.astype(np.int64))[None].to(model.device)
        self.song_1TD = model.embed_codes(codes_1QT).float()  # a sum of up to 64 levels
        self.conditions: list[Tensor | None] = [None]
        if model.config.condition_rows:
            assert one.condition_ids is not None
            both = [one.condition_ids, *([one.uncond_condition_ids] if one.guided else [])]
            self.conditions = [
                model.embed_conditions(torch.from_numpy(ids).to(model.device)) for ids in both if ids is not None
            ]
        self.levels = [codes_1QT[0]]
        self.residual_TK = books_QCK.new_zeros(codes_1QT.shape[2], books_QCK.shape[2])

    def embedded(self, level: int) -> list[Tensor]:
        """The input of the pass for `level`; a second one, with the unconditional ids, where the take is guided."""
        if self.model.config.residual and level > FIRST_LEVEL:
            return []
        text_1TD = self.model.embed_text(mark_task(self.text_1T, level, self.model.config.layout))
        conditions = self.conditions if level < GUIDED_LEVELS else self.conditions[:1]
        songs = [self.song_1TD if one is None else self.song_1TD + one for one in conditions]
        return [torch.cat([text_1TD, song_1TD.to(self.model.compute_dtype)], dim=1) for song_1TD in songs]

    def draw(self, level: int, hidden: list[Tensor]) -> None:
        """Choose the codes of `level` from the hidden states [1, T, D] of its passes, and add them to the song."""
        if self.model.config.residual:
            if hidden:
                self.residual_TK = self._residual(hidden)
            chosen_T = nearest(self.residual_TK, self.books_QCK[level])
            self.residual_TK = self.residual_TK - self.books_QCK[level][chosen_T]
        else:
            chosen_T = self._chosen(level, hidden)
        window = self.window
        for place, frames in (
            (slice(window.known), slice(window.first, window.start)),
            (slice(len(chosen_T) - window.behind, None), slice(window.last - window.behind, window.last)),
        ):
            if frames.start < frames.stop:
                known_T = torch.from_numpy(self.codes_QT[level, frames].astype(np.int64))
                chosen_T[place] = known_T.to(chosen_T.device)
        self.levels.append(chosen_T[None])
        self.song_1TD = self.song_1TD + self.model.embed_codes(chosen_T[None, None], start=level)

    def _residual(self, hidden: list[Tensor]) -> Tensor:
        """What all levels should add up to, [T, K]."""
        assert self.model.codebooks is not None
        found = [self.model.codebooks.residual(hidden_1TD)[0] for hidden_1TD in hidden]
        return self._guided(found, RESIDUAL_GUIDANCE_SCALE) / self.input.sampling.superres_temperature

    def _chosen(self, level: int, hidden: list[Tensor]) -> Tensor:
        """The codes of `level`, [T]: drawn, or nearest to their mean."""
        sampling = self.input.sampling
        logits_TC = self._guided([self.model.level_logits(one_1TD, level)[0] for one_1TD in hidden], GUIDANCE_SCALE)
        if sampling.superres_sampling == "top_k":
            shape = self.window.last, logits_TC.shape[1]  # the noise of the frames before the window comes first
            uniform_TC = torch.rand(shape, generator=generator(self.input.seed, level))[self.window.first :]
            uniform_TC = to_device_async(uniform_TC, self.model.device)
            return sample(logits_TC, sampling.superres_temperature, sampling.superres_top_k, uniform_TC)
        chosen_T, self.residual_TK = nearest_to_mean(
            logits_TC, sampling.superres_temperature, self.books_QCK[level], self.residual_TK
        )
        return chosen_T

    def _guided(self, found: list[Tensor], scale: float) -> Tensor:
        """What a pass found, led away from what the unconditional one did, if there is one."""
        told, *uncond = found
        for one in uncond:
            told = told + scale * (self.input.sampling.guidance - 1) * (told - one)
        return told

    def keep(self) -> None:
        """Write the codes of the decided frames, all levels so far, into `codes_QT`."""
        codes_QT = torch.cat(self.levels).cpu().numpy()
        self.codes_QT[: len(codes_QT), self.window.start : self.window.stop] = codes_QT[:, self.window.decided]
