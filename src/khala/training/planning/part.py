"""A language model that is to be trained: its weights, micro-batches and their operations, as its recipe makes them."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.config import TransformerConfig
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.superres import Superres
from khala.models.lm.transformer import Transformer
from khala.music.errors import InvalidRequest
from khala.training.losses import Losses
from khala.training.objectives.causal import CausalBatch, causal_batch, causal_flops, causal_loss
from khala.training.objectives.refinement import LevelBatch, level_flops, refinement_loss
from khala.training.optimizer import language_model_optimizers
from khala.training.planning.counting import meta_model, optimizer_bytes, saved_bytes
from khala.training.recipe import LanguageModelRecipe, SuperresRecipe


@dataclass(frozen=True)
class Songs:
    """What is learned from: `hours` of songs of so many `frames`, behind prompts of `text` tokens."""

    hours: float
    frames: int
    text: int


@dataclass(frozen=True)
class Weights:
    """Numbers of weights: of all, of a block, of embedding, head and final norm (`outer`, sharded together), of the
    head alone and of all that AdamW steps; and the largest stack of matrices that Muon steps, their number and size."""

    all: int
    block: int
    outer: int
    head: int
    adamw: int
    matrices: int
    matrix: int
    optimizer_bytes: int


@dataclass(frozen=True)
class Part:
    """A model of `config`, its prompts at most `prompt` tokens, by its table of the recipe."""

    name: str
    config: TransformerConfig
    prompt: int
    recipe: LanguageModelRecipe

    @classmethod
    def of(cls, system: ModelConfig, recipe: LanguageModelRecipe) -> "Part":
        """Return the part that a table of a recipe trains."""
        if isinstance(recipe, SuperresRecipe):
            return cls("superres", system.superres, system.prompt.superres_limit, recipe)
        return cls("backbone", system.backbone, system.prompt.backbone_limit, recipe)

    @property
    def refines(self) -> bool:
        return self.name == "superres"

    @cached_property
    def weights(self) -> Weights:
        """Count weights and the states of the optimizers on the meta device."""
        model = meta_model(Superres if self.refines else Backbone, self.config)
        optimizers = language_model_optimizers(model, replace(self.recipe, precision="bfloat16"))
        muon, adamw = ([group["params"] for group in optimizer.param_groups] for optimizer in optimizers)
        stack = max(muon, key=lambda weights: sum(weight.numel() for weight in weights))
        total, blocks = _size(model), [_size(block) for block in model.blocks]
        return Weights(
            all=total,
            block=max(blocks),
            outer=total - sum(blocks),
            head=model.head.weight.numel(),
            adamw=sum(weight.numel() for weights in adamw for weight in weights),
            matrices=len(stack),
            matrix=stack[0].numel(),
            optimizer_bytes=optimizer_bytes(optimizers),
        )

    @property
    def longest(self) -> int:
        """Positions of the longest song, which is never divided over micro-batches."""
        return self.prompt + self.recipe.max_frames * (1 if self.refines else 2)

    def activation_bytes(self, positions: int, bits16: bool) -> int:
        """Count the bytes that the loss of a micro-batch keeps for the backward pass, with `recompute` those of a block
        and the inputs of all."""
        dtype = torch.bfloat16 if bits16 else torch.float32
        model = meta_model(Superres if self.refines else Backbone, self.config, dtype)
        batch = self.batch(1, 1, (positions - 1) // (1 if self.refines else 2))  # codes need more than text
        whole = saved_bytes(model, lambda: _loss(model, batch))
        if not self.recipe.recompute:
            return whole
        x_BTD = torch.empty(1, positions, self.config.dim, dtype=dtype, device=model.device, requires_grad=True)
        cos_sin = model.rope.cos_sin(slice(positions), positions, model.device)
        block = saved_bytes(model, lambda: model.blocks[0](x_BTD, cos_sin, causal=not self.refines))
        return whole - self.config.layers * (block - x_BTD.nbytes) + block

    def batch(self, rows: int, text: int, frames: int, causal: bool = False) -> CausalBatch | LevelBatch:
        """Make a micro-batch of so many songs of zeros."""
        texts = [[0] * text] * rows
        if causal or not self.refines:
            codes = [np.zeros((2, frames), np.int16)] * rows
            return causal_batch(texts, codes, [False] * rows, self.config.layout)
        levels = self.config.levels if self.config.residual else FIRST_LEVEL + 1
        codes_QT = torch.zeros(levels, frames, dtype=torch.long)
        return LevelBatch([torch.tensor(one) for one in texts], [codes_QT] * rows, [None] * rows)

    def run(self, songs: Songs) -> tuple[float, float, float]:
        """Return steps, positions and floating-point operations of the whole run, on songs of one length. Raises
        InvalidRequest for a budget of minutes."""
        recipe = self.recipe
        if not (recipe.steps or recipe.tokens):
            raise InvalidRequest(f"the budget of {self.name} is minutes; set {self.name}.tokens or {self.name}.steps")
        frames = min(songs.frames, recipe.max_frames)
        songs_of_step = recipe.batch_tokens / self.batch(1, songs.text, frames).positions
        share = recipe.causal if isinstance(recipe, SuperresRecipe) else 0.0
        kinds = [(1 - share, self.batch(1, songs.text, frames))]
        if share:
            kinds.append((share, self.batch(1, songs.text, min(frames, recipe.max_frames // 2), causal=True)))
        positions = songs_of_step * sum(part * one.positions for part, one in kinds)
        flops = songs_of_step * sum(part * _flops(self.config, one) for part, one in kinds)
        steps = recipe.steps or recipe.tokens / positions
        return steps, steps * positions, steps * flops

    def epoch_positions(self, songs: Songs) -> float:
        """Return the positions of one pass over the songs, each once for every `max_frames` that have begun."""
        count = songs.hours * 3600 / seconds(songs.frames)
        plays = -(-songs.frames // self.recipe.max_frames)
        return count * plays * self.batch(1, songs.text, min(songs.frames, self.recipe.max_frames)).positions


def seconds(frames: int) -> float:
    """Return how long so many frames of the codec are."""
    return frames * 2048 / 44100


def _size(module: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def _loss(model: Transformer, batch: CausalBatch | LevelBatch) -> Tensor:
    if isinstance(batch, CausalBatch):
        return causal_loss(model, batch, model.config.layout, Losses())
    assert isinstance(model, Superres)
    return refinement_loss(model, batch, Losses())


def _flops(config: TransformerConfig, batch: CausalBatch | LevelBatch) -> float:
    return causal_flops(config, batch) if isinstance(batch, CausalBatch) else level_flops(config, batch)
