"""The backbone's loop: prompts -> codes of levels 0 and 1, several takes at once, of one song or of many.

A take's codes depend on the model and on its own slot alone (prompt, seed, length, sampling), never on what is decoded
beside it: its noise comes from a generator of its own, and the takes' arithmetic is kept apart (`models.lm.stepper`).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from khala.conditioning.aligner import PhoneAligner
from khala.conditioning.outline import prompt_rows
from khala.conditioning.phone_sequence import PhoneSequence
from khala.generation.progress import Progress, attended, silent
from khala.models.lm.backbone import Backbone, condition_stream
from khala.models.lm.static import StaticStepper
from khala.models.lm.stepper import Stepper
from khala.music.request import Sampling
from khala.nn.rowwise import Rowwise
from khala.nn.sampling import generator, sample, to_device_async
from khala.nn.threads import one_thread

if TYPE_CHECKING:  # choosing looks at results
    from khala.generation.choose import Candidate

NO_EOS_BEFORE, EOS_BIAS_FROM, EOS_BIAS_NATS = 0.88, 0.97, 120.0
"""Of a song that is to end at an aim: no end before this share of it; from this share on an end gets likelier, by so
many nats within the length of the aim."""
STEPS_PER_SYNC = 32
"""Steps on a GPU between two looks at what was drawn: to look is to wait until all of it has been computed."""


@dataclass(frozen=True)
class Slot:
    """One take's place in a decode batch: what it goes on from, how long it may get, how its codes are drawn."""

    prompt_ids: Sequence[int]
    seed: int
    longest: int
    """In frames for `decode_backbone`, in tokens for `decode_tokens`."""
    sampling: Sampling
    uncond_ids: Sequence[int] = ()
    """The prompt that says nothing: what guidance leads away from. Needed where `sampling.guidance` is not 1."""
    aim: int = 0
    """Frames at which the song is to end, for models that do not keep to what their prompt says; 0: where it will."""
    lines: tuple[int | None, ...] = ()
    cues: tuple[tuple[int, ...], ...] = ()
    uncond_conditions: tuple[tuple[int, ...], ...] = ()
    """For models that are shown an outline: the line of lyrics that each id of the prompt belongs to, and the cues of
    every frame that there may be and of one more (`conditioning.outline`), to go with the prompt and with `uncond_ids`."""
    words: PhoneSequence | None = None
    bounds: tuple[Sequence[int], Sequence[int]] = ((), ())
    """For models that are shown what is sung: the words, and between which places in them the song is in every frame
    that there may be and in one more; without words nothing is known of it."""


@dataclass(frozen=True)
class BackboneResult:
    """Codes int16 [2, T]; `ended` is False where the song was cut at the longest length allowed. `places` int16 [T] are
    those of `conditioning.phone_sequence.Words` in each frame, none where no words were known. `candidates` are those that they were
    chosen from (`generation.choose`), if there were several."""

    codes: NDArray[np.int16]
    ended: bool
    places: NDArray[np.int16] | None = None
    candidates: tuple["Candidate", ...] = ()


def all_wanted(take: int) -> bool:
    """Nobody changes their mind."""
    return True


@one_thread()
def decode_backbone(
    model: Backbone,
    slots: Sequence[Slot],
    progress: Progress = silent,
    wanted: Callable[[int], bool] = all_wanted,
) -> list[BackboneResult]:
    """Each slot's codes, at most `longest` frames. Progress counts frames of the slot that may get longest.

    A slot, told by its index, that is not `wanted` any more costs nothing from then on; its codes end there.
    """
    layout = model.config.layout
    first = np.array([[layout.level_rows(0).start], [layout.level_rows(1).start]])
    results = []
    # one token more than the frames hold: whether a song of exactly that length ends there
    in_tokens = [replace(slot, longest=2 * slot.longest + 1) for slot in slots]
    singing = _singing(model, slots)
    tokens = decode_tokens(model, in_tokens, progress=progress, wanted=wanted, singing=singing)
    for take, (slot, ids) in enumerate(zip(slots, tokens, strict=True)):
        frames = min(len(ids) // 2, slot.longest)
        codes = np.array(ids[: 2 * frames], dtype=np.int64).reshape(frames, 2).T - first
        places = None
        if singing and slot.words:
            places = np.array(singing.places(take, frames), dtype=np.int16)
        results.append(BackboneResult(codes.astype(np.int16), ids[-1] == layout.eos, places))
    longest = max(slot.longest for slot in slots)
    progress("backbone", longest, longest)
    return results


@torch.inference_mode()
def decode_tokens(
    model: Backbone,
    slots: Sequence[Slot],
    *,
    legal: bool = True,
    progress: Progress = silent,
    wanted: Callable[[int], bool] = all_wanted,
    static: bool | None = None,
    singing: PhoneAligner | None = None,
) -> list[list[int]]:
    """The tokens that follow each prompt, up to and with the end token, at most `longest`.

    Only what may come next is computed and drawn: at the start of a frame a code of q0 or, after the first frame, the
    end; then a code of q1. A slot with guidance is decoded twice, behind its prompt and behind `uncond_ids`, and drawn
    from logits that go on from the second to the first (Ho and Salimans, arXiv 2207.12598). With `legal` False the
    whole vocabulary is open, as in the published engine. `static` is the loop for CUDA (`models.lm.static`), taken there
    unless told otherwise: it looks at what was drawn every `STEPS_PER_SYNC` steps. `singing`, of the slots by number, is led on
    frame by frame, and shown to those with words.
    """
    context = max(len(slot.prompt_ids) + slot.longest for slot in slots)
    if context > model.config.context:
        raise ValueError(f"prompt and tokens need {context} positions; the model has {model.config.context}")
    static = model.device.type == "cuda" if static is None else static
    look = STEPS_PER_SYNC if static else 1
    guided = [take for take, slot in enumerate(slots) if slot.sampling.guidance != 1]
    shadow = {take: len(slots) + row for row, take in enumerate(guided)}  # where it is decoded behind `uncond_ids`
    stepper = (StaticStepper if static else Stepper)(model, len(slots) + len(guided), context + look - 1)
    heads = _Heads(model, legal)
    generators = [generator(slot.seed, 0) for slot in slots]
    tokens: list[list[int]] = [[] for _ in slots]
    eos = model.config.layout.eos
    longest = max(slot.longest for slot in slots)
    with attended(model, progress, "backbone", longest // 2) as tell:
        read = [*slots, *(_blank(slots[take]) for take in guided)]
        shown = [_shown(model, slot) for slot in read]
        if singing:
            for take, slot in enumerate(slots):
                last = len(slot.prompt_ids) - 1  # it is shown the first frame
                shown[take][last] += model.embed_conditions(singing.cues([take], 0))[0]
        hidden_B1D = _read(stepper, read, shown)
        takes = list(range(len(slots)))  # those that still go on
        unseen: list[Tensor] = []
        for step in range(longest):
            logits_BC, ids_C = heads(hidden_B1D, step)
            logits_BC = _guide(logits_BC, [slots[take].sampling.guidance for take in takes])
            if step % 2 == 0 and any(slots[take].aim for take in takes):
                pulls = torch.tensor([_pull(step // 2, slots[take].aim) for take in takes])
                pulls_B1 = to_device_async(pulls, model.device)[:, None]
                if singing:
                    pulls_B1 = pulls_B1.masked_fill(singing.unfinished(takes, step // 2)[:, None], -math.inf)
                logits_BC = torch.where(ids_C == eos, logits_BC + pulls_B1, logits_BC)  # a pull may be infinite
            uniform_BC = torch.stack([torch.rand(len(ids_C), generator=generators[take]) for take in takes])
            drawn_B = ids_C[
                _draw(logits_BC, [slots[take].sampling for take in takes], to_device_async(uniform_BC, model.device))
            ]
            unseen.append(drawn_B)
            if singing and step % 2:
                singing.advance(takes, step // 2 + 1, hidden_B1D[: len(takes)])
            if len(unseen) == look or step + 1 == longest:
                for take, ids in zip(takes, torch.stack(unseen, 1).tolist(), strict=True):
                    tokens[take] = _until(tokens[take] + ids, eos, slots[take].longest)
                unseen.clear()
                going = [i for i, take in enumerate(takes) if len(tokens[take]) == step + 1 < slots[take].longest]
                going = [i for i in going if tokens[takes[i]][-1] != eos and wanted(takes[i])]
                if not going:
                    break
                if len(going) < len(takes):
                    drawn_B, takes = drawn_B[going], [takes[i] for i in going]
            tell(step // 2)
            twice = [i for i, take in enumerate(takes) if take in shadow]
            drawn_B = torch.cat([drawn_B, drawn_B[twice]]) if twice else drawn_B
            rows = takes + [shadow[takes[i]] for i in twice]
            beside_BD = None
            if model.conditions is not None:
                beside_BD = torch.stack([shown[row][len(read[row].prompt_ids) + step] for row in rows])
            if singing and beside_BD is not None:
                beside_BD[: len(takes)] += model.embed_conditions(singing.cues(takes, (step + 1) // 2))
            hidden_B1D = stepper.step(drawn_B, rows, beside_BD)
    return tokens


def _singing(model: Backbone, slots: Sequence[Slot]) -> PhoneAligner | None:
    """Where the slots are in their words; nobody is where no slot has words."""
    if model.conditions is None or not any(slot.words for slot in slots):
        return None
    return PhoneAligner(model, [slot.words for slot in slots], [slot.bounds for slot in slots])


def _blank(slot: Slot) -> Slot:
    """What guidance leads a slot away from."""
    return replace(slot, prompt_ids=slot.uncond_ids, lines=(), cues=slot.uncond_conditions)


def _shown(model: Backbone, slot: Slot) -> Tensor:
    """What is added to the embeddings of all positions of a slot, [N + 2 T, D]; of none if the model is shown none."""
    if model.conditions is None:
        return torch.empty(0)
    lines = slot.lines or [None] * len(slot.prompt_ids)
    return model.embed_conditions(condition_stream(prompt_rows(lines), slot.cues).to(model.device))


def _until(ids: list[int], eos: int, longest: int) -> list[int]:
    """What counts of the tokens drawn: up to the end token, no more than `longest`."""
    return ids[: ids.index(eos) + 1][:longest] if eos in ids[-STEPS_PER_SYNC:] else ids[:longest]


def _guide(logits_BC: Tensor, guidance: list[float]) -> Tensor:
    """Logits of all takes, then of the shadows of those with guidance -> of all takes."""
    takes = len(guidance)
    held = [i for i, strength in enumerate(guidance) if strength != 1]
    if held:
        strength_G1 = torch.tensor([guidance[i] for i in held], device=logits_BC.device)[:, None]
        without_GC = logits_BC[takes:]
        logits_BC[held] = without_GC + strength_G1 * (logits_BC[held] - without_GC)
    return logits_BC[:takes]


def _pull(frame: int, aim: int) -> float:
    """What is added to the logit of the end: none comes long before the aim, and the later, the likelier it is."""
    if not aim:
        return 0.0
    return -math.inf if frame < NO_EOS_BEFORE * aim else max(EOS_BIAS_NATS * (frame / aim - EOS_BIAS_FROM), 0.0)


def _draw(logits_BC: Tensor, samplings: list[Sampling], uniform_BC: Tensor) -> Tensor:
    """One class per row, by the row's own sampling -> [B]."""
    if len({(sampling.temperature, sampling.top_k) for sampling in samplings}) == 1:
        return sample(logits_BC, samplings[0].temperature, samplings[0].top_k, uniform_BC)
    rows = zip(logits_BC, samplings, uniform_BC, strict=True)
    return torch.stack([sample(logits_C, s.temperature, s.top_k, uniform_C) for logits_C, s, uniform_C in rows])


def _read(stepper: Stepper, slots: Sequence[Slot], shown: Sequence[Tensor]) -> Tensor:
    """Fills every take's slot with its prompt -> last hidden states [B, 1, D]. A prompt that returns is read once."""
    first: dict[tuple[Any, ...], int] = {}
    hidden: list[Tensor] = []
    for take, slot in enumerate(slots):
        source = first.setdefault((tuple(slot.prompt_ids), slot.lines, slot.cues), take)
        if source == take:
            beside = shown[take][: len(slot.prompt_ids)] if stepper.model.conditions else None
            hidden.append(stepper.read(list(slot.prompt_ids), take, beside))
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
        self.heads = [Rowwise((weight[ids] if legal else weight).float()) for ids in self.ids]
        self.may_end_at_once = not legal

    def __call__(self, hidden_B1D: Tensor, step: int) -> tuple[Tensor, Tensor]:
        logits_BC, ids_C = self.heads[step % 2](hidden_B1D.float())[:, 0], self.ids[step % 2]
        if step == 0 and not self.may_end_at_once:  # a song has at least one frame
            return logits_BC[:, :-1], ids_C[:-1]
        return logits_BC, ids_C
