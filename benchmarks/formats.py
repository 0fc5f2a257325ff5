"""What a number format costs in agreement: a model's language models in each format, beside float32.

    python benchmarks/formats.py [--model mini] [--songs 3] [--seconds 20]
    python benchmarks/formats.py --random 2

Songs are drawn in float32. Then every format is shown the same tokens and the same known levels, and asked what comes
next: how often its likeliest code is float32's, the error of its logits (root mean square, over the deviation of
float32's), and how far its chances are off (Kullback-Leibler divergence, in nats a code). The backbone goes token by
token, as in decoding; super-resolution level by level. With `--random` the models are so many layers of the official
sizes with random weights, and the songs are random codes.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from khala.engine.pytorch.decode import decode_backbone
from khala.engine.pytorch.device import DTYPES
from khala.engine.pytorch.opening import open_torch
from khala.engine.pytorch.refine import refine
from khala.generation.plan import guide_for, plan_take
from khala.models.lm.backbone import Backbone, interleave
from khala.models.lm.conditions import ConditionIds
from khala.models.lm.config import TransformerConfig
from khala.models.lm.stepper import Stepper
from khala.models.lm.superres import Superres
from khala.models.lm.transformer import Transformer
from khala.models.presets import official
from khala.music.request import SongRequest
from khala.nn.precision import QUANTIZED, unquantized_dtype
from khala.weights.loading import LoadedModel
from khala.weights.opening import open_model

STYLES = ("folk, slow tempo", "electronic, fast tempo", "rock, driving drums", "jazz, piano", "ambient, pads")
RANDOM_FRAMES, RANDOM_PROMPT = 64, 100
"""Length of a random song, and of its prompt."""
T = TypeVar("T", bound=Transformer)


class Models(NamedTuple):
    backbone: Transformer
    superres: Superres


class Song(NamedTuple):
    """The ids of a song's prompts, its codes [Q, T], and condition ids: behind the backbone's prompt, and of frames."""

    backbone_ids: list[int]
    superres_ids: list[int]
    codes_QT: Tensor
    behind: ConditionIds | None = None
    of_frames: ConditionIds | None = None


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--random", type=int, default=0, metavar="LAYERS")
    parser.add_argument("--songs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--dtypes", default="bfloat16,float16,int8,int4")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    names = arguments.dtypes.split(",")
    if arguments.random:
        print(f"{arguments.random} layers of the official sizes, random, load {os.getloadavg()[0]:.1f}")
        exact, *others = (random_models(arguments.random, name) for name in ("float32", *names))
        songs = [random_song(seed, exact) for seed in range(arguments.songs)]
    else:
        print(f"{arguments.model}, {arguments.songs} songs of {arguments.seconds:g} s, load {os.getloadavg()[0]:.1f}")
        whole, *loaded = (loaded_model(arguments.model, name) for name in ("float32", *names))
        songs = [drawn_song(seed, whole, arguments.seconds) for seed in range(arguments.songs)]
        exact, *others = (Models(model.backbone, model.superres) for model in (whole, *loaded))
    print("model        dtype        codes  same likeliest  error of logits  divergence")
    for part, logits in (("backbone", backbone_logits), ("superres", superres_logits)):
        wanted = [list(logits(exact, song)) for song in songs]
        for name, models in zip(names, others, strict=True):
            found = [list(logits(models, song)) for song in songs]
            pairs = [pair for one, other in zip(wanted, found, strict=True) for pair in zip(one, other, strict=True)]
            codes, same, error, divergence = compared(pairs)
            print(f"{part:12} {name:9} {codes:8} {same:15.4f} {error:16.4f} {divergence:11.5f}", flush=True)


def loaded_model(name: str, dtype: str) -> LoadedModel:
    engine = open_torch(open_model(name), "cpu", dtype, "keep_loaded")
    assert isinstance(engine.loaded, LoadedModel)
    return engine.loaded


def random_models(layers: int, name: str) -> Models:
    """Build the models with the same weights in every format. Of super-resolution four levels are kept."""
    config = official()
    deep = replace(config.superres, levels=6)
    return Models(random_model(Backbone, config.backbone, layers, name), random_model(Superres, deep, layers, name))


def random_model(kind: type[T], sizes: TransformerConfig, layers: int, name: str) -> T:
    dtype = DTYPES[name]
    torch.manual_seed(0)
    model = kind(replace(sizes, layers=layers, text_vocab=512)).to(unquantized_dtype(dtype)).eval()
    return model.quantize_(dtype) if dtype in QUANTIZED else model


def random_song(seed: int, models: Models) -> Song:
    torch.manual_seed(seed)
    prompt = torch.randint(256, (RANDOM_PROMPT,)).tolist()
    return Song(prompt, prompt, torch.randint(1024, (models.superres.config.levels, RANDOM_FRAMES)))


def drawn_song(seed: int, model: LoadedModel, seconds: float) -> Song:
    request = SongRequest(
        tags=tuple(STYLES[seed % len(STYLES)].split(", ")),
        instrumental=True,
        duration=seconds,
        seed=seed,
        sampling=model.config.sampling,
    )
    plan = plan_take(request, 1, model.config, model.tokenizer)
    (result,) = decode_backbone(model.backbone, [plan.slot()], guide_for([plan]))
    draft = plan.refine_input(result)
    (refined_QT,) = refine(model.superres, [draft], model.codebooks)
    behind, _ = plan.likelihood_conditions(result, plan.windows_of(result.codes.shape[1])[0])
    return Song(plan.backbone_ids, plan.superres_ids, torch.from_numpy(refined_QT).long(), behind, draft.condition_ids)


def backbone_logits(models: Models, song: Song) -> Iterator[Tensor]:
    """Logits of every token's legal codes, [1, C]."""
    prompt, backbone = song.backbone_ids, models.backbone
    ids = interleave(song.codes_QT[None, :2], backbone.config.layout)[0].tolist()
    stepper = Stepper(backbone, 1, len(prompt) + len(ids))
    behind_ND = None if song.behind is None else backbone.embed_conditions(torch.from_numpy(song.behind))
    hidden = stepper.read(prompt, 0, None if behind_ND is None else behind_ND[: len(prompt)])
    for position, token in enumerate(ids):
        yield backbone.level_logits(hidden, position % 2)[0]
        condition_BD = None if behind_ND is None else behind_ND[len(prompt) + position][None]
        hidden = stepper.step(torch.tensor([token]), [0], condition_BD)


def superres_logits(models: Models, song: Song) -> Iterator[Tensor]:
    """Logits of every level, [T, C]; of a model that predicts the residual how near every code is to what is left."""
    text, superres = torch.tensor([song.superres_ids]), models.superres
    conditions = None if song.of_frames is None else torch.from_numpy(song.of_frames)[None]
    if superres.config.residual:
        yield from nearness(superres, song, superres.embed_song(text, song.codes_QT[None, :2], conditions))
        return
    for level in range(2, superres.config.levels):
        x_BTD = superres.embed_song(text, song.codes_QT[None, :level], conditions)
        yield superres.level_logits(superres(x_BTD, causal=False, start=text.shape[1]), level)[0]


def nearness(superres: Superres, song: Song, x_BTD: Tensor) -> Iterator[Tensor]:
    """Less squared distance than any code could have, level by level, in units of the vectors' mean square."""
    through = superres.codebooks
    assert through is not None and through.vectors is not None and through.scale is not None
    hidden = superres(x_BTD, causal=False, start=len(song.superres_ids))
    residual_TK = through.residual(hidden)[0] / through.scale
    for level in range(2, superres.config.levels):
        vectors_CK = through.vectors[level].float()
        yield -torch.cdist(residual_TK, vectors_CK).square() / vectors_CK.square().sum(-1).mean()
        residual_TK = residual_TK - vectors_CK[song.codes_QT[level]]


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
