"""What a number format costs in agreement: a model's language models in each format, beside float32.

    python benchmarks/formats.py [--model mini] [--songs 3] [--seconds 20]

Songs are drawn in float32. Then every format is shown the same tokens and the same known levels, and asked what comes
next: how often its likeliest code is float32's, the error of its logits (root mean square, over the deviation of
float32's), and how far its chances are off (Kullback-Leibler divergence, in nats a code). The backbone goes token by
token, as in decoding; super-resolution level by level.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from khala.engine.pytorch.decode import decode_tokens
from khala.engine.pytorch.refine import refine
from khala.generation.pipeline import Pipeline, load
from khala.generation.plan import Work
from khala.models.lm.conditions import condition_stream
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.stepper import Stepper
from khala.music.request import SongRequest
from khala.weights.loading import LoadedModel

STYLES = ("folk, slow tempo", "electronic, fast tempo", "rock, driving drums", "jazz, piano", "ambient, pads")


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--dtypes", default="bfloat16,float16,int8")
    arguments = parser.parse_args()
    exact = load(arguments.model, "cpu", "float32")
    print(f"{arguments.model}, {arguments.songs} songs of {arguments.seconds:g} s, load {os.getloadavg()[0]:.1f}")
    songs = [drawn(exact, seed, arguments.seconds) for seed in range(arguments.songs)]
    models = {name: load(arguments.model, "cpu", name).loaded for name in arguments.dtypes.split(",")}
    print("model        dtype        codes  same likeliest  error of logits  divergence")
    for part, logits in (("backbone", backbone_logits), ("superres", superres_logits)):
        wanted = [list(logits(exact.loaded, *song)) for song in songs]
        for name, model in models.items():
            found = [list(logits(model, *song)) for song in songs]
            pairs = [pair for one, other in zip(wanted, found, strict=True) for pair in zip(one, other, strict=True)]
            codes, same, error, divergence = compared(pairs)
            print(f"{part:12} {name:9} {codes:8} {same:15.4f} {error:16.4f} {divergence:11.5f}", flush=True)


Song = tuple[Work, list[int], Tensor]


def drawn(pipe: Pipeline, seed: int, seconds: float) -> Song:
    """A song's work, tokens of the backbone, and codes of all levels [Q, T]."""
    request = SongRequest(
        tags=tuple(STYLES[seed % len(STYLES)].split(", ")),
        instrumental=True,
        duration=seconds,
        seed=seed,
        sampling=pipe.config.sampling,
    )
    (work,) = pipe.works(request)
    slot = replace(pipe.slot(work), longest=2 * round(seconds * pipe.frame_rate))
    (ids,) = decode_tokens(pipe.engine.loaded.backbone, [slot])
    ids = ids[: len(ids) // 2 * 2]
    first = [[pipe.engine.loaded.layout.level_rows(level).start] for level in (0, 1)]
    codes = torch.tensor(ids).view(-1, 2).T - torch.tensor(first)
    cues = work.plan.condition_ids(codes.shape[1])[:-1] if pipe.config.superres.condition_rows else ()
    draft = RefineInput(work.plan.superres_ids, codes.short().numpy(), seed, request.sampling, cues)
    (refined,) = refine(pipe.engine.loaded.superres, [draft], pipe.engine.loaded.codebooks)
    return work, ids, torch.from_numpy(refined).long()


def backbone_logits(model: LoadedModel, work: Work, ids: list[int], codes_QT: Tensor) -> Iterator[Tensor]:
    """Of every token's legal codes, [1, C]."""
    prompt, backbone = work.plan.backbone_ids, model.backbone
    stepper = Stepper(backbone, 1, len(prompt) + len(ids))
    beside = None
    if work.plan.outline and backbone.condition_rows:
        beside = backbone.embed_conditions(
            condition_stream(work.plan.lines, work.plan.outline.condition_ids(0, len(ids) // 2 + 1))
        )
    hidden = stepper.read(prompt, 0, None if beside is None else beside[: len(prompt)])
    for position, token in enumerate(ids):
        yield backbone.level_logits(hidden, position % 2)[0]
        shown = None if beside is None else beside[len(prompt) + position][None]
        hidden = stepper.step(torch.tensor([token]), [0], shown)


def superres_logits(model: LoadedModel, work: Work, ids: list[int], codes_QT: Tensor) -> Iterator[Tensor]:
    """Of every level, [T, C]."""
    text, superres = torch.tensor([work.plan.superres_ids]), model.superres
    cues = torch.tensor([work.plan.condition_ids(codes_QT.shape[1])[:-1]]) if superres.condition_rows else None
    for level in range(2, superres.config.levels):
        x_BTD = superres.embed_song(text, codes_QT[None, :level], cues)
        yield superres.level_logits(superres(x_BTD, causal=False, start=text.shape[1]), level)[0]


def compared(pairs: list[tuple[Tensor, Tensor]]) -> tuple[int, float, float, float]:
    """Number of codes, share of the same likeliest, error of logits, divergence; logits [..., C] of float32 first."""
    codes = same = 0
    squares, power, divergence = 0.0, 0.0, 0.0
    for wanted, found in pairs:
        codes += len(wanted)
        same += int((wanted.argmax(-1) == found.argmax(-1)).sum())
        centred = wanted - wanted.mean(-1, keepdim=True)
        squares += float((found - found.mean(-1, keepdim=True) - centred).square().mean(-1).sum())
        power += float(centred.square().mean(-1).sum())
        logs = wanted.log_softmax(-1)
        divergence += float((logs.exp() * (logs - found.log_softmax(-1))).sum())
    return codes, same / codes, (squares / power) ** 0.5, divergence / codes


if __name__ == "__main__":
    main()
