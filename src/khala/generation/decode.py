"""The backbone's loop: prompts -> codes of levels 0 and 1, all takes of a song at once.

A take's codes depend on the model, its prompt and its seed alone, never on how many takes run beside it: its noise
comes from a generator of its own, and the takes' arithmetic is kept apart (`models.stepper`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.generation.progress import Progress, silent
from khala.models.backbone import Backbone
from khala.models.stepper import Stepper
from khala.music.request import Sampling
from khala.nn.rowwise import Rowwise
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
        raise ValueError(f"prompt and tokens need {context} positions; the model has {model.config.context}")
    stepper = Stepper(model, len(prompt_ids), context)
    heads = _Heads(model, legal)
    generators = [generator(seed, 0) for seed in seeds]
    tokens: list[list[int]] = [[] for _ in prompt_ids]
    eos = model.config.layout.eos
    hidden_B1D = _read(stepper, prompt_ids)
    takes = list(range(len(prompt_ids)))  # those that still go on
    for step in range(max_tokens):
        logits_BC, ids_C = heads(hidden_B1D, step)
        uniform_BC = torch.stack([torch.rand(len(ids_C), generator=generators[take]) for take in takes])
        drawn_B = ids_C[sample(logits_BC, sampling.temperature, sampling.top_k, uniform_BC)]
        for take, token in zip(takes, drawn_B.tolist(), strict=True):
            tokens[take].append(token)
        going = [take for take in takes if tokens[take][-1] != eos]
        if not going or step == max_tokens - 1:
            break
        if len(going) < len(takes):
            drawn_B, takes = drawn_B[drawn_B != eos], going
        if step % PROGRESS_STEPS == 0:
            progress("backbone", step // 2, max_tokens // 2)
        hidden_B1D = stepper.step(drawn_B, takes)
    return tokens


def _read(stepper: Stepper, prompt_ids: Sequence[Sequence[int]]) -> Tensor:
    """Fills every take's slot with its prompt -> last hidden states [B, 1, D]. A prompt that returns is read once."""
    first: dict[tuple[int, ...], int] = {}
    hidden: list[Tensor] = []
    for take, ids in enumerate(prompt_ids):
        source = first.setdefault(tuple(ids), take)
        if source == take:
            hidden.append(stepper.read(list(ids), take))
        else:
            stepper.copy(source, take)
            hidden.append(hidden[source])
    return torch.cat(hidden)


class _Heads:
    """Which tokens may come: hidden states, number of the step -> logits [B, C] and the ids that they stand for [C]."""

    def __init__(self, model: Backbone, legal: bool) -> None:
        layout, weight = model.config.layout, model.head.weight
        if legal:
            rows = [[*layout.level_rows(0), layout.eos], list(layout.level_rows(1))]
        else:
            rows = [list(range(layout.backbone_vocab))] * 2
        self.ids = [torch.tensor(ids, device=model.device) for ids in rows]
        self.heads = [Rowwise(weight[ids] if legal else weight) for ids in self.ids]
        self.may_end_at_once = not legal

    def __call__(self, hidden_B1D: Tensor, step: int) -> tuple[Tensor, Tensor]:
        logits_BC, ids_C = self.heads[step % 2](hidden_B1D)[:, 0].float(), self.ids[step % 2]
        if step == 0 and not self.may_end_at_once:  # a song has at least one frame
            return logits_BC[:, :-1], ids_C[:-1]
        return logits_BC, ids_C
