"""The duration model's objective: the duration of every phone of sung lines, from the truth of token shards."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.conditioning.durations import FEATURE_ROWS, LineFeatures, SungLine, line_targets, sung_line, targets
from khala.conditioning.phone_sequence import REST, UNKNOWN_PHONE
from khala.corpus.data.songs import TokenCorpus, TokenSong
from khala.corpus.data.storage import Place
from khala.models.durations import CLASSES, HIDDEN, DurationModel
from khala.music.errors import InvalidRequest
from khala.music.phones import phonetic
from khala.training import loop
from khala.training.checkpoint import State
from khala.training.loader import StepPlan
from khala.training.losses import Losses
from khala.training.objective import Measure, Objective
from khala.training.recipe import DurationRecipe
from khala.weights.names import DURATIONS

DROPOUT = 0.3


def train_durations(recipe: DurationRecipe, tokens: Place, out: Path) -> Path:
    """Train on the songs of a folder of token shards; returns the path of the weights in `out`. Raises InvalidRequest
    without sung songs."""
    torch.manual_seed(recipe.seed)
    corpus = TokenCorpus(tokens)
    learned, held_out = (Examples.of(corpus, songs) for songs in (corpus.train, corpus.held_out))
    if not len(learned.classes):
        raise InvalidRequest(f"{tokens} holds no song whose phones are known; durations cannot be learnt")
    return loop.train(DurationObjective(learned, held_out, recipe), recipe, out)


def timed_lines(corpus: TokenCorpus, song: TokenSong) -> Iterator[tuple[int, SungLine, list[int]]]:
    """The lines of a song that are sung as they are written: number among the outline's, phones, durations."""
    if not song.voice or not song.lines:
        return
    phones = corpus.phones(song, 0, song.frames)
    if UNKNOWN_PHONE in phones:
        return
    for number, (begin, end, _, text) in enumerate(song.lines):
        line = sung_line(phonetic(text))
        runs, frame, stop = list[tuple[int, int]](), begin, begin
        for phone, its in groupby(phones[begin:end].tolist()):
            length = len(list(its))
            if phone != REST:
                runs.append((phone, frame))
                stop = frame + length
            frame += length
        if runs and (durations := line_targets([*runs, (REST, stop)], line, song.outline.lines[number][0])):
            yield number, line, durations


@dataclass(frozen=True)
class Examples:
    """Tokens of lines: the rows of their features [N, F] and the classes of their durations [N]."""

    ids: Tensor
    classes: Tensor

    @classmethod
    def of(cls, corpus: TokenCorpus, songs: Sequence[TokenSong]) -> "Examples":
        """Read the lines of songs."""
        ids, classes = list[np.ndarray](), list[int]()
        for song in songs:
            outline = song.outline
            for number, line, durations in timed_lines(corpus, song):
                features = LineFeatures(line, outline, number)
                ids += [features.ids(durations[:at]) for at in range(len(durations))]
                classes += targets(durations)
        rows = np.stack(ids) if ids else np.zeros((0, 1), np.int64)
        return cls(torch.from_numpy(rows), torch.tensor(classes))


class Durations(nn.Module):
    """`models.durations.DurationModel` in torch."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.randn(FEATURE_ROWS, HIDDEN) * 0.2)
        self.first_bias = nn.Parameter(torch.zeros(HIDDEN))
        self.hidden = nn.Linear(HIDDEN, HIDDEN)
        self.head = nn.Linear(HIDDEN, CLASSES)

    def forward(self, ids_NF: Tensor) -> Tensor:
        """Logits [N, CLASSES]."""
        x_NH = F.silu(F.embedding_bag(ids_NF, self.rows, mode="sum") + self.first_bias)
        x_NH = F.dropout(x_NH, DROPOUT, self.training)
        logits_NC: Tensor = self.head(F.silu(self.hidden(x_NH)))
        return logits_NC

    def plain(self) -> DurationModel:
        """The same without torch."""
        parts = (self.rows, self.first_bias, self.hidden.weight, self.hidden.bias, self.head.weight, self.head.bias)
        return DurationModel(*(part.detach().float().numpy() for part in parts))


@dataclass(frozen=True)
class Batch:
    """Some of the examples."""

    ids_NF: Tensor
    classes_N: Tensor

    @property
    def predictions(self) -> int:
        return len(self.classes_N)

    @property
    def positions(self) -> int:
        return len(self.classes_N)


class DurationObjective(Objective[Batch]):
    """Training of a duration model."""

    unit = "phones"

    def __init__(self, learned: Examples, held_out: Examples, recipe: DurationRecipe) -> None:
        self.durations = self.model = Durations()
        self.learned, self.test, self.recipe = learned, held_out, recipe

    def optimizers(self) -> list[torch.optim.Optimizer]:
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=self.recipe.rate, weight_decay=0.01)
        for group in optimizer.param_groups:
            group["rate"] = group["lr"]
        return [optimizer]

    def steps(self, state: State) -> Iterator[StepPlan]:
        """Epochs of the examples in random order."""
        epoch, batch, size = state.epoch, state.batch, self.recipe.batch
        while True:
            order = np.random.default_rng((self.recipe.seed, epoch)).permutation(len(self.learned.classes))
            for number in range(batch, -(-len(order) // size)):
                yield StepPlan(epoch, number, [order[number * size : (number + 1) * size]])
            epoch, batch = epoch + 1, 0

    def micro_batch(self, spec: np.ndarray) -> Batch:
        """Read examples by their numbers."""
        chosen = torch.from_numpy(spec)
        return Batch(self.learned.ids[chosen], self.learned.classes[chosen])

    def loss(self, batch: Batch, losses: Losses, progress: float = 1.0) -> Tensor:
        nats_N = F.cross_entropy(self.model(batch.ids_NF), batch.classes_N, reduction="none")
        losses.add("duration", nats_N)
        return nats_N.sum()

    def evaluate(self, measure: Measure) -> Iterable[tuple[dict[str, float], dict[str, float]]]:
        """Nats of held-out phones, and the share of them whose likeliest duration is right."""
        if not len(self.test.classes):
            return []
        logits_NC = self.model(self.test.ids)
        losses = Losses()
        losses.add("duration", F.cross_entropy(logits_NC, self.test.classes, reduction="none"))
        right = (logits_NC.argmax(1) == self.test.classes).float().mean().item()
        return [({"right": right}, losses.mean())]

    def save(self, weights: dict[str, Tensor], run: Path) -> Path:
        """Write the weights as model folders hold them."""
        self.durations.plain().save(run / DURATIONS)
        return run / DURATIONS
