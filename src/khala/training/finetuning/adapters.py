"""Adapters in training: PEFT puts low-rank changes into a frozen language model, and the loop trains these alone."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from khala.audio.replacing import replacing
from khala.conditioning.outline import Outline
from khala.conditioning.rows import within
from khala.corpus.data.songs import SongList, TokenCorpus, TokenSong
from khala.corpus.data.storage import Place, Storage
from khala.models.lm.transformer import Transformer
from khala.music.errors import InvalidRequest
from khala.training.objective import M, Measure
from khala.training.objectives.backbone import BackboneObjective
from khala.training.objectives.causal import CausalBatch
from khala.training.objectives.language_model import LanguageModelObjective
from khala.training.objectives.refinement import LevelBatch
from khala.training.objectives.superres import SuperresObjective
from khala.weights.adapters import MODULE
from khala.weights.tensors import save_tensors, trained_tensors

SONGS_PER_HELD_OUT = 6
"""One song of this many is held out, at least one."""
BETAS = 0.9, 0.99


def add_adapters(model: Transformer, rank: int, alpha: int) -> None:
    """Freeze a model and put changes of that rank into the matrices of its blocks; they are nothing yet."""
    from peft import LoraConfig, inject_adapter_in_model  # it takes seconds to import

    model.requires_grad_(False)
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=alpha, target_modules=MODULE), model)


class FewSongs(TokenCorpus):
    """The songs of a folder of token shards, of which one in `SONGS_PER_HELD_OUT` is held out, by a checksum of their
    names, for a model whose table of conditions has `table_rows` rows. Raises InvalidRequest for less than two."""

    def __init__(self, folder: Place, table_rows: int) -> None:
        super().__init__(folder)
        songs, _ = SongList.of(Storage(folder))
        if len(songs) < 2:
            raise InvalidRequest("one song is too few: at least one to learn from and one to measure with are needed")
        order = sorted(range(len(songs)), key=lambda number: zlib.crc32(songs[number].name.encode()))
        held_out_N = np.isin(np.arange(len(songs)), order[: max(1, len(songs) // SONGS_PER_HELD_OUT)])
        self.train, self.held_out = songs.those(~held_out_N), songs.those(held_out_N)
        self._table_rows = table_rows

    def condition_ids(
        self, song: TokenSong, outline: Outline, begin: int, end: int, lines: range | None = None
    ) -> list[list[int]]:
        rows = super().condition_ids(song, outline, begin, end, lines)
        return [list(within(row, self._table_rows)) for row in rows]


@dataclass
class Progress:
    """The held-out loss before the first step, the best one so far, and how many measurements it has not got better."""

    before: float = float("nan")
    best: float = float("inf")
    waited: int = 0


class AdapterObjective(LanguageModelObjective[M]):
    """The training of adapters in a language model that `add_adapters` has prepared: of few songs, from a held-out one
    of which it is known when to stop. `run` keeps the best adapters so far."""

    def __init__(self, *arguments: Any, run: Path, trigger: str, rate: float, patience: int) -> None:
        super().__init__(*arguments)
        self.corpus = FewSongs(self.corpus.folder, self.model.config.condition_rows)
        self.trigger, self._run, self._rate, self._patience = trigger, run, rate, patience
        self.progress = Progress()
        if (run / "checkpoints").exists() and (run / "progress.json").exists():  # it goes on
            self.progress = Progress(**json.loads((run / "progress.json").read_text(encoding="utf-8")))

    def optimizers(self) -> list[torch.optim.Optimizer]:
        trained = [weight for weight in self.model.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=self._rate, betas=BETAS, weight_decay=0.0)
        optimizer.param_groups[0]["rate"] = self._rate
        return [optimizer]

    @property
    def finished(self) -> bool:
        return self.progress.waited >= self._patience

    def evaluate(self, measure: Measure) -> list[tuple[dict[str, float], dict[str, float]]]:
        """Mean losses by name over the held-out songs; keep the adapters if these are the best so far."""
        figures, progress = measure(self.held_out()), self.progress
        loss = float(np.mean([nats for name, nats in figures.items() if name.startswith(("q", "residual"))]))
        if np.isnan(progress.before):
            progress.before = loss
        progress.waited += 1
        if loss < progress.best:
            progress.best, progress.waited = loss, 0
            with replacing(self._run / "best.safetensors") as part:
                save_tensors(part, trained_tensors(self.model), torch.float32)
        with replacing(self._run / "progress.json") as part:
            part.write_text(json.dumps(vars(progress)) + "\n", encoding="utf-8")
        return [({"mean": loss}, figures)]

    def save(self, weights: dict[str, Tensor], run: Path) -> Path:
        """Return the path of the best adapters, which are kept already."""
        return run / "best.safetensors"


class BackboneAdapters(AdapterObjective[CausalBatch], BackboneObjective):
    """Adapters of a backbone."""


class SuperresAdapters(AdapterObjective[LevelBatch | CausalBatch], SuperresObjective):
    """Adapters of super-resolution. Held-out songs are measured at all `held_out_levels`: there are few."""

    def held_out(self) -> list[LevelBatch | CausalBatch]:
        songs = self.corpus.held_out[: self.recipe.eval_songs]
        return [
            self.refinement([song], [level], 0, [Random(f"{song.name} {level}")])
            for song in songs
            for level in self.held_out_levels
        ]
