"""The backbone's objective: prompts and codes of whole songs and of excerpts, as `causal` predicts them.

A model with conditions predicts the phone of a frame one code early: it reads the phone of the frame at hand before it
writes the frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor

from khala.conditioning.outline import prompt_rows
from khala.conditioning.phone_sequence import PHONE_IDS, UNKNOWN_PHONE, without_phones, without_timing
from khala.corpus.data.batches import pack
from khala.corpus.data.excerpts import excerpt, window
from khala.corpus.data.songs import TokenSong
from khala.corpus.data.storage import Place
from khala.engine.pytorch.decode import decode_backbone
from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.conditions import condition_stream
from khala.models.lm.slot import Slot
from khala.models.lm.transformer import Transformer
from khala.music.chords import CHORDS
from khala.music.loras import with_trigger
from khala.music.prompt import UNCOND_PROMPT, PromptStyle, backbone_prompt, clamp_prompt
from khala.music.request import Sampling, SongRequest
from khala.training import loop
from khala.training.losses import Losses
from khala.training.objectives.causal import (
    AuxiliaryTarget,
    CausalBatch,
    causal_batch,
    causal_flops,
    causal_loss,
    corrupt_codes,
    joined,
)
from khala.training.objectives.dropout import drop_wishes
from khala.training.objectives.language_model import LanguageModelObjective, codebooks_for
from khala.training.objectives.samples import SAMPLED_FRAMES, SAMPLED_SONGS, copy_of, write_song
from khala.training.parts import system, vocabulary
from khala.training.ranks import Ranks
from khala.training.recipe import BackboneRecipe, Recipe
from khala.training.run_vocabulary import keep_vocabulary
from khala.training.start import start_from_part
from khala.weights.tokenizer import Tokenizer

PROMPT_BYTES, PROMPT_BYTES_PER_FRAME = 100, 0.4
"""About how long the prompt of a part of a song is."""
CHORD_BYTES = range(128, 128 + CHORDS)
"""The rows of the head for chords: those of bytes with which no letter begins."""


@dataclass(frozen=True)
class BatchSpec:
    """Everything that decides a micro-batch: epoch, pass over excerpts (None: whole songs, or windows of longer ones),
    numbers among the objective's `plays`."""

    epoch: int
    excerpts: int | None
    songs: list[int]


def train_backbone(
    recipe: Recipe, tokens: Place, out: Path, start: str = "", ranks: Ranks | None = None, codec: Path | None = None
) -> Path:
    """Train the backbone of the recipe's preset on a folder of token shards; returns the path of its weights in `out`.

    Begins with random weights or, if `start` names a model, with those of its backbone. Samples are decoded by the
    codec in the folder `codec`, if there is one, and weights of a model with another codec changed to its codes. Raises
    ModelError.
    """
    ranks = ranks or Ranks()
    with ranks.one_after_the_other():
        objective = prepare(recipe, tokens, start, codec=codec)
        if objective.model.config.condition_rows:
            keep_vocabulary(out, system(recipe))
    objective.codec = codec
    return loop.train(objective, recipe.backbone, out, ranks)


def prepare(
    recipe: Recipe, tokens: Place, start: str = "", config: ModelConfig | None = None, codec: Path | None = None
) -> "BackboneObjective":
    """Return the objective of `train` before its first step, for the recipe's preset or another `config`."""
    config = config or system(recipe)
    torch.manual_seed(recipe.backbone.seed)
    codebooks_QCD = codebooks_for(config, tokens)
    model = Backbone(config.backbone).bind_codebooks(codebooks_QCD)
    tokenizer = vocabulary(recipe, tokens, config)
    if start:
        start_from_part("backbone", model, tokenizer, start, codebooks_QCD, codec)
    return BackboneObjective(model, tokens, tokenizer, config.prompt, recipe.backbone)


class BackboneObjective(LanguageModelObjective[CausalBatch]):
    """Next-token training of a backbone."""

    recipe: BackboneRecipe

    def __init__(
        self, model: Transformer, tokens: Place, tokenizer: Tokenizer, style: PromptStyle, recipe: BackboneRecipe
    ) -> None:
        super().__init__(model, tokens, tokenizer, style, recipe)
        self.phone_rows = torch.tensor(PHONE_IDS)
        self.chord_rows = torch.tensor(CHORD_BYTES)

    def epoch(self, number: int) -> list[list[BatchSpec]]:
        """Every song whole once, or windows of all its length, and as many steps of excerpts as make their share."""
        random = Random(f"{self.recipe.seed} epoch {number}")
        steps = self._pass(BatchSpec(number, None, []), self.recipe.max_frames, random)
        share = self.recipe.excerpt_share
        excerpts: list[list[BatchSpec]] = []
        passes = count()
        while share and len(excerpts) < len(steps) * share / (1 - share):
            index = next(passes)
            excerpts += self._pass(BatchSpec(number, index, []), self._excerpt_frames(index), random)
        if excerpts:
            steps += excerpts[: round(len(steps) * share / (1 - share))]
            random.shuffle(steps)
        return steps

    def _pass(self, spec: BatchSpec, frames: int, random: Random) -> list[list[BatchSpec]]:
        bound = int(PROMPT_BYTES + PROMPT_BYTES_PER_FRAME * frames)
        plays = self.plays
        lengths_P = np.minimum(plays.text_bounds_P, bound) + 2 * np.minimum(plays.frames_P, frames)
        steps = pack(lengths_P.tolist(), self.recipe.micro_batch_tokens, self.recipe.batch_tokens, random)
        return [[replace(spec, songs=songs) for songs in step] for step in steps]

    def _excerpt_frames(self, number: int) -> int:
        """Frames of the excerpts of a pass."""
        return self.recipe.excerpt_frames << number % self.recipe.excerpt_lengths

    def micro_batch(self, spec: BatchSpec) -> CausalBatch:
        every = self.plays
        plays = [every[number] for number in spec.songs]
        dice = Random(f"{self.recipe.seed} {spec.epoch} {spec.excerpts} {spec.songs}")
        uncond = [dice.random() < self.recipe.prompt_dropout for _ in plays]
        parts = []
        for song, name in plays:
            if spec.excerpts is None:
                random = Random(f"{self.recipe.seed} {spec.epoch} {name}")
                parts.append((song, *window(song, self.recipe.max_frames, random)))
            else:
                random = Random(f"{self.recipe.seed} {spec.epoch} {spec.excerpts} {name}")
                parts.append((song, *excerpt(song, self._excerpt_frames(spec.excerpts), random)))
        return self.batch(parts, uncond, dice)

    def loss(self, batch: CausalBatch, losses: Losses, progress: float = 1.0) -> Tensor:
        return causal_loss(self.model, batch, self.layout, losses)

    def flops(self, batch: CausalBatch) -> float:
        return causal_flops(self.model.config, batch)

    def sample(self, weights: dict[str, Tensor], folder: Path) -> None:
        """Write what the model continues the prompts of held-out songs with, under their own conditions."""
        model = copy_of(Backbone, self.model.config, weights, self.corpus.folder, self.model.device)
        for song in self.corpus.held_out[:SAMPLED_SONGS]:
            batch = self.batch([(song, *window(song, SAMPLED_FRAMES, Random(song.name)))])
            frames = batch.q1.numel()
            prompt_ids = batch.ids_BT[0, : int(batch.q0_at[0]) + 1].tolist()  # what follows may be padded
            conditions = None if batch.condition_ids_BTC is None else batch.condition_ids_BTC[0].numpy()
            slot = Slot(prompt_ids, song.seed, frames, Sampling(), condition_ids=conditions)
            (result,) = decode_backbone(model, [slot])
            write_song(result.codes, self.codec, folder / song.name)

    def held_out(self) -> list[CausalBatch]:
        songs = sorted(self.corpus.held_out[: self.recipe.eval_songs], key=lambda song: song.frames)
        parts = [
            (song, *window(song, self.recipe.max_frames, Random(f"{self.recipe.seed} {song.name}"))) for song in songs
        ]
        return [self.batch(parts[begin : begin + 2]) for begin in range(0, len(parts), 2)]

    def batch(
        self,
        parts: list[tuple[TokenSong, SongRequest, int, int, range]],
        uncond: Sequence[bool] = (),
        dice: Random | None = None,
    ) -> CausalBatch:
        """Read parts of songs: song, request, first frame, end, lines of its lyrics; as many frames as model and recipe
        allow.

        Those that are `uncond` stand behind an empty prompt. Codes are corrupted and conditions dropped by `dice`, if
        there are any.
        """
        texts, codes, ends, phones, chords, condition_ids = [], [], [], [], [], []
        for (song, request, begin, end, lines), bare in zip(parts, uncond or [False] * len(parts), strict=True):
            prompt = UNCOND_PROMPT if bare else backbone_prompt(with_trigger(request, self.trigger), self.style)
            text = clamp_prompt(self.tokenizer.encode(prompt), self.style.backbone_limit)
            frames = min(end - begin, self.recipe.max_frames, (self.model.config.context - len(text)) // 2)
            texts.append(text)
            codes.append(self.corpus.codes(song, 2, begin, frames))
            conditioned = bool(self.model.config.condition_rows)
            # an excerpt has another prompt than its song: that it ends with it, conditions alone say
            ends.append(begin + frames == song.frames and (begin == 0 or conditioned))
            outline = song.outline
            if conditioned:
                if bare:
                    outline = outline.without_wishes
                elif dice:
                    outline = drop_wishes(outline, dice, self.recipe)
                    if dice.random() < self.recipe.style_key_dropout:
                        outline = replace(outline, style="") if dice.random() < 0.5 else replace(outline, key=-1)
                marks = clamp_prompt(self.tokenizer.lines(prompt), self.style.backbone_limit)
                rows = self.corpus.condition_ids(song, outline, begin, end, lines)[: frames + 1]
                if bare:
                    rows = without_phones(rows)
                elif dice and dice.random() < self.recipe.timing_dropout:
                    rows = without_timing(rows)
                stream = condition_stream(prompt_rows(marks), rows)
                condition_ids.append(torch.from_numpy(stream))
            if self.recipe.phone_loss_weight:
                phones.append(self._phones(song, begin, frames, bare))
            if self.recipe.chord_loss_weight:
                told = conditioned and bool(outline.chords)
                chords.append(np.full(frames, UNKNOWN_PHONE) if told else song.chord_frames(begin, frames))
        inputs = None
        if dice and self.recipe.code_corruption:
            inputs = [corrupt_codes(song, self.recipe.code_corruption, dice) for song in codes]
        auxiliary = []
        if phones:
            early = self.model.config.condition_rows > 0
            weight = self.recipe.phone_loss_weight
            auxiliary.append(AuxiliaryTarget("phone", self.phone_rows, joined(phones), weight, early))
        if chords:
            weight = self.recipe.chord_loss_weight
            auxiliary.append(AuxiliaryTarget("chord", self.chord_rows, joined(chords), weight))
        multiple = self.recipe.length_multiple
        batch = causal_batch(texts, codes, ends, self.layout, inputs, condition_ids or None, multiple)
        return replace(batch, auxiliary=tuple(auxiliary))

    def _phones(self, song: TokenSong, begin: int, frames: int, bare: bool) -> np.ndarray:
        """Phones to predict, uint8 [frames]: a model with conditions predicts the next frame's, none behind an empty
        prompt; any other the phone of the frame."""
        if not self.model.config.condition_rows:
            return self.corpus.phones(song, begin, frames)
        ahead = self.corpus.phones(song, begin + 1, frames)
        targets = np.full(frames, UNKNOWN_PHONE, np.uint8)
        targets[: len(ahead)] = UNKNOWN_PHONE if bare else ahead
        return targets
