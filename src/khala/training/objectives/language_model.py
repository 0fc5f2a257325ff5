"""What the objectives of backbone and super-resolution share: epochs over token shards, measuring, saving."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic

import torch
from torch import Tensor

from khala.audio.files import replacing
from khala.corpus.data.songs import TokenCorpus, TokenSong
from khala.models.lm.transformer import Transformer
from khala.music.errors import InvalidRequest
from khala.music.prompt import PromptStyle
from khala.training.checkpoint import State
from khala.training.loop import M, Step
from khala.training.losses import Losses
from khala.training.optimizer import language_model_optimizers
from khala.training.recipe import LanguageModelRecipe
from khala.weights.tensors import save_module
from khala.weights.tokenizer import Tokenizer


class LanguageModelObjective(ABC, Generic[M]):
    """Training of a language model on a folder of token shards."""

    unit = "tokens"

    def __init__(
        self, model: Transformer, tokens: Path, tokenizer: Tokenizer, style: PromptStyle, recipe: LanguageModelRecipe
    ) -> None:
        self.model, self.tokenizer, self.style, self.recipe = model, tokenizer, style, recipe
        self.layout = model.config.layout
        self.corpus = TokenCorpus(tokens)

    @property
    def plays(self) -> list[tuple[TokenSong, str]]:
        """What an epoch is made of: every song to learn from, once for each `max_frames` frames of it that have begun,
        with a name for each time."""
        return [
            (song, f"{song.name} {begin}" if begin else song.name)
            for song in self.corpus.train
            for begin in range(0, song.frames, self.recipe.max_frames)
        ]

    @abstractmethod
    def epoch(self, number: int) -> list[list[Any]]:
        """All steps of one pass over the data, each a list of specifications; the same for the same number."""

    @abstractmethod
    def micro_batch(self, spec: Any) -> M:
        """Read the micro-batch of a specification from disk."""

    @abstractmethod
    def loss(self, batch: M, losses: Losses, progress: float = 1.0) -> Tensor:
        """Return the sum of nats over the predictions of a micro-batch; adds them by name to `losses`."""

    @abstractmethod
    def held_out(self) -> list[M]:
        """Micro-batches of songs never trained on, always the same."""

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return language_model_optimizers(self.model, self.recipe)

    def steps(self, state: State) -> Iterator[Step]:
        """Epoch after epoch, from the position of `state` on. Raises InvalidRequest if an epoch is empty."""
        epoch, batch = state.epoch, state.batch
        while True:
            steps = self.epoch(epoch)
            if not steps:
                raise InvalidRequest("nothing to train on: the token shards hold no song outside the held-out ones")
            for number in range(batch, len(steps)):
                yield Step(epoch, number, steps[number])
            epoch, batch = epoch + 1, 0

    def evaluate(self) -> list[tuple[dict[str, float], dict[str, float]]]:
        """Mean nats by name over the held-out songs."""
        losses = Losses()
        for batch in self.held_out():
            self.loss(batch, losses)
        return [({}, losses.mean())]

    def save(self, run: Path) -> Path:
        """Write `run/model.safetensors` in single precision."""
        path = run / "model.safetensors"
        with replacing(path) as part:
            save_module(part, self.model, torch.float32)
        return path
