"""The trained parts of a run put together as a model folder, with a model card that says what was measured."""

import math
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import torch
from torch import nn

from khala.conditioning.vocabulary import with_vocabulary
from khala.corpus.data.songs import TokenCorpus
from khala.corpus.data.storage import Place
from khala.engine.onnx.graphs import write_graphs
from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.music.errors import ModelError
from khala.training import checkpoint, log
from khala.training.parts import codec_of, copy_codec, system, vocabulary
from khala.training.recipe import Recipe
from khala.training.run_vocabulary import require_same
from khala.weights import save_model
from khala.weights.names import DURATIONS
from khala.weights.tensors import load_module

CARD = """---
license: {license}
tags: [music-generation, text-to-music]
---

# Khala {name}

Whole songs from words: a description or tags and lyrics in, a stereo 44.1 kHz song of up to {seconds:g} seconds out.
{about}
| part | parameters | trained for |
|---|---|---|
{parts}

It has heard {hours:.1f} hours of songs ({songs} of them){heard}.

Loss on songs never trained on, in nats per code (chance is {chance:.2f}):

{losses}

## Use

```sh
khala generate --model FOLDER --tags "pop, fast tempo, female vocals" --lyrics-file words.txt --duration 30
```

## Limits

It imitates its corpus: its styles, its lengths, its words. What a prompt asks for is a wish and no guarantee;
`khala evaluate` measures how far it was met.
"""

MINI_ABOUT = """\
It is small enough to be trained and run on two processor cores, and sounds like it: a plain band, a simple voice whose
words can be made out in part. Lyrics are English.
"""
MINI_HEARD = """, all composed and rendered by this project: free General MIDI
instruments, and spoken voices made to sing. No recording of anybody's music is among them"""


def assemble(recipe: Recipe, run: Path, out: Path, tokens: Place | None = None) -> None:
    """Write the model folder `out` in float16 from `run`'s codec, backbone and superres, with its graphs, and with the
    duration model if there is one. A run that has not ended yet lends its newest checkpoint. `tokens` are what it
    learned from, if they are not in the run's folder.

    Raises ModelError, with the command to run, if a part is not trained yet or learned other conditions.
    """
    config = system(recipe)
    for stage in ("backbone", "superres"):
        require_same(run / stage, config)
    codec = codec_of(recipe, run, config)
    backbone = Backbone(config.backbone)
    superres = Superres(config.superres)
    for model, stage in ((backbone, "backbone"), (superres, "superres")):
        try:
            _load(run / stage, model)
        except (OSError, ValueError) as error:
            mend = f"train it with: khala train {stage} RECIPE"
            raise ModelError(f"no {stage} of this recipe in {run / stage} ({error}); {mend}") from None
    corpus = TokenCorpus(tokens or run / "tokens")
    tokenizer = vocabulary(recipe, corpus.folder, config)
    card = _card(config, run, corpus, {"codec": codec, "backbone": backbone, "superres": superres})

    def write_rest(folder: Path) -> None:
        copy_codec(recipe, folder)
        write_graphs(folder)
        if (durations := run / "durations" / DURATIONS).exists():
            copyfile(durations, folder / DURATIONS)

    config = with_windows(with_vocabulary(config), recipe.backbone.max_frames)
    save_model(out, config, backbone, superres, codec, tokenizer, card, torch.float16, write_rest)


def with_windows(config: ModelConfig, trained_frames: int) -> ModelConfig:
    """Return the configuration of a model whose backbone was trained on songs and parts of songs of up to
    `trained_frames`: what it makes beyond them it makes in windows, if conditions tell it where in the song it is."""
    if not config.backbone.condition_rows:
        return config
    fitting = (config.backbone.context - config.prompt.backbone_limit - 1) // 2
    return replace(config, window_frames=min(trained_frames, fitting))


def _load(run: Path, model: nn.Module) -> None:
    """Load the weights of a run that has ended or, of one that goes on, those of its newest checkpoint."""
    weights, newest = run / "model.safetensors", checkpoint.latest(run)
    if newest and not weights.exists():
        checkpoint.load_weights(newest, model)
    else:
        load_module(weights, model)


def _card(config: ModelConfig, run: Path, corpus: TokenCorpus, models: dict[str, nn.Module]) -> str:
    parts, rows = [], []
    for stage, model in models.items():
        size = sum(tensor.numel() for tensor in model.state_dict().values())
        lines = log.read(run / stage)
        seconds = max((line.get("elapsed", 0.0) for line in lines), default=0.0)
        parts.append(f"| {stage} | {size / 1e6:.1f} M | {log.duration(seconds)} |")
        held_out = [line["loss"] for line in lines if line["kind"] == "held-out"]
        if held_out and stage != "codec":
            rows.append(f"- {stage}: " + ", ".join(f"{level} {nats:.2f}" for level, nats in held_out[-1].items()))
    return CARD.format(
        name=config.name,
        license=config.license.lower(),
        about=MINI_ABOUT if config.name == "mini" else "",
        heard=MINI_HEARD if config.name == "mini" else "",
        seconds=config.max_seconds,
        parts="\n".join(parts),
        hours=sum(song.duration for song in corpus.train) / 3600,
        songs=len(corpus.train),
        chance=math.log(config.backbone.codebook),
        losses="\n".join(rows),
    )
