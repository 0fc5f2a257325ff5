"""The backbone's objective: text, then q0 and q1 of every frame in turn, then the end; loss on the audio alone.

With `phones` the head also has to say, in the rows of the letters that prompts write phones with, which one is sung in
the frame that comes next: only who follows the lyrics can, and from codes alone following them is learnt slowest.

At a frame's start the legal rows of the head are those of q0 and the end token, after a q0 those of q1: only these are
computed, and only where they are needed. Padding lies to the right, where a causal model never looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from khala.corpus.loader import TokenCorpus, TokenSong, excerpt, pack, vary
from khala.corpus.shards import UNTOLD, codebooks
from khala.models.backbone import Backbone, interleave
from khala.models.transformer import Transformer
from khala.music.layout import TokenLayout
from khala.music.phones import LETTERS
from khala.music.prompt import BLANK, PromptStyle, backbone_prompt, clamp_prompt
from khala.music.request import SongRequest
from khala.training import loop
from khala.training.loop import Losses
from khala.training.recipe import BackboneRecipe, Recipe, preset
from khala.training.start import start_from
from khala.training.vocabulary import vocabulary
from khala.weights import load_model
from khala.weights.tokenizer import Tokenizer

PROMPT_BOUND, EXCERPT_FRAMES = 160, 128
"""About how many bytes the prompt of an excerpt of so many frames has."""


@dataclass(frozen=True)
class Plan:
    """All that decides what a piece holds: epoch, which pass over excerpts (None: whole songs), numbers of songs."""

    epoch: int
    excerpts: int | None
    songs: list[int]


@dataclass(frozen=True)
class CausalPiece:
    """Token ids [B, T]; where in the flattened [B*T] hidden states q0 and q1 are predicted, and what is right there.

    A target is a code; the end token counts as code number `codebook` of q0. `sung` is what is sung in each
    frame (`shards.sung_phones`), in the order of `q0`, without the ends."""

    ids_BT: Tensor
    q0_at: Tensor
    q0: Tensor
    q1_at: Tensor
    q1: Tensor
    sung: Tensor | None = None

    @property
    def predictions(self) -> int:
        return self.q0.numel() + self.q1.numel()

    @property
    def positions(self) -> int:
        return self.ids_BT.numel()


def causal_piece(
    texts: list[list[int]],
    codes: list[np.ndarray],
    ends: list[bool],
    layout: TokenLayout,
    phones: list[np.ndarray] | None = None,
    heard: list[np.ndarray] | None = None,
) -> CausalPiece:
    """Prompts and codes [2, frames] of songs -> one piece. `ends` says which end there, rather than being cropped,
    `phones` [frames] what is sung, `heard` the codes that the model sees, if they are others than those to predict."""
    length = max(len(text) + 2 * song.shape[1] for text, song in zip(texts, codes, strict=True))
    ids = np.full((len(texts), length), layout.filler, dtype=np.int64)
    q0_at, q0, q1_at, q1 = [], [], [], []
    for row, (text, song, seen, ended) in enumerate(zip(texts, codes, heard or codes, ends, strict=True)):
        n, frames = len(text), song.shape[1]
        ids[row, :n] = text
        ids[row, n : n + 2 * frames] = interleave(torch.from_numpy(seen).long()[None], layout)[0]
        first = row * length + n - 1  # the last text position predicts q0 of frame 0
        q0_at.append(first + 2 * np.arange(frames + ended))
        q1_at.append(first + 2 * np.arange(frames) + 1)
        q0.append(np.append(song[0], layout.codebook) if ended else song[0])
        q1.append(song[1])
    sung = None if phones is None else _joined(phones)
    return CausalPiece(torch.from_numpy(ids), _joined(q0_at), _joined(q0), _joined(q1_at), _joined(q1), sung)


def misheard(codes_2T: np.ndarray, share: float, dice: Random) -> np.ndarray:
    """Codes [2, T] of which a `share` is replaced by those of the same level elsewhere in the song."""
    random = np.random.default_rng(dice.getrandbits(64))
    elsewhere = np.take_along_axis(codes_2T, random.integers(codes_2T.shape[1], size=codes_2T.shape), axis=1)
    return np.where(random.random(codes_2T.shape) < share, elsewhere, codes_2T)


def _joined(parts: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.concatenate(parts).astype(np.int64))


def causal_loss(
    model: Transformer,
    piece: CausalPiece,
    layout: TokenLayout,
    losses: Losses,
    phone_rows: Tensor | None = None,
    phones: float = 1.0,
) -> Tensor:
    """Sum of nats; reports q0, q1, end (the end token where it is due) and, in `phone_rows` of the head, phone, which
    counts `phones` times."""
    device = model.device
    hidden_ND = model(model.embed_tokens(piece.ids_BT.to(device)), causal=True).flatten(0, 1)
    q0_rows = torch.tensor([*layout.level_rows(0), layout.eos], device=device)
    q1_rows = slice(layout.level_rows(1).start, layout.level_rows(1).stop)
    q0, q1 = piece.q0.to(device), piece.q1.to(device)
    q0_nats = F.cross_entropy(model.logits(hidden_ND[piece.q0_at.to(device)], q0_rows).float(), q0, reduction="none")
    q1_nats = F.cross_entropy(model.logits(hidden_ND[piece.q1_at.to(device)], q1_rows).float(), q1, reduction="none")
    due = q0 == layout.codebook
    losses.add("end", q0_nats[due])
    losses.add("q0", q0_nats[~due])
    losses.add("q1", q1_nats)
    nats = q0_nats.sum() + q1_nats.sum()
    if phone_rows is not None and piece.sung is not None:
        sung = piece.sung.to(device)
        heard_ND = hidden_ND[piece.q0_at.to(device)[~due][sung != UNTOLD]]
        logits_NC = model.logits(heard_ND, phone_rows.to(device)).float()
        phone_nats = F.cross_entropy(logits_NC, sung[sung != UNTOLD], reduction="none")
        losses.add("phone", phone_nats)
        nats = nats + phones * phone_nats.sum()
    return nats


def train(recipe: Recipe, tokens: Path, out: Path, start: str = "") -> Path:
    """Train the backbone of the recipe's preset on a folder of token shards; returns the weights, in `out`.

    Begins with random weights or, if `start` names a model, with those of its backbone. Raises ModelError."""
    return loop.train(prepare(recipe, tokens, start), recipe.backbone, out)


def prepare(recipe: Recipe, tokens: Path, start: str = "", style: PromptStyle | None = None) -> "BackboneObjective":
    """The objective that `train` goes by, before its first step; `style` writes prompts in another way than the
    preset's."""
    config = preset(recipe)
    torch.manual_seed(recipe.backbone.seed)
    model = Backbone(config.backbone).bind_codebooks(codebooks(tokens))
    words = vocabulary(tokens, config.backbone.text_vocab)
    if start:
        known = load_model(start)
        start_from(model, words, known.backbone, known.tokenizer)
    return BackboneObjective(model, tokens, words, style or config.prompt, recipe.backbone)


class BackboneObjective:
    """Next-token training of a backbone on a folder of token shards."""

    def __init__(
        self,
        model: Transformer,
        tokens: Path,
        tokenizer: Tokenizer,
        style: PromptStyle,
        recipe: BackboneRecipe,
    ) -> None:
        self.model, self.layout, self.tokenizer, self.style, self.recipe = (
            model,
            model.config.layout,
            tokenizer,
            style,
            recipe,
        )
        self.corpus = TokenCorpus(tokens)
        self.blank = tokenizer.encode(BLANK)
        self.phone_rows = torch.tensor([tokenizer.encode(letter)[0] for letter in (*LETTERS, " ")])

    def epoch(self, number: int) -> list[list[Plan]]:
        """Every song whole once, and as many steps of excerpts as make their share."""
        random = Random(f"{self.recipe.seed} epoch {number}")
        steps = self._pass(Plan(number, None, []), self.recipe.max_frames, random)
        share = self.recipe.excerpts
        excerpts: list[list[Plan]] = []
        turns = count()
        while share and len(excerpts) < len(steps) * share / (1 - share):
            turn = next(turns)
            excerpts += self._pass(Plan(number, turn, []), self._excerpt_frames(turn), random)
        if excerpts:
            steps += excerpts[: round(len(steps) * share / (1 - share))]
            random.shuffle(steps)
        return steps

    def _pass(self, plan: Plan, frames: int, random: Random) -> list[list[Plan]]:
        part = plan.excerpts is not None
        bound = PROMPT_BOUND * frames // EXCERPT_FRAMES
        lengths = [
            (min(bound, song.text_bound) if part else song.text_bound) + 2 * min(song.frames, frames)
            for song in self.corpus.train
        ]
        steps = pack(lengths, self.recipe.piece_tokens, self.recipe.batch_tokens, random)
        return [[replace(plan, songs=songs) for songs in step] for step in steps]

    def piece(self, plan: Plan) -> CausalPiece:
        """Read from disk what a plan names."""
        songs = [self.corpus.train[number] for number in plan.songs]
        dice = Random(f"{self.recipe.seed} {plan.epoch} {plan.excerpts} {plan.songs}")
        blank = [dice.random() < self.recipe.blank for _ in songs]
        if plan.excerpts is None:
            return self._whole(songs, plan.epoch, blank, dice)
        asked = []
        for song in songs:
            random = Random(f"{self.recipe.seed} {plan.epoch} {plan.excerpts} {song.name}")
            asked.append((song, *excerpt(song, self._excerpt_frames(plan.excerpts), random)))
        return self._piece(asked, blank, dice)

    def _excerpt_frames(self, number: int) -> int:
        """How long the excerpts of a pass are."""
        return self.recipe.excerpt_frames << number % (self.recipe.doublings + 1)

    def loss(self, piece: CausalPiece, losses: Losses) -> Tensor:
        rows = self.phone_rows if self.recipe.phones else None
        return causal_loss(self.model, piece, self.layout, losses, rows, self.recipe.phones)

    def held_out(self) -> list[CausalPiece]:
        songs = sorted(self.corpus.held_out[: self.recipe.eval_songs], key=lambda song: song.frames)
        return [self._whole(songs[begin : begin + 2], 0) for begin in range(0, len(songs), 2)]

    def _whole(
        self, songs: list[TokenSong], epoch: int, blank: Sequence[bool] = (), dice: Random | None = None
    ) -> CausalPiece:
        asked = [
            (song, vary(song, Random(f"{self.recipe.seed} {epoch} {song.name}")), 0, song.frames) for song in songs
        ]
        return self._piece(asked, blank, dice)

    def _piece(
        self,
        asked: list[tuple[TokenSong, SongRequest, int, int]],
        blank: Sequence[bool] = (),
        dice: Random | None = None,
    ) -> CausalPiece:
        """Songs, what is asked for, from which frame on, to which: as much of it as model and recipe allow. Those that
        are `blank` stand behind a prompt that says nothing. Codes are misheard where there are `dice`."""
        texts, codes, ends, phones = [], [], [], []
        for (song, request, begin, end), bare in zip(asked, blank or [False] * len(asked), strict=True):
            text = clamp_prompt(self.tokenizer.encode(backbone_prompt(request, self.style)), self.style.backbone_limit)
            text = self.blank if bare else text
            frames = min(end - begin, self.recipe.max_frames, (self.model.config.context - len(text)) // 2)
            texts.append(text)
            codes.append(self.corpus.codes(song, 2, begin, frames))
            ends.append(begin == 0 and frames == song.frames)
            if self.recipe.phones:
                phones.append(self.corpus.phones(song, begin, frames))
        heard = [misheard(song, self.recipe.noise, dice) for song in codes] if dice and self.recipe.noise else None
        return causal_piece(texts, codes, ends, self.layout, phones or None, heard)
