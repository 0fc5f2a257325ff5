"""What several ranks do in `test_distributed`: a process each, forked from the server of `forking`."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from socket import socket
from typing import Any

import torch
from dac_recipe import TINY
from forking import PROCESSES

from khala.models.codec.folder import load_spectral
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.models.presets import tiny
from khala.training import loop
from khala.training.codec_recipe import CodecRecipe, VocoderRecipe
from khala.training.objectives.backbone import BackboneObjective
from khala.training.objectives.codec.train import train_codec
from khala.training.objectives.language_model import LanguageModelObjective, codebooks_for
from khala.training.objectives.superres import SuperresObjective
from khala.training.objectives.vocoder import VocoderObjective
from khala.training.ranks import Ranks, joined
from khala.training.recipe import BackboneRecipe, SuperresRecipe
from khala.weights.tokenizer import Tokenizer

STEPS = 12
BACKBONE = BackboneRecipe(
    steps=STEPS, batch_tokens=500, micro_batch_tokens=150, max_frames=20, threads=1, log_steps=1,
    checkpoint_minutes=60.0, eval_minutes=60.0, eval_songs=3, precision="float32", code_corruption=0.1,
)  # fmt: skip
SUPERRES = SuperresRecipe(
    steps=STEPS, batch_tokens=500, micro_batch_tokens=150, max_frames=20, threads=1, log_steps=1,
    checkpoint_minutes=60.0, eval_minutes=60.0, eval_songs=3, precision="float32", causal=0.4,
)  # fmt: skip

VOCODER = VocoderRecipe(
    steps=6, batch=1, micro_batches=3, frames=6, log_steps=1, eval_minutes=60.0, test_songs=1, test_seconds=1
)


def backbone(tokens: Path, recipe: BackboneRecipe = BACKBONE) -> BackboneObjective:
    torch.manual_seed(recipe.seed)
    model = Backbone(tiny().backbone).bind_codebooks(codebooks_for(tiny(), tokens))
    return BackboneObjective(model, tokens, Tokenizer.of_bytes(), tiny().prompt, recipe)


def superres(tokens: Path, recipe: SuperresRecipe = SUPERRES, residual: bool = False) -> SuperresObjective:
    torch.manual_seed(recipe.seed)
    model = Superres(replace(tiny().superres, residual=residual)).bind_codebooks(codebooks_for(tiny(), tokens))
    return SuperresObjective(model, tokens, Tokenizer.of_bytes(), tiny().prompt, recipe)


def whole(make: Callable[..., LanguageModelObjective[Any]], **settings: Any) -> Callable[[Path, Path, Ranks], None]:
    def run(tokens: Path, folder: Path, ranks: Ranks) -> None:
        objective = make(tokens)
        objective.recipe = replace(objective.recipe, **settings)
        loop.train(objective, objective.recipe, folder, ranks)

    return run


def interrupted(tokens: Path, folder: Path, ranks: Ranks) -> None:
    """Train until a rank that is not the first is told to end in the middle of the run."""
    objective = backbone(tokens)
    recipe, steps = replace(BACKBONE, parallel="fsdp"), objective.steps

    def until_asked(state: Any) -> Iterator[Any]:
        yield from islice(steps(state), STEPS // 2)
        if ranks.rank == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        yield from islice(steps(state), STEPS // 2, None)

    objective.steps = until_asked  # type: ignore[method-assign]
    try:
        loop.train(objective, recipe, folder, ranks)
    except KeyboardInterrupt:
        return
    raise AssertionError("the run was not interrupted")


def vocoder(corpus: Path, folder: Path, ranks: Ranks) -> None:
    """Train the vocoder of the codec in the folder `fitted` beside this run's."""
    recipe = CodecRecipe(vocoder=VOCODER)
    codec = load_spectral(folder.parent / "fitted")
    loop.train(VocoderObjective(codec, corpus, recipe), VOCODER, folder, ranks)


def dac(corpus: Path, folder: Path, ranks: Ranks) -> None:
    """Train a waveform codec, both stages, with two micro-batches a step."""
    few = {"micro_batches": 2, "batch": 1}
    recipe = replace(
        TINY, autoencoder=replace(TINY.autoencoder, steps=4, **few), quantized=replace(TINY.quantized, steps=6, **few)
    )
    train_codec(recipe, corpus, folder, ranks)


RUNS = {
    "dac": dac,
    "vocoder": vocoder,
    "ddp": whole(backbone),
    "fsdp": whole(backbone, parallel="fsdp"),
    "fsdp-bfloat16": whole(backbone, parallel="fsdp", precision="bfloat16", recompute=True),
    "superres-ddp": whole(superres),
    "superres-fsdp": whole(superres, parallel="fsdp", recompute=True),
    "interrupted": interrupted,
}


def start(world: int, folder: Path, runs: dict[str, Path]) -> None:
    """Make the runs in turn by `world` ranks, each on the songs in its folder, in a folder of its name in `folder`."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    ranks = [
        PROCESSES.Process(
            target=_work, args=({**common, "RANK": str(rank), "LOCAL_RANK": str(rank)}, folder, runs), daemon=True
        )
        for rank in range(world)
    ]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join(300)
    assert [rank.exitcode for rank in ranks] == [0] * world


def _work(environment: dict[str, str], folder: Path, runs: dict[str, Path]) -> None:
    os.environ.update(environment)
    torch.set_num_threads(1)
    with joined("cpu") as ranks:
        for run, songs in runs.items():
            RUNS[run](songs, folder / run, ranks)
