"""The causal loss of language models: q0 and q1 of every frame in turn, then the end, behind a prompt.

Besides, the head may have to name something else of the frame that comes next (`AuxiliaryTarget`): which phone is sung,
in the rows of the letters that prompts write phones with, or which chord is played. Only a model that follows words and
harmony can, and from codes alone that is learnt slowest.

At a frame's start the legal rows of the head are those of q0 and the end token, after a q0 those of q1: only these are
computed, and only where they are needed. Padding lies to the right, where a causal model never looks.
"""

from dataclasses import dataclass
from random import Random

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from khala.conditioning.outline import NUM_CONDITIONS
from khala.conditioning.phone_sequence import PHONE_CONDITIONS, UNKNOWN_PHONE
from khala.models.lm.backbone import interleave
from khala.models.lm.config import PAD_ID, TransformerConfig
from khala.models.lm.transformer import Transformer
from khala.music.layout import TokenLayout
from khala.training.losses import Losses
from khala.training.throughput import language_model_flops


@dataclass(frozen=True)
class AuxiliaryTarget:
    """A second target for every frame: the right one of the head's `rows`, `UNKNOWN_PHONE` where there is none, in the
    order of `q0` without the ends; its loss counts `weight` times. It is predicted where q0 is or, `early`, where q1 of
    the frame before is."""

    name: str
    rows: Tensor
    targets: Tensor
    weight: float
    early: bool = False


@dataclass(frozen=True)
class CausalBatch:
    """Token ids [B, T]; the positions in the flattened [B*T] hidden states where q0 and q1 are predicted, and the right
    codes there.

    The end token counts as code number `codebook` of q0. `condition_ids_BTC` are those of `conditioning.outline` and
    `conditioning.phone_sequence`."""

    ids_BT: Tensor
    q0_at: Tensor
    q0: Tensor
    q1_at: Tensor
    q1: Tensor
    condition_ids_BTC: Tensor | None = None
    auxiliary: tuple[AuxiliaryTarget, ...] = ()

    @property
    def predictions(self) -> int:
        return self.q0.numel() + self.q1.numel()

    @property
    def positions(self) -> int:
        return self.ids_BT.numel()


def causal_batch(
    texts: list[list[int]],
    codes: list[np.ndarray],
    ends: list[bool],
    layout: TokenLayout,
    inputs: list[np.ndarray] | None = None,
    condition_ids: list[Tensor] | None = None,
    multiple: int = 1,
) -> CausalBatch:
    """Put prompts and codes [2, frames] of songs into one batch.

    `ends` says which songs end there, rather than being cropped. `inputs` are the codes that the model reads, if they
    are others than those to predict; `condition_ids` those of every position, [text + 2 frames, C]. The
    sequences are padded to a `multiple` of positions.
    """
    length = max(len(text) + 2 * song.shape[1] for text, song in zip(texts, codes, strict=True))
    length = -(-length // multiple) * multiple
    ids = np.full((len(texts), length), layout.filler, dtype=np.int64)
    q0_at, q0, q1_at, q1 = [], [], [], []
    for row, (text, song, read, ended) in enumerate(zip(texts, codes, inputs or codes, ends, strict=True)):
        n, frames = len(text), song.shape[1]
        ids[row, :n] = text
        ids[row, n : n + 2 * frames] = interleave(torch.from_numpy(read).long()[None], layout)[0]
        first = row * length + n - 1  # the last text position predicts q0 of frame 0
        q0_at.append(first + 2 * np.arange(frames + ended))
        q1_at.append(first + 2 * np.arange(frames) + 1)
        q0.append(np.append(song[0], layout.codebook) if ended else song[0])
        q1.append(song[1])
    padded = None
    if condition_ids is not None:
        padded = torch.full((len(texts), length, NUM_CONDITIONS + PHONE_CONDITIONS), PAD_ID)
        for row, rows in enumerate(condition_ids):
            padded[row, : len(rows)] = rows
    return CausalBatch(torch.from_numpy(ids), joined(q0_at), joined(q0), joined(q1_at), joined(q1), padded)


def corrupt_codes(codes_2T: np.ndarray, share: float, dice: Random) -> np.ndarray:
    """Replace a `share` of the codes [2, T] by codes of the same level elsewhere in the song."""
    random = np.random.default_rng(dice.getrandbits(64))
    elsewhere = np.take_along_axis(codes_2T, random.integers(codes_2T.shape[1], size=codes_2T.shape), axis=1)
    return np.where(random.random(codes_2T.shape) < share, elsewhere, codes_2T)


def joined(parts: list[np.ndarray]) -> Tensor:
    """Concatenate integer arrays as an int64 tensor."""
    return torch.from_numpy(np.concatenate(parts).astype(np.int64))


def causal_flops(config: TransformerConfig, batch: CausalBatch) -> float:
    """Return the floating-point operations of a forward and a backward pass, those of auxiliary losses left out."""
    rows, length = batch.ids_BT.shape
    return language_model_flops(config, rows, length, True, batch.predictions * config.dim * config.codebook)


def causal_loss(model: Transformer, batch: CausalBatch, layout: TokenLayout, losses: Losses) -> Tensor:
    """Return the sum of nats, auxiliary ones by their weight.

    Adds "q0", "q1", "end" (the end token where it is due) and the auxiliary losses by name to `losses`.
    """
    device = model.device
    x_BTD = model.embed_tokens(batch.ids_BT.to(device))
    if batch.condition_ids_BTC is not None:
        x_BTD = x_BTD + model.embed_conditions(batch.condition_ids_BTC.to(device))
    hidden_ND = model(x_BTD, causal=True).flatten(0, 1)
    q0_rows = torch.tensor([*layout.level_rows(0), layout.eos], device=device)
    q1_rows = slice(layout.level_rows(1).start, layout.level_rows(1).stop)
    q0, q1 = batch.q0.to(device), batch.q1.to(device)
    due, within = ((batch.q0 == layout.codebook) == end for end in (True, False))  # on the CPU: nothing waits for a GPU
    due_at, within_at = (mask.nonzero()[:, 0].to(device) for mask in (due, within))
    q0_nats = F.cross_entropy(model.logits(hidden_ND[batch.q0_at.to(device)], q0_rows).float(), q0, reduction="none")
    q1_nats = F.cross_entropy(model.logits(hidden_ND[batch.q1_at.to(device)], q1_rows).float(), q1, reduction="none")
    losses.add("end", q0_nats[due_at])
    losses.add("q0", q0_nats[within_at])
    losses.add("q1", q1_nats)
    nats = q0_nats.sum() + q1_nats.sum()
    for auxiliary in batch.auxiliary:
        at = batch.q1_at if auxiliary.early else batch.q0_at[within]
        known = auxiliary.targets != UNKNOWN_PHONE
        logits_NC = model.logits(hidden_ND[at[known].to(device)], auxiliary.rows.to(device)).float()
        auxiliary_nats = F.cross_entropy(logits_NC, auxiliary.targets[known].to(device), reduction="none")
        losses.add(auxiliary.name, auxiliary_nats)
        nats = nats + auxiliary.weight * auxiliary_nats.sum()
    return nats
