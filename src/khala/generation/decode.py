"""The backbone's loop: prompts -> codes of levels 0 and 1, all takes of a song at once.

A take's codes depend on the model, its prompt and its seed alone, never on how many takes run beside it: its noise
comes from a generator of its own, every prompt is read alone, and a step keeps the takes apart in every operation whose
rounding could depend on the batch (`nn.linear`, `Attention.extend`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.generation.progress import Progress, silent
from khala.models.backbone import Backbone
from khala.music.request import Sampling
from khala.nn.cache import KVCache
from khala.nn.sampling import generator, sample

PROGRESS_STEPS = 32
"""Tokens between two reports of progress."""


@dataclass(frozen=True)
class BackboneResult:
    """Codes int16 [2, T]; `ended` is False where the song was cut at the longest length allowed."""

    codes: NDArray[np.int16]
    ended: bool


def decode_backbone(
    model: Backbone,
    prompt_ids: Sequence[Sequence[int]],
    seeds: Sequence[int],
    max_frames: int,
    sampling: Sampling,
    progress: Progress = silent,
) -> list[BackboneResult]:
    """One prompt and one seed per take -> its codes, at most `max_frames` frames. Progress counts frames."""
    layout = model.config.layout
    first = np.array([[layout.level_rows(0).start], [layout.level_rows(1).start]])
    results = []
    # one token more than the frames hold: whether a song of exactly that length ends there
    for ids in decode_tokens(model, prompt_ids, seeds, 2 * max_frames + 1, sampling, progress=progress):
        frames = min(len(ids) // 2, max_frames)
        codes = np.array(ids[: 2 * frames], dtype=np.int64).reshape(frames, 2).T - first
        results.append(BackboneResult(codes.astype(np.int16), ended=ids[-1] == layout.eos))
    progress("backbone", max_frames, max_frames)
    return results


@torch.inference_mode()
def decode_tokens(
    model: Backbone,
    prompt_ids: Sequence[Sequence[int]],
    seeds: Sequence[int],
    max_tokens: int,
    sampling: Sampling,
    *,
    legal: bool = True,
    progress: Progress = silent,
) -> list[list[int]]:
    """The tokens that follow each prompt, up to and with the end token, at most `max_tokens`.

    Only what may come next is computed and drawn: at the start of a frame a code of q0 or, after the first frame, the
    end; then a code of q1. With `legal` False the whole vocabulary is open, as in the published engine.
    """
    context = max(map(len, prompt_ids)) + max_tokens
    if context > model.config.context:
        raise ValueError(
            f"prompt and {max_tokens} tokens need {context} positions; the model has {model.config.context}"
        )
    cache = model.new_cache(len(prompt_ids), context)
    generators = [generator(seed, 0) for seed in seeds]
    tokens: list[list[int]] = [[] for _ in prompt_ids]
    eos = model.config.layout.eos
    hidden_B1D = _read(model, prompt_ids, cache)
    takes = list(range(len(prompt_ids)))  # those that still go on
    for step in range(max_tokens):
        logits_BC, ids_C = _next(model, hidden_B1D, step, legal)
        uniform_BC = torch.stack([torch.rand(len(ids_C), generator=generators[take]) for take in takes])
        drawn_B = ids_C[sample(logits_BC, sampling.temperature, sampling.top_k, uniform_BC)]
        for take, token in zip(takes, drawn_B.tolist(), strict=True):
            tokens[take].append(token)
        takes = [take for take in takes if tokens[take][-1] != eos]
        if not takes or step == max_tokens - 1:
            break
        if step % PROGRESS_STEPS == 0:
            progress("backbone", step // 2, max_tokens // 2)
        hidden_B1D = model.extend(model.embed_tokens(drawn_B[drawn_B != eos, None]), cache, takes)
    return tokens


def _read(model: Backbone, prompt_ids: Sequence[Sequence[int]], cache: KVCache) -> Tensor:
    """Fills every take's slot with its prompt -> last hidden states [B, 1, D]. A prompt that returns is read once."""
    first: dict[tuple[int, ...], int] = {}
    hidden: list[Tensor] = []
    for take, ids in enumerate(prompt_ids):
        source = first.setdefault(tuple(ids), take)
        if source == take:
            x_1TD = model.embed_tokens(torch.tensor([ids], device=model.device))
            hidden.append(model.extend(x_1TD, cache, [take]))
        else:
            cache.copy(source, take)
            hidden.append(hidden[source])
    return torch.cat(hidden)


def _next(model: Backbone, hidden_B1D: Tensor, step: int, legal: bool) -> tuple[Tensor, Tensor]:
    """What may come as token number `step` of the stream: logits [B, C] and the ids they stand for [C]."""
    layout = model.config.layout
    if not legal:
        return model.logits(hidden_B1D)[:, 0], torch.arange(layout.backbone_vocab, device=model.device)
    logits = [model.level_logits(hidden_B1D, step % 2)]
    ids = list(layout.level_rows(step % 2))
    if step % 2 == 0 and step > 0:
        logits.append(model.logits(hidden_B1D, slice(layout.eos, layout.eos + 1)))
        ids.append(layout.eos)
    return torch.cat(logits, dim=-1)[:, 0], torch.tensor(ids, device=model.device)
