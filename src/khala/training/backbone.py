"""The backbone's objective: text, then q0 and q1 of every frame in turn, then the end; loss on the audio alone.

Besides, the head may have to say something else about the frame that comes next (`Aside`): with `phones` which one is
sung, in the rows of the letters that prompts write them with, and one code early, for a model that is shown cues hears
of it before it writes the frame; with `chords` which one is played. Only who follows words and harmony can, and from
codes alone that is learnt slowest.

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

from khala.conditioning.outline import NUM_CONDITIONS, prompt_rows
from khala.conditioning.phone_sequence import PHONE_CONDITIONS, PHONE_IDS, UNKNOWN_PHONE, without_phones
from khala.corpus.data.batches import pack
from khala.corpus.data.excerpts import excerpt, vary
from khala.corpus.data.frames import NO_CHORD
from khala.corpus.data.shards import codebooks
from khala.corpus.data.songs import TokenCorpus, TokenSong
from khala.models.config import ModelConfig
from khala.models.lm.backbone import Backbone, condition_stream, interleave
from khala.models.lm.config import PAD_ID
from khala.models.lm.transformer import Transformer
from khala.music.layout import TokenLayout
from khala.music.prompt import UNCOND_PROMPT, PromptStyle, backbone_prompt, clamp_prompt
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


CHORD_BYTES = range(128, 128 + NO_CHORD + 1)
"""The rows of the head for chords: those of bytes with which no letter begins."""


@dataclass(frozen=True)
class Aside:
    """What else is to be told of every frame: in which `rows` of the head, which of them is right (`UNKNOWN_PHONE`: nobody
    knows), in the order of `q0` without the ends, and how much it counts. It is told where q0 is written or, `early`,
    where q1 of that frame is and the next frame is meant."""

    name: str
    rows: Tensor
    targets: Tensor
    weight: float
    early: bool = False


@dataclass(frozen=True)
class CausalPiece:
    """Token ids [B, T]; where in the flattened [B*T] hidden states q0 and q1 are predicted, and what is right there.

    A target is a code; the end token counts as code number `codebook` of q0. `cues_BTC` are those of
    `conditioning.outline` and `conditioning.phone_sequence`."""

    ids_BT: Tensor
    q0_at: Tensor
    q0: Tensor
    q1_at: Tensor
    q1: Tensor
    cues_BTC: Tensor | None = None
    asides: tuple[Aside, ...] = ()

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
    heard: list[np.ndarray] | None = None,
    cues: list[Tensor] | None = None,
) -> CausalPiece:
    """Prompts and codes [2, frames] of songs -> one piece. `ends` says which end there, rather than being cropped,
    `heard` the codes that the model sees, if they are others than those to predict, `cues` [text + 2 frames, n] those
    of every position."""
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
    shown = None
    if cues is not None:
        shown = torch.full((len(texts), length, NUM_CONDITIONS + PHONE_CONDITIONS), PAD_ID)
        for row, rows in enumerate(cues):
            shown[row, : len(rows)] = rows
    return CausalPiece(torch.from_numpy(ids), _joined(q0_at), _joined(q0), _joined(q1_at), _joined(q1), shown)


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
) -> Tensor:
    """Sum of nats, those of the asides by their weight; reports q0, q1, end (the end token where it is due) and the
    asides by their names."""
    device = model.device
    x_BTD = model.embed_tokens(piece.ids_BT.to(device))
    if piece.cues_BTC is not None:
        x_BTD = x_BTD + model.embed_conditions(piece.cues_BTC.to(device))
    hidden_ND = model(x_BTD, causal=True).flatten(0, 1)
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
    for aside in piece.asides:
        targets = aside.targets.to(device)
        at = piece.q1_at.to(device) if aside.early else piece.q0_at.to(device)[~due]
        told_ND = hidden_ND[at[targets != UNKNOWN_PHONE]]
        logits_NC = model.logits(told_ND, aside.rows.to(device)).float()
        aside_nats = F.cross_entropy(logits_NC, targets[targets != UNKNOWN_PHONE], reduction="none")
        losses.add(aside.name, aside_nats)
        nats = nats + aside.weight * aside_nats.sum()
    return nats


def train(recipe: Recipe, tokens: Path, out: Path, start: str = "") -> Path:
    """Train the backbone of the recipe's preset on a folder of token shards; returns the weights, in `out`.

    Begins with random weights or, if `start` names a model, with those of its backbone. Raises ModelError."""
    return loop.train(prepare(recipe, tokens, start), recipe.backbone, out)


def prepare(recipe: Recipe, tokens: Path, start: str = "", config: ModelConfig | None = None) -> "BackboneObjective":
    """The objective that `train` goes by, before its first step, for the recipe's preset or another `config`."""
    config = config or preset(recipe)
    torch.manual_seed(recipe.backbone.seed)
    model = Backbone(config.backbone).bind_codebooks(codebooks(tokens))
    words = vocabulary(tokens, config.backbone.text_vocab)
    if start:
        known = load_model(start)
        start_from(model, words, known.backbone, known.tokenizer)
    return BackboneObjective(model, tokens, words, config.prompt, recipe.backbone)


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
        self.phone_rows = torch.tensor(PHONE_IDS)
        self.chord_rows = torch.tensor(CHORD_BYTES)

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
        return causal_loss(self.model, piece, self.layout, losses)

    def held_out(self) -> list[CausalPiece]:
        songs = sorted(self.corpus.held_out[: self.recipe.eval_songs], key=lambda song: song.frames)
        return [self._whole(songs[begin : begin + 2], 0) for begin in range(0, len(songs), 2)]

    def _whole(
        self, songs: list[TokenSong], epoch: int, blank: Sequence[bool] = (), dice: Random | None = None
    ) -> CausalPiece:
        asked = [
            (
                song,
                vary(song, Random(f"{self.recipe.seed} {epoch} {song.name}")),
                0,
                song.frames,
                range(len(song.lines)),
            )
            for song in songs
        ]
        return self._piece(asked, blank, dice)

    def _piece(
        self,
        asked: list[tuple[TokenSong, SongRequest, int, int, range]],
        blank: Sequence[bool] = (),
        dice: Random | None = None,
    ) -> CausalPiece:
        """Songs, what is asked for, from which frame on, to which, with which lines of lyrics: as much of it as model
        and recipe allow. Those that are `blank` stand behind a prompt that says nothing. Codes are misheard, and cues
        left out, where there are `dice`."""
        texts, codes, ends, phones, chords, cues = [], [], [], [], [], []
        for (song, request, begin, end, lines), bare in zip(asked, blank or [False] * len(asked), strict=True):
            prompt = UNCOND_PROMPT if bare else backbone_prompt(request, self.style)
            text = clamp_prompt(self.tokenizer.encode(prompt), self.style.backbone_limit)
            frames = min(end - begin, self.recipe.max_frames, (self.model.config.context - len(text)) // 2)
            texts.append(text)
            codes.append(self.corpus.codes(song, 2, begin, frames))
            ends.append(begin == 0 and frames == song.frames)
            if self.model.config.condition_rows:
                outline = song.outline
                if bare:
                    outline = outline.without_style_and_key
                elif dice and dice.random() < self.recipe.untold:
                    outline = replace(outline, style="") if dice.random() < 0.5 else replace(outline, key=-1)
                marks = clamp_prompt(self.tokenizer.lines(prompt), self.style.backbone_limit)
                rows = self.corpus.condition_ids(song, outline, begin, end, lines)[: frames + 1]
                cues.append(condition_stream(prompt_rows(marks), without_phones(rows) if bare else rows))
            if self.recipe.phones:
                phones.append(self._phones(song, begin, frames, bare))
            if self.recipe.chords:
                chords.append(song.chord_frames(begin, frames))
        heard = [misheard(song, self.recipe.noise, dice) for song in codes] if dice and self.recipe.noise else None
        asides = []
        if phones:
            asides.append(
                Aside(
                    "phone", self.phone_rows, _joined(phones), self.recipe.phones, self.model.config.condition_rows > 0
                )
            )
        if chords:
            asides.append(Aside("chord", self.chord_rows, _joined(chords), self.recipe.chords))
        return replace(causal_piece(texts, codes, ends, self.layout, heard, cues or None), asides=tuple(asides))

    def _phones(self, song: TokenSong, begin: int, frames: int, bare: bool) -> np.ndarray:
        """What is to be told of each frame's singing; nothing behind a prompt that says nothing. A model with cues is
        asked a frame ahead: it is shown the frame at hand."""
        if not self.model.config.condition_rows:
            return self.corpus.phones(song, begin, frames)
        ahead = self.corpus.phones(song, begin + 1, frames)
        told = np.full(frames, UNKNOWN_PHONE, np.uint8)
        told[: len(ahead)] = UNKNOWN_PHONE if bare else ahead
        return told
