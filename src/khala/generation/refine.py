"""Super-resolution: levels 0 and 1 -> all levels, one pass over the whole song per level, several takes in a pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.generation.progress import Progress, attended, silent
from khala.models.pack import encode_pack
from khala.models.superres import Superres, mark
from khala.music.request import Sampling
from khala.nn.sampling import generator, nearest_to_mean, sample, sent

PACK = 8192
"""Positions in a pass, unless a single take has more: no device is idle with so many, and memory stays bounded."""


@dataclass(frozen=True)
class Draft:
    """A take as the backbone left it, codes int16 [2, T], and how its deeper levels are drawn."""

    prompt_ids: Sequence[int]
    codes: NDArray[np.int16]
    seed: int
    sampling: Sampling

    @property
    def positions(self) -> int:
        return len(self.prompt_ids) + int(self.codes.shape[1])


@torch.inference_mode()
def refine(
    model: Superres,
    drafts: Sequence[Draft],
    codebooks_QCK: Tensor,
    progress: Progress = silent,
    by_rows: bool | None = None,
) -> list[NDArray[np.int16]]:
    """Each draft's codes of all levels, int16 [Q, T]. Progress counts levels, those of all takes together.

    Pass k sees the prompt, its last position turned into the marker of k, and one position per frame: the sum of the
    embeddings of levels 0..k-1, which grows by one level per pass. All frames are drawn at once, with noise that
    depends on the take's seed and k alone; `superres_top_k` 0 draws nothing and looks into the codec's
    `codebooks_QCK`. Nothing is padded, and nothing can be cached: with full attention the text hears the song, too.
    What a take becomes does not depend on its company. `by_rows` as in `models.pack`.
    """
    levels = range(2, model.config.levels)
    books_QCK = codebooks_QCK.to(model.device, torch.float32)
    refined: list[NDArray[np.int16]] = []
    with attended(model, progress, "superres", len(levels) * len(drafts)) as tell:
        for pack in packs(drafts):
            takes = [_Take(model, draft, books_QCK) for draft in pack]
            starts = [len(draft.prompt_ids) for draft in pack]
            for level in levels:
                hidden = encode_pack(model, [take.embedded(level) for take in takes], starts, by_rows)
                for take, hidden_1TD in zip(takes, hidden, strict=True):
                    take.draw(level, hidden_1TD)
                tell(len(refined) * len(levels) + len(pack) * (level - 1), now=True)
            refined += [take.codes() for take in takes]
    return refined


def packs(drafts: Sequence[Draft]) -> Iterator[list[Draft]]:
    """The drafts in order, as many at a time as have `PACK` positions together."""
    pack: list[Draft] = []
    for draft in drafts:
        if pack and sum(one.positions for one in [*pack, draft]) > PACK:
            yield pack
            pack = []
        pack.append(draft)
    if pack:
        yield pack


class _Take:
    """What is known of a take: its levels so far, and the sum of their embeddings."""

    def __init__(self, model: Superres, draft: Draft, books_QCK: Tensor) -> None:
        self.model, self.draft, self.books_QCK = model, draft, books_QCK
        self.text_1T = torch.tensor([list(draft.prompt_ids)], device=model.device)
        codes_1QT = torch.from_numpy(draft.codes.astype(np.int64))[None].to(model.device)
        self.song_1TD = model.embed_codes(codes_1QT).float()  # a sum of up to 64 levels
        self.levels = [codes_1QT[0]]

    def embedded(self, level: int) -> Tensor:
        """The input of the pass for `level`."""
        text_1TD = self.model.embed_text(mark(self.text_1T, level, self.model.config.layout))
        return torch.cat([text_1TD, self.song_1TD.to(self.model.working)], dim=1)

    def draw(self, level: int, hidden_1TD: Tensor) -> None:
        """Choose the codes of `level`, and add them to what is known."""
        logits_TC, sampling = self.model.level_logits(hidden_1TD, level)[0], self.draft.sampling
        if sampling.superres_top_k:
            uniform_TC = torch.rand(logits_TC.shape, generator=generator(self.draft.seed, level))
            uniform_TC = sent(uniform_TC, self.model.device)
            chosen_T = sample(logits_TC, sampling.superres_temperature, sampling.superres_top_k, uniform_TC)
        else:
            chosen_T = nearest_to_mean(logits_TC, sampling.superres_temperature, self.books_QCK[level])
        self.levels.append(chosen_T[None])
        self.song_1TD = self.song_1TD + self.model.embed_codes(chosen_T[None, None], start=level)

    def codes(self) -> NDArray[np.int16]:
        """All levels, [Q, T]."""
        return torch.cat(self.levels).cpu().numpy().astype(np.int16)
