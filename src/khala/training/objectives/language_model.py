"""What the objectives of backbone and super-resolution share: epochs over token shards, measuring, saving."""

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from khala.audio.replacing import replacing
from khala.corpus.data.shards import codebooks
from khala.corpus.data.songs import TokenCorpus
from khala.corpus.data.storage import Place
from khala.models.config import ModelConfig
from khala.models.lm.transformer import Transformer
from khala.music.errors import InvalidRequest
from khala.music.prompt import PromptStyle
from khala.training.checkpoint import State
from khala.training.loader import StepPlan
from khala.training.objective import M, Measure, Objective
from khala.training.objectives.plays import Plays
from khala.training.optimizer import language_model_optimizers
from khala.training.recipe import LanguageModelRecipe
from khala.weights.configs import family
from khala.weights.tensors import save_tensors
from khala.weights.tokenizer import Tokenizer


def codebooks_for(config: ModelConfig, tokens: Place) -> Tensor:
    """Return the codebooks of a folder of token shards. Raises InvalidRequest if they are not those of the codec of
    `config`, or there are none."""
    found, codec = codebooks(tokens), config.codec
    if tuple(found.shape) != (codec.levels, codec.codebook, codec.dim):
        shapes = " x ".join(map(str, found.shape)), f"{codec.levels} x {codec.codebook} x {codec.dim}"
        raise InvalidRequest(
            f"{tokens} was made by another codec than the recipe's: its codebooks are {shapes[0]}, those of a "
            f"{family(type(codec))} codec of the preset '{config.name}' {shapes[1]}; tokenize the songs with that codec"
        )
    return found


class LanguageModelObjective(Objective[M]):
    """Training of a language model on a folder of token shards."""

    unit = "tokens"
    model: Transformer
    codec: Path | None = None
    """Folder of the codec that decodes samples."""
    trigger: str = ""
    """A word that is put into every prompt but the empty one."""

    def __init__(
        self, model: Transformer, tokens: Place, tokenizer: Tokenizer, style: PromptStyle, recipe: LanguageModelRecipe
    ) -> None:
        self.model, self.tokenizer, self.style, self.recipe = model, tokenizer, style, recipe
        self.layout = model.config.layout
        self.corpus = TokenCorpus(tokens)
        self._plays: Plays | None = None

    @property
    def plays(self) -> Plays:
        """What an epoch is made of: the songs to learn from."""
        if self._plays is None or self._plays.songs is not self.corpus.train:
            self._plays = Plays(self.corpus.train, self.recipe.max_frames)
        return self._plays

    @abstractmethod
    def epoch(self, number: int) -> list[list[Any]]:
        """All steps of one pass over the data, each a list of specifications; the same for the same number."""

    @abstractmethod
    def held_out(self) -> list[M]:
        """Micro-batches of songs never trained on, always the same."""

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return language_model_optimizers(self.model, self.recipe)

    @property
    def blocks(self) -> list[nn.Module]:
        return list(self.model.blocks)

    def steps(self, state: State) -> Iterator[StepPlan]:
        """Epoch after epoch, from the position of `state` on. Raises InvalidRequest if an epoch is empty."""
        epoch, batch = state.epoch, state.batch
        while True:
            steps = self.epoch(epoch)
            if not steps:
                raise InvalidRequest("nothing to train on: the token shards hold no song outside the held-out ones")
            for number in range(batch, len(steps)):
                yield StepPlan(epoch, number, steps[number])
            epoch, batch = epoch + 1, 0

    def evaluate(self, measure: Measure) -> list[tuple[dict[str, float], dict[str, float]]]:
        """Mean nats by name over the held-out songs."""
        return [({}, measure(self.held_out()))]

    def save(self, weights: dict[str, Tensor], run: Path) -> Path:
        """Write `run/model.safetensors` in single precision."""
        path = run / "model.safetensors"
        with replacing(path) as part:
            save_tensors(part, weights, torch.float32)
        return path
