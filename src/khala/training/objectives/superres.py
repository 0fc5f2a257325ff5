"""Super-resolution's two objectives: mostly a level from the levels below it, now and then the backbone's own.

Refinement: text, its last position the marker of the level, then one position per frame that holds the sum of the
levels below; attention is full, the loss is on that level of every frame. Every song of a micro-batch has a level of
its own, and a window of frames just long enough that all have one length: no padding, no mask, the fast kernel.

The backbone's codes are not those that a song would have there. So some codes of its levels may be corrupted; from
there the levels above are quantised anew, and lead back to the song: super-resolution learns to mend them.

Alignment: text, its last position marker 0, then q0 and q1 in turn, causally, as the backbone does it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor

from khala.conditioning.outline import Outline
from khala.conditioning.phone_sequence import without_phones
from khala.corpus.data.batches import pack
from khala.corpus.data.excerpts import vary
from khala.corpus.data.shards import codebooks
from khala.corpus.data.songs import TokenSong
from khala.corpus.data.storage import Place
from khala.engine.pytorch.refine import refine
from khala.models.codec.folder import load_spectral
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone
from khala.models.lm.conditions import condition_stream
from khala.models.lm.config import PAD_ID, TransformerConfig
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.superres import Superres, init_from_backbone
from khala.music.errors import InvalidRequest, ModelError
from khala.music.loras import with_trigger
from khala.music.prompt import PromptStyle, clamp_prompt, superres_prompt
from khala.music.request import Sampling
from khala.nn.rvq import ResidualVQ
from khala.training import loop
from khala.training.losses import Losses
from khala.training.objectives.causal import CausalBatch, causal_batch, causal_flops, causal_loss, corrupt_codes
from khala.training.objectives.dropout import drop_wishes
from khala.training.objectives.language_model import LanguageModelObjective, codebooks_for
from khala.training.objectives.refinement import LevelBatch, SungWeight, level_flops, refinement_loss
from khala.training.objectives.samples import SAMPLED_FRAMES, SAMPLED_SONGS, copy_of, write_song
from khala.training.parts import system, vocabulary
from khala.training.ranks import Ranks
from khala.training.recipe import Recipe, SuperresRecipe
from khala.training.run_vocabulary import keep_vocabulary, require_same
from khala.training.start import start_from_part
from khala.weights import load_model
from khala.weights.tensors import load_module
from khala.weights.tokenizer import Tokenizer

HELD_OUT_LEVELS = (2, 3, 5, 7, 9, 12, 18, 25, 36, 52)
"""Levels at which held-out songs are measured, in turn."""


@dataclass(frozen=True)
class BatchSpec:
    """Everything that decides a micro-batch: which objective, epoch, numbers among the objective's `plays`."""

    causal: bool
    epoch: int
    songs: list[int]


def train_superres(
    recipe: Recipe,
    tokens: Place,
    backbone: Path,
    out: Path,
    start: str = "",
    ranks: Ranks | None = None,
    codec: Path | None = None,
) -> Path:
    """Train super-resolution on a folder of token shards; returns the path of its weights.

    Begins with the weights of the backbone in the run folder `backbone` or, if `start` names a model, with those of its
    super-resolution. Samples are decoded by the codec in the folder `codec`, if there is one, and weights of a model
    with another codec changed to its codes. Raises ModelError if there is no such backbone or model.
    """
    ranks = ranks or Ranks()
    with ranks.one_after_the_other():
        objective = prepare(recipe, tokens, backbone, start, codec=codec)
        if objective.model.config.condition_rows:
            keep_vocabulary(out, system(recipe))
    objective.codec = codec
    return loop.train(objective, recipe.superres, out, ranks)


def prepare(
    recipe: Recipe,
    tokens: Place,
    backbone: Path | None,
    start: str = "",
    config: ModelConfig | None = None,
    codec: Path | None = None,
) -> "SuperresObjective":
    """Return the objective of `train` before its first step, for the recipe's preset or another `config`; with neither
    backbone nor model to start from, the weights are random."""
    config = config or system(recipe)
    torch.manual_seed(recipe.superres.seed)
    codebooks_QCD = codebooks_for(config, tokens)
    model = Superres(config.superres).bind_codebooks(codebooks_QCD)
    tokenizer = vocabulary(recipe, tokens, config)
    if start:
        start_from_part("superres", model, tokenizer, start, codebooks_QCD, codec)
    elif backbone:
        require_same(backbone, config)
        init_from_backbone(model, _trained(config.backbone, backbone))
    objective = SuperresObjective(model, tokens, tokenizer, config.prompt, recipe.superres)
    if config.superres.residual and recipe.superres.voice_share:
        metric_KK = _spectral(codebooks_QCD, codec, start).voice_metric()
        objective.sung = replace(objective.sung, voice_share=recipe.superres.voice_share, voice_KK=metric_KK)
    return objective


def _spectral(codebooks_QCD: Tensor, folder: Path | None, start: str) -> SpectralCodec:
    """Return the codec of these codes: of the run's folder, else of the model to start from."""
    for codec in (
        load_spectral(folder) if folder and folder.exists() else None,
        load_model(start).codec if start else None,
    ):
        if isinstance(codec, SpectralCodec) and torch.equal(codec.codebooks, codebooks_QCD):
            return codec
    raise InvalidRequest(
        "superres.voice_share needs the spectral codec that the songs were tokenized with: in the run's folder, or in "
        "the model named by --start"
    )


def _trained(config: TransformerConfig, run: Path) -> Backbone:
    model = Backbone(config)
    try:
        load_module(run / "model.safetensors", model)
    except (OSError, ValueError) as error:
        mend = "train it with: khala train backbone RECIPE"
        raise ModelError(f"no backbone of this recipe in {run} ({error}); {mend}") from None
    return model


def requantised(codes_QT: Tensor, corrupted_2T: Tensor, levels: int, quantiser: ResidualVQ) -> Tensor:
    """Return `levels` levels of a song over corrupted codes: where these differ from the song's own, the levels from
    `FIRST_LEVEL` on are those of the residual that is left, as an encoder would find them."""
    other_T = (codes_QT[:FIRST_LEVEL] != corrupted_2T).any(0)
    residual_1KN = quantiser.decode(codes_QT[None, :, other_T]) - quantiser.decode(corrupted_2T[None, :, other_T])
    upper_QT = codes_QT[FIRST_LEVEL:levels].clone()
    upper_QT[:, other_T] = quantiser.encode(residual_1KN, levels, FIRST_LEVEL)[0]
    return torch.cat([corrupted_2T, upper_QT])


class SuperresObjective(LanguageModelObjective[LevelBatch | CausalBatch]):
    """The hybrid training of a super-resolution model."""

    model: Superres
    recipe: SuperresRecipe
    uses_all_weights = False

    def __init__(
        self, model: Superres, tokens: Place, tokenizer: Tokenizer, style: PromptStyle, recipe: SuperresRecipe
    ) -> None:
        super().__init__(model, tokens, tokenizer, style, recipe)
        self.sung = SungWeight(recipe.sung_weight)
        codebooks_QCK = codebooks(tokens)
        self.quantiser = ResidualVQ(*codebooks_QCK.shape)
        self.quantiser.codebooks = codebooks_QCK
        whole = model.config.residual  # all levels are predicted at once
        self.levels = range(model.config.levels - 1 if whole else FIRST_LEVEL, model.config.levels)
        self.weights = [1 / (level + recipe.level_offset) for level in self.levels]

    def epoch(self, number: int) -> list[list[BatchSpec]]:
        wordless = self.style.superres_text == "no_lyrics"
        plays = self.plays
        lengths_P = plays.text_bounds_P - wordless * plays.lyrics_bytes_P
        lengths_P = lengths_P + np.minimum(plays.frames_P, self.recipe.max_frames)
        random = Random(f"{self.recipe.seed} epoch {number}")
        steps = pack(lengths_P.tolist(), self.recipe.micro_batch_tokens, self.recipe.batch_tokens, random)
        kinds = [random.random() < self.recipe.causal for _ in steps]
        return [[BatchSpec(kind, number, songs) for songs in step] for kind, step in zip(kinds, steps, strict=True)]

    def micro_batch(self, spec: BatchSpec) -> LevelBatch | CausalBatch:
        every = self.plays
        plays = [every[number] for number in spec.songs]
        songs = [song for song, _ in plays]
        if spec.causal:
            return self._causal(songs, spec.epoch)
        dice = [Random(f"{self.recipe.seed} {spec.epoch} {name} level") for _, name in plays]
        levels = [one.choices(self.levels, self.weights)[0] for one in dice]
        return self.refinement(songs, levels, spec.epoch, dice, self.recipe.phone_dropout, self.recipe.code_corruption)

    def loss(self, batch: LevelBatch | CausalBatch, losses: Losses, progress: float = 1.0) -> Tensor:
        if isinstance(batch, CausalBatch):
            return causal_loss(self.model, batch, self.layout, losses)
        return refinement_loss(self.model, batch, losses, self.sung)

    def flops(self, batch: LevelBatch | CausalBatch) -> float:
        config = self.model.config
        return causal_flops(config, batch) if isinstance(batch, CausalBatch) else level_flops(config, batch)

    def sample(self, weights: dict[str, Tensor], folder: Path) -> None:
        """Write held-out songs with all levels above their own first two as the model makes them."""
        model = copy_of(Superres, self.model.config, weights, self.corpus.folder, self.model.device)
        for song in self.corpus.held_out[:SAMPLED_SONGS]:
            frames = min(song.frames, SAMPLED_FRAMES)
            codes_2T = self.corpus.codes(song, FIRST_LEVEL, 0, frames)
            rows = self._condition_ids(song, 0, frames, Random(song.name), 0.0)
            conditions = None if rows is None else rows.numpy()
            take = RefineInput(self._text(song, 0), codes_2T, song.seed, Sampling(), conditions)
            (codes_QT,) = refine(model, [take], self.quantiser.codebooks)
            write_song(codes_QT, self.codec, folder / song.name)

    @property
    def held_out_levels(self) -> list[int]:
        """Levels at which held-out songs are measured."""
        return [level for level in HELD_OUT_LEVELS if level in self.levels] or list(self.levels)

    def held_out(self) -> list[LevelBatch | CausalBatch]:
        songs = self.corpus.held_out[: self.recipe.eval_songs]
        levels = self.held_out_levels
        batches: list[LevelBatch | CausalBatch] = [
            self.refinement([song], [levels[number % len(levels)]], 0, [Random(number)])
            for number, song in enumerate(songs)
        ]
        return [*batches, *(self._causal([song], 0) for song in songs[: 4 if self.recipe.causal else 0])]

    def refinement(
        self,
        songs: list[TokenSong],
        levels: list[int],
        epoch: int,
        dice: list[Random],
        phone_dropout: float = 0.0,
        code_corruption: float = 0.0,
    ) -> LevelBatch:
        """Read a window of each song, with the levels up to the one that is to be predicted."""
        texts = [self._text(song, epoch) for song in songs]
        whole = [len(text) + min(song.frames, self.recipe.max_frames) for text, song in zip(texts, songs, strict=True)]
        length = min(*whole, self.model.config.context)
        rounded = length // self.recipe.length_multiple * self.recipe.length_multiple
        if rounded > max(map(len, texts)):
            length = rounded
        kept, codes, condition_ids = [], [], []
        for text, song, level, random in zip(texts, songs, levels, dice, strict=True):
            frames = length - len(text)
            if frames > 0:  # else the prompt alone is longer than another song of the batch: its turn comes in another
                first = random.randint(0, song.frames - frames)
                kept.append(torch.tensor(text))
                if code_corruption:
                    known = self.corpus.codes(song, self.model.config.levels, first, frames)
                    corrupted = corrupt_codes(known[:FIRST_LEVEL], code_corruption, random)
                    codes.append(requantised(_tensor(known), _tensor(corrupted), level + 1, self.quantiser))
                else:
                    codes.append(_tensor(self.corpus.codes(song, level + 1, first, frames)))
                condition_ids.append(self._condition_ids(song, first, frames, random, phone_dropout))
        return LevelBatch(kept, codes, condition_ids)

    def _causal(self, songs: list[TokenSong], epoch: int) -> CausalBatch:
        texts = [[*self._text(song, epoch)[:-1], self.layout.marker(0)] for song in songs]
        frames = [min(song.frames, self.recipe.max_frames // 2) for song in songs]
        codes = [self.corpus.codes(song, 2, 0, count) for song, count in zip(songs, frames, strict=True)]
        ends = [count == song.frames for song, count in zip(songs, frames, strict=True)]
        condition_ids = None
        if self.model.config.condition_rows:
            rows = [self._rows(song, song.outline)[: count + 1] for song, count in zip(songs, frames, strict=True)]
            streams = [condition_stream([PAD_ID] * len(text), its) for text, its in zip(texts, rows, strict=True)]
            condition_ids = [torch.from_numpy(stream) for stream in streams]
        multiple = self.recipe.length_multiple
        return causal_batch(texts, codes, ends, self.layout, condition_ids=condition_ids, multiple=multiple)

    def _condition_ids(
        self, song: TokenSong, first: int, frames: int, dice: Random, phone_dropout: float
    ) -> Tensor | None:
        """Condition ids of a window, [frames, C], by `dice` without phones, chords or singer; None for a model without
        conditions."""
        dropped = dice.random() < phone_dropout
        if not self.model.config.condition_rows:
            return None
        outline = drop_wishes(song.outline, dice, self.recipe) if phone_dropout else song.outline
        rows = self._rows(song, outline)[first : first + frames]
        return torch.tensor(without_phones(rows) if dropped else rows)

    def _rows(self, song: TokenSong, outline: Outline) -> list[list[int]]:
        """Rows of conditions of a whole song: the end of a window needs the frame after it."""
        return self.corpus.condition_ids(song, outline, 0, song.frames)

    def _text(self, song: TokenSong, epoch: int) -> list[int]:
        request = with_trigger(vary(song, Random(f"{self.recipe.seed} {epoch} {song.name}")), self.trigger)
        return clamp_prompt(self.tokenizer.encode(superres_prompt(request, self.style)), self.style.superres_limit)


def _tensor(codes_QT: np.ndarray) -> Tensor:
    return torch.from_numpy(codes_QT.astype(np.int64))
