"""What super-resolution learns from a batch: a level from those below it or, if the model predicts the residual, what
all levels to come add up to."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from khala.conditioning.phone_sequence import PHONE_CONDITIONS, REST
from khala.conditioning.rows import FIRST_ROWS
from khala.models.lm.config import TransformerConfig
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.superres import Superres
from khala.training.losses import Losses
from khala.training.throughput import language_model_flops


@dataclass(frozen=True)
class LevelBatch:
    """Songs of one length in positions: prompts [N_b], codes [k_b + 1, T_b] whose last level k_b is to be predicted,
    and the condition ids of their frames [T_b, C], if the model has conditions."""

    texts: list[Tensor]
    codes: list[Tensor]
    condition_ids: list[Tensor | None]

    @property
    def predictions(self) -> int:
        return sum(song.shape[1] for song in self.codes)

    @property
    def positions(self) -> int:
        return self.predictions + sum(len(text) for text in self.texts)


@dataclass(frozen=True)
class SungWeight:
    """How a frame in which a phone is sung counts for a model that predicts the residual: `weight` times, and the error
    e of its latent, beside e e / K, by `voice_share` as e M e / K with M = `voice_KK`."""

    weight: float = 1.0
    voice_share: float = 0.0
    voice_KK: Tensor | None = None


EVEN = SungWeight()


def bucket(level: int) -> str:
    """Return the name under which a level's loss is reported: "q2-3", "q4-7", ... "q32-63"."""
    low = 1 << (level.bit_length() - 1)
    return f"q{low}-{2 * low - 1}"


def refinement_loss(model: Superres, batch: LevelBatch, losses: Losses, sung: SungWeight = EVEN) -> Tensor:
    """Return the loss of a batch as the model learns it (`level_loss`, `residual_loss`), and add it to `losses`."""
    if model.config.residual:
        return residual_loss(model, batch, losses, sung)
    return level_loss(model, batch, losses)


def level_loss(model: Superres, batch: LevelBatch, losses: Losses) -> Tensor:
    """Return the sum of nats of the levels to predict, and add them to `losses` by `bucket`."""
    nats = torch.zeros((), device=model.device)
    for hidden_TD, song in _hidden(model, batch):
        level = song.shape[0] - 1
        logits_TC = model.level_logits(hidden_TD, level)
        nats_T = F.cross_entropy(logits_TC, song[-1], reduction="none")
        losses.add(bucket(level), nats_T)
        nats = nats + nats_T.sum()
    return nats


def residual_loss(model: Superres, batch: LevelBatch, losses: Losses, sung: SungWeight = EVEN) -> Tensor:
    """Return the sum over frames of the squared distance from what the levels to come add up to, over the mean square
    of such a sum, with frames weighed by `sung`; and add it to `losses`, unweighted, of frames in which a phone is sung
    also as "sung", and their error in the voice's bands as "voice". A frame that nothing is known of costs about 1."""
    through = model.codebooks
    assert through is not None and through.outward is not None and through.rms is not None
    power = through.rms[FIRST_LEVEL:].square().sum() * through.shape[2]
    total = torch.zeros((), device=model.device)
    passes = zip(_hidden(model, batch, FIRST_LEVEL), batch.condition_ids, strict=True)
    for (hidden_TD, song_QT), rows_TC in passes:
        residual_TK = through.latent(song_QT[None, FIRST_LEVEL:], FIRST_LEVEL)[0]
        error_TK = through.outward(hidden_TD).float() - residual_TK
        error_T = error_TK.square().sum(-1) / power
        losses.add("residual", error_T)
        if rows_TC is not None:
            sung_T = _sung(rows_TC).to(error_T.device)
            losses.add("sung", error_T[sung_T])
            cost_T = error_T
            if sung.voice_KK is not None:
                voice_T = ((error_TK @ sung.voice_KK.to(error_TK)) * error_TK).sum(-1) / power
                losses.add("voice", voice_T[sung_T])
                cost_T = error_T + sung.voice_share * (voice_T - error_T)
            error_T = torch.where(sung_T, sung.weight * cost_T, error_T)
        total = total + error_T.sum()
    return total


def _sung(rows_TC: Tensor) -> Tensor:
    """Of which frames it is known that a phone is sung, from the condition ids [T, C]: [T]."""
    phone_T = rows_TC[:, -PHONE_CONDITIONS] - FIRST_ROWS["phone"]
    return (phone_T >= 0) & (phone_T < REST)


def _hidden(model: Superres, batch: LevelBatch, known: int = -1) -> list[tuple[Tensor, Tensor]]:
    """Run a pass over songs whose levels `[:known]` are known: hidden states of their frames [T, D], and their
    codes."""
    texts = [text.to(model.device) for text in batch.texts]
    codes = [song.to(model.device) for song in batch.codes]
    condition_ids = [None if rows is None else rows[None].to(model.device) for rows in batch.condition_ids]
    songs = zip(texts, codes, condition_ids, strict=True)
    x_BTD = torch.cat([model.embed_song(text[None], song[None, :known], rows) for text, song, rows in songs])
    start = min(len(text) for text in texts)
    hidden_BTD = model(x_BTD, causal=False, start=start)
    return [
        (hidden_TD[len(text) - start :], song) for hidden_TD, text, song in zip(hidden_BTD, texts, codes, strict=True)
    ]


def level_flops(config: TransformerConfig, batch: LevelBatch) -> float:
    """Return the floating-point operations of a forward and a backward pass."""
    width = config.codebook_dim  # the head goes through the codec's space, or has a row for each code
    codes = 0 if config.residual else config.codebook
    weights = config.dim * config.codebook if width is None else width * (config.dim + codes)
    length = batch.positions // len(batch.texts)
    return language_model_flops(config, len(batch.texts), length, False, batch.predictions * weights)
