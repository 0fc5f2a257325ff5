"""The trained parts of a run put together as a model folder, with a model card that says what was measured."""

import math
from pathlib import Path
from shutil import copyfile

import torch
from torch import nn

from khala.conditioning.vocabulary import with_vocabulary
from khala.corpus.data.songs import TokenCorpus
from khala.engine.onnx.graphs import write_graphs
from khala.models.codec.folder import load_codec
from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.superres import Superres
from khala.music.errors import ModelError
from khala.training import log
from khala.training.recipe import Recipe, preset
from khala.training.run_vocabulary import require_same
from khala.training.text_vocabulary import text_vocabulary
from khala.weights import save_model
from khala.weights.names import DURATIONS
from khala.weights.tensors import load_module

CARD = """---
license: apache-2.0
tags: [music-generation, text-to-music]
---

# Khala {name}

Whole songs from words: a description or tags and lyrics in, a stereo 44.1 kHz song of up to {seconds:g} seconds out.
It is small enough to be trained and run on two processor cores, and sounds like it: a plain band, a simple voice whose
words are hard to make out. Lyrics are English.

| part | parameters | trained for |
|---|---|---|
{parts}

It has heard {hours:.1f} hours of songs ({songs} of them), all composed and rendered by this project: free General MIDI
instruments, and spoken voices made to sing. No recording of anybody's music is among them.

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


def assemble(recipe: Recipe, run: Path, out: Path) -> None:
    """Write the model folder `out` in float16 from `run`'s codec, backbone and superres, with its graphs, and with the
    duration model if there is one.

    Raises ModelError, with the command to run, if a part is not trained yet or learned other conditions.
    """
    config = preset(recipe)
    for stage in ("backbone", "superres"):
        require_same(run / stage, config)
    codec = load_codec(run / "codec")
    backbone = Backbone(config.backbone)
    superres = Superres(config.superres)
    for model, stage in ((backbone, "backbone"), (superres, "superres")):
        try:
            load_module(run / stage / "model.safetensors", model)
        except (OSError, ValueError) as error:
            mend = f"train it with: khala train {stage} RECIPE"
            raise ModelError(f"no {stage} of this recipe in {run / stage} ({error}); {mend}") from None
    tokenizer = text_vocabulary(run / "tokens", config.backbone.text_vocab)
    card = _card(config, run, {"codec": codec, "backbone": backbone, "superres": superres})

    def write_rest(folder: Path) -> None:
        write_graphs(folder)
        if (durations := run / "durations" / DURATIONS).exists():
            copyfile(durations, folder / DURATIONS)

    save_model(out, with_vocabulary(config), backbone, superres, codec, tokenizer, card, torch.float16, write_rest)


def _card(config: ModelConfig, run: Path, models: dict[str, nn.Module]) -> str:
    corpus = TokenCorpus(run / "tokens")
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
        seconds=config.max_seconds,
        parts="\n".join(parts),
        hours=sum(song.duration for song in corpus.train) / 3600,
        songs=len(corpus.train),
        chance=math.log(config.backbone.codebook),
        losses="\n".join(rows),
    )
