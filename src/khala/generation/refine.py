"""Super-resolution: levels 0 and 1 -> all levels, one pass over the whole song per level, several takes in a pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.generation.progress import Progress, attended, silent
from khala.models.lm.pack import encode_pack
from khala.models.lm.superres import Superres, mark
from khala.music.request import Sampling
from khala.nn.sampling import generator, nearest_to_mean, sample, to_device_async
from khala.nn.threads import one_thread

GUIDED_LEVELS = 8
"""Guidance is for the levels below this one: finer ones add no words, and what it adds to them is noise."""
GUIDANCE_SCALE = 0.6
"""How much of guidance is for super-resolution: all of it makes vowels louder than voices do, and hardly clearer."""
MAX_POSITIONS = 8192
"""Positions in a pass, unless a single take has more: no device is idle with so many, and memory stays bounded."""


@dataclass(frozen=True)
class RefineInput:
    """A take as the backbone left it, codes int16 [2, T], and how its deeper levels are drawn. `cues` are those of
    every frame, for a model that is shown them; with `uncond_conditions` beside them a take is guided away from these."""

    prompt_ids: Sequence[int]
    codes: NDArray[np.int16]
    seed: int
    sampling: Sampling
    cues: Sequence[Sequence[int]] = ()
    uncond_conditions: Sequence[Sequence[int]] = ()

    @property
    def guided(self) -> bool:
        return bool(self.uncond_conditions) and self.sampling.guidance != 1

    @property
    def positions(self) -> int:
        return (len(self.prompt_ids) + int(self.codes.shape[1])) * (1 + self.guided)


@torch.inference_mode()
@one_thread()
def refine(
    model: Superres,
    drafts: Sequence[RefineInput],
    codebooks_QCK: Tensor,
    progress: Progress = silent,
    by_rows: bool | None = None,
) -> list[NDArray[np.int16]]:
    """Each draft's codes of all levels, int16 [Q, T]. Progress counts levels, those of all takes together.

    Pass k sees the prompt, its last position turned into the marker of k, and one position per frame: the sum of the
    embeddings of levels 0..k-1, which grows by one level per pass. All frames are drawn at once, with noise that
    depends on the take's seed and k alone; `superres_top_k` 0 draws nothing and looks into the codec's
    `codebooks_QCK`. Nothing is padded, and nothing can be cached: with full attention the text hears the song, too.
    What a take becomes does not depend on its company. `by_rows` as in `models.lm.pack`.
    """
    levels = range(2, model.config.levels)
    books_QCK = codebooks_QCK.to(model.device, torch.float32)
    refined: list[NDArray[np.int16]] = []
    with attended(model, progress, "superres", len(levels) * len(drafts)) as tell:
        for pack in packs(drafts):
            takes = [_Take(model, draft, books_QCK) for draft in pack]
            for level in levels:
                songs = [(take, song) for take in takes for song in take.embedded(level)]
                starts = [len(take.draft.prompt_ids) for take, _ in songs]
                hidden = encode_pack(model, [song for _, song in songs], starts, by_rows)
                for take in takes:
                    take.draw(level, [one for (its, _), one in zip(songs, hidden, strict=True) if its is take])
                tell(len(refined) * len(levels) + len(pack) * (level - 1), now=True)
            refined += [take.codes() for take in takes]
    return refined


def packs(drafts: Sequence[RefineInput]) -> Iterator[list[RefineInput]]:
    """The drafts in order, as many at a time as have `MAX_POSITIONS` positions together."""
    pack: list[RefineInput] = []
    for draft in drafts:
        if pack and sum(one.positions for one in [*pack, draft]) > MAX_POSITIONS:
            yield pack
            pack = []
        pack.append(draft)
    if pack:
        yield pack


class _Take:
    """What is known of a take: its levels so far, the sum of their embeddings, and what they left unsaid."""

    def __init__(self, model: Superres, draft: RefineInput, books_QCK: Tensor) -> None:
        self.model, self.draft, self.books_QCK = model, draft, books_QCK
        self.text_1T = torch.tensor([list(draft.prompt_ids)], device=model.device)
        codes_1QT = torch.from_numpy(draft.codes.astype(np.int64))[None].to(model.device)
        self.song_1TD = model.embed_codes(codes_1QT).float()  # a sum of up to 64 levels
        self.shown: list[Tensor | None] = [None]
        if model.conditions is not None:
            both = (draft.cues, draft.uncond_conditions) if draft.guided else (draft.cues,)
            self.shown = [model.embed_conditions(torch.tensor(cues, device=model.device)) for cues in both]
        self.levels = [codes_1QT[0]]
        self.residual_TK = books_QCK.new_zeros(codes_1QT.shape[2], books_QCK.shape[2])

    def embedded(self, level: int) -> list[Tensor]:
        """The input of the pass for `level`; twice where the take is guided: with its cues, and with the blank ones."""
        text_1TD = self.model.embed_text(mark(self.text_1T, level, self.model.config.layout))
        beside = self.shown if level < GUIDED_LEVELS else self.shown[:1]
        songs = [self.song_1TD if shown is None else self.song_1TD + shown for shown in beside]
        return [torch.cat([text_1TD, song_1TD.to(self.model.compute_dtype)], dim=1) for song_1TD in songs]

    def draw(self, level: int, hidden: list[Tensor]) -> None:
        """Choose the codes of `level` from the hidden states [1, T, D] of its passes, and add them to what is known."""
        sampling = self.draft.sampling
        logits_TC, *without = (self.model.level_logits(hidden_1TD, level)[0] for hidden_1TD in hidden)
        for without_TC in without:
            logits_TC = logits_TC + GUIDANCE_SCALE * (sampling.guidance - 1) * (logits_TC - without_TC)
        if sampling.superres_top_k:
            uniform_TC = torch.rand(logits_TC.shape, generator=generator(self.draft.seed, level))
            uniform_TC = to_device_async(uniform_TC, self.model.device)
            chosen_T = sample(logits_TC, sampling.superres_temperature, sampling.superres_top_k, uniform_TC)
        else:
            chosen_T, self.residual_TK = nearest_to_mean(
                logits_TC, sampling.superres_temperature, self.books_QCK[level], self.residual_TK
            )
        self.levels.append(chosen_T[None])
        self.song_1TD = self.song_1TD + self.model.embed_codes(chosen_T[None, None], start=level)

    def codes(self) -> NDArray[np.int16]:
        """All levels, [Q, T]."""
        return torch.cat(self.levels).cpu().numpy().astype(np.int16)
