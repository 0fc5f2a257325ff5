"""Super-resolution by the hybrid objective, beside full attention alone and causal attention alone (arXiv 2605.01790).

    python benchmarks/hybrid.py TOKENS CODEC [--steps 200]

Small models without conditions, as the published ones have none: the words are in the prompt alone. Every run has the
same seed, steps and songs, those of TOKENS that are no longer than a window. "full" refines levels with full attention
and nothing else, "hybrid" gives `--share` of its steps to the causal objective of the backbone, "causal" does both with
causal attention. Of held-out songs, "q2-3" are nats a code in the pass that generation makes, "other words" what
that costs more behind the lyrics of another song, and "mel" is the mean distance of log-mel bands between the song
and what the model makes of its first two levels, both with the levels that the model has.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from khala.corpus.data.songs import TokenSong
from khala.engine.pytorch.refine import refine
from khala.models.codec.folder import load_codec
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.superres import Superres
from khala.models.presets import mini
from khala.music.prompt import PromptStyle
from khala.music.request import Sampling
from khala.training import loop
from khala.training.losses import Losses
from khala.training.objectives.superres import SuperresObjective
from khala.training.recipe import SuperresRecipe
from khala.weights.tokenizer import Tokenizer

WINDOW_FRAMES = 960
LEVELS = 4
CONFIG = replace(
    mini().superres, levels=LEVELS, dim=192, layers=4, heads=4, kv_heads=2, head_dim=48, ffn=512, condition_rows=0
)
STYLE = PromptStyle(duration_text=True, lyrics="phones", superres_limit=1400)


class Causal(Superres):
    """Attends to what lies before, whatever is asked for."""

    def forward(self, x_BTD: Tensor, *, causal: bool, start: int = 0, **others: Any) -> Tensor:
        return super().forward(x_BTD, causal=True, **others)[:, start:]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tokens", type=Path)
    parser.add_argument("codec", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--only", nargs="+", choices=("full", "hybrid", "causal"))
    parser.add_argument("--songs", type=int, default=8, help="held-out songs to measure")
    arguments = parser.parse_args()
    recipe = SuperresRecipe(
        steps=arguments.steps, batch_tokens=2048, micro_batch_tokens=2048, max_frames=WINDOW_FRAMES, threads=1,
        eval_minutes=1e9, checkpoint_minutes=1e9, causal=arguments.share,
    )  # fmt: skip
    runs = {"full": (Superres, 0.0), "hybrid": (Superres, arguments.share), "causal": (Causal, arguments.share)}
    runs = {name: runs[name] for name in arguments.only or runs}
    print("| run | attention when measured | q2-3 | other words | mel |\n|---|---|---|---|---|", flush=True)
    for name, (kind, share) in runs.items():
        begin = time.process_time()
        objective = trained(kind, replace(recipe, causal=share), arguments.tokens)
        minutes = (time.process_time() - begin) / 60
        for how in (Superres, kind)[: 1 + (kind is Causal)]:
            figures = measured(objective, how, arguments.codec, arguments.songs)
            shown = [name, "causal" if how is Causal else "full", *(f"{one:.3f}" for one in figures)]
            print("| " + " | ".join([*shown, "-"][:5]) + " |", flush=True)
        print(f"{name}: {minutes:.1f} minutes of CPU", file=sys.stderr)


def trained(kind: type[Superres], recipe: SuperresRecipe, tokens: Path) -> SuperresObjective:
    """Train a model of songs that fit into a window."""
    torch.manual_seed(recipe.seed)
    objective = SuperresObjective(kind(CONFIG), tokens, Tokenizer.of_bytes(), STYLE, recipe)
    objective.model.bind_codebooks(objective.quantiser.codebooks)
    objective.corpus.train = objective.corpus.train.those(objective.corpus.train.frames_N <= WINDOW_FRAMES)
    with TemporaryDirectory() as folder:
        loop.train(objective, recipe, Path(folder))
    return objective


@torch.inference_mode()
def measured(objective: SuperresObjective, kind: type[Superres], codec: Path, count: int) -> list[float]:
    """Return the loss, the price of other words and, of full attention, the distance of mel bands."""
    model, own, other = objective.model.eval(), Losses(), Losses()
    objective.model = kind(CONFIG).bind_codebooks(objective.quantiser.codebooks).eval()
    objective.model.load_state_dict(model.state_dict())
    songs = [song for song in objective.corpus.held_out if song.voice and song.frames <= WINDOW_FRAMES][:count]
    for song, stranger in zip(songs, [*songs[1:], songs[0]], strict=True):
        for level in range(2, LEVELS):
            for losses, lyrics in ((own, song.lyrics), (other, stranger.lyrics)):
                batch = objective.refinement([replace(song, lyrics=lyrics)], [level], 0, [Random(song.seed)])
                objective.loss(batch, losses)
    ours, theirs = own.mean()["q2-3"], other.mean()["q2-3"]
    figures = [ours, theirs - ours]
    if kind is Superres:  # generation has no other
        figures.append(float(np.mean([mel_distance(objective, song, codec) for song in songs])))
    objective.model = model
    return figures


def mel_distance(objective: SuperresObjective, song: TokenSong, codec: Path) -> float:
    """Return the distance of log-mel bands between a song and what generation makes of its first two levels."""
    codes_QT = objective.corpus.codes(song, LEVELS)
    take = RefineInput(objective._text(song, 0), codes_QT[:2], 1, Sampling(superres_sampling="mean"), None)
    (found_QT,) = refine(objective.model, [take], objective.quantiser.codebooks)
    features = [load_codec(codec).to_features(latents(objective, one)) for one in (codes_QT, found_QT)]
    return (features[0] - features[1]).abs().mean().item()


def latents(objective: SuperresObjective, codes_QT: np.ndarray) -> Tensor:
    """Return the sum of the codes' vectors, [T, D]."""
    codes_1QT = torch.from_numpy(codes_QT.astype(np.int64))[None]
    return objective.quantiser.decode(codes_1QT)[0].T


if __name__ == "__main__":
    main()
