"""The recogniser's objective: the phones of songs as rendered, and as a codec with few or many levels left them.

A step trains on excerpts of random songs; the phones of their truth teach both heads. Augmentation by tilt, holes in
the spectrum and missing sides keeps the recogniser from depending on one kind of sound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from khala.audio.replacing import replacing
from khala.engine.onnx.graphs.recogniser import write_recogniser_graph
from khala.models.codec.base import Codec
from khala.models.codec.folder import WEIGHTS, load_codec
from khala.models.recogniser.features import FRAME_SPECTRA, HOP_SAMPLES, LOG_FLOOR, MEL_BANDS, RECOGNISER_SAMPLE_RATE
from khala.models.recogniser.network import Recogniser
from khala.music.distance import edit_distance
from khala.music.phones import PHONES
from khala.scoring.ctc import greedy_decode
from khala.training import loop
from khala.training.checkpoint import State
from khala.training.loader import StepPlan
from khala.training.log import Log
from khala.training.losses import Losses
from khala.training.objective import Measure, Objective
from khala.training.optimizer import convolutional_optimizers
from khala.training.recipe import RecogniserRecipe
from khala.training.song_spectra import CODED_LEVELS, SongSpectra, coded_levels
from khala.training.songs import find_songs
from khala.weights import load_model
from khala.weights.names import RECOGNISER
from khala.weights.tensors import save_tensors

SKIPPED_WITHOUT_SINGING = 0.8
"""Share of the excerpts without singing that are left out: they teach little."""
SILENCE = float(np.log(LOG_FLOOR))
"""The value of a band in which nothing sounds."""


@dataclass(frozen=True)
class PhoneBatch:
    """Features [B, S, 2 MEL_BANDS], the class of every frame [B, T], the classes of all transcripts [sum of counts],
    and their counts [B]."""

    features: Tensor
    frames: Tensor
    transcripts: Tensor
    counts: Tensor

    predictions = 1

    @property
    def positions(self) -> int:
        return self.frames.numel()


def train_recogniser(recipe: RecogniserRecipe, corpus: Path, out: Path) -> Path:
    """Train the recogniser on the songs under `corpus`; returns the path of its weights in `out`, in half precision,
    which lie beside their graph.

    Raises InvalidRequest if the corpus is too small, ModelError without the codec.
    """
    torch.set_num_threads(recipe.threads or torch.get_num_threads())
    torch.manual_seed(recipe.seed)
    learned, held_out = find_songs(corpus)
    model = Recogniser()
    spectra = SongSpectra(_codec(recipe.codec), out / "features")
    Log(out).say(f"{out}: spectra of {len(learned)} songs, {len(held_out)} held out")
    spectra.prepare(learned)
    tests = [song for song in held_out if len(spectra.phones(song).classes)][: recipe.test_songs]
    return loop.train(RecogniserObjective(model, spectra, learned, tests, recipe), recipe, out)


def _codec(name: str) -> Codec:
    """The codec of a model, or of a run of `khala train codec`, which need not be a model's yet."""
    folder = Path(name)
    return load_codec(folder) if (folder / WEIGHTS).exists() else load_model(name).codec


class RecogniserObjective(Objective[PhoneBatch]):
    """Training of a recogniser on `learned` songs, measured on `tests`."""

    unit = "frames"

    def __init__(
        self, model: Recogniser, spectra: SongSpectra, learned: list[Path], tests: list[Path], recipe: RecogniserRecipe
    ) -> None:
        self.model, self.spectra, self.learned, self.tests, self.recipe = model, spectra, learned, tests, recipe
        self.coded = [song for song in learned if coded_levels(song)]

    def optimizers(self) -> list[torch.optim.Optimizer]:
        return convolutional_optimizers(self.model, self.recipe.matrix_rate, self.recipe.other_rate, weight_decay=0.01)

    def steps(self, state: State) -> Iterator[StepPlan]:
        """Steps of one micro-batch, specified by the number of the step."""
        return (StepPlan(0, number, [number]) for number in count(state.step))

    def micro_batch(self, number: int) -> PhoneBatch:
        """Augmented excerpts of random songs."""
        random = np.random.default_rng((self.recipe.seed, number))
        features: list[Tensor] = []
        frames: list[Tensor] = []
        transcripts: list[Tensor] = []
        length = round(self.recipe.seconds * RECOGNISER_SAMPLE_RATE / HOP_SAMPLES) // FRAME_SPECTRA * FRAME_SPECTRA
        while len(features) < self.recipe.batch:
            through = self.coded and random.random() < self.recipe.coded
            pool = self.coded if through else self.learned
            song = pool[int(random.integers(len(pool)))]
            whole = self.spectra.features(song, coded_levels(song) if through else 0)
            first = int(random.integers(max(len(whole) - length, 0) + 1)) // FRAME_SPECTRA * FRAME_SPECTRA
            excerpt = np.array(whole[first : first + length], dtype=np.float32)
            excerpt = np.pad(excerpt, ((0, length - len(excerpt)), (0, 0)), constant_values=SILENCE)
            classes, phones = self.spectra.phones(song).labels(first // FRAME_SPECTRA, length // FRAME_SPECTRA)
            if not len(phones) and random.random() < SKIPPED_WITHOUT_SINGING:
                continue
            features.append(torch.from_numpy(augment(excerpt, random)))
            frames.append(torch.from_numpy(classes))
            transcripts.append(torch.from_numpy(phones))
        counts = torch.tensor([len(phones) for phones in transcripts])
        return PhoneBatch(torch.stack(features), torch.stack(frames), torch.cat(transcripts), counts)

    def loss(self, batch: PhoneBatch, losses: Losses, progress: float = 1.0) -> Tensor:
        """Nats per frame and, from `frames_first` of the run on, nats per phone of the transcripts."""
        said_BTC, heard_BTC = self.model(batch.features)
        nats = F.nll_loss(heard_BTC.flatten(0, 1), batch.frames.flatten())
        losses.add("heard", nats)
        if progress < self.recipe.frames_first:
            return nats
        lengths = torch.full_like(batch.counts, said_BTC.shape[1])
        said = F.ctc_loss(
            said_BTC.transpose(0, 1), batch.transcripts, lengths, batch.counts, reduction="sum", zero_infinity=True
        ) / batch.counts.sum().clamp(min=1)
        losses.add("said", said)
        return nats + said

    def evaluate(self, measure: Measure) -> list[tuple[dict[str, float], dict[str, float]]]:
        """Phoneme error rate over whole songs, as rendered ("levels 0") and coded, by number of levels; and the share
        of rendered frames in which the model is right that somebody sings."""
        rates = {}
        for levels in (0, *CODED_LEVELS):
            wrong = total = right = frames = 0
            for song in self.tests:
                features = torch.from_numpy(np.array(self.spectra.features(song, levels), dtype=np.float32))
                said, heard = (head_BTC[0].detach().float().numpy() for head_BTC in self.model(features[None]))
                phones = self.spectra.phones(song)
                wrong += edit_distance(greedy_decode(said), [PHONES[number - 1] for number in phones.classes])
                total += len(phones.classes)
                truth, _ = phones.labels(0, len(said))
                right += int(((heard.argmax(1) > 0) == (truth > 0)).sum())
                frames += len(truth)
            rates[f"levels {levels}"] = wrong / max(total, 1)
            if not levels:
                rates["sings"] = right / max(frames, 1)
        return [({}, rates)]

    def save(self, weights: dict[str, Tensor], run: Path) -> Path:
        """Write the weights in half precision, and the graph beside them; returns the path of the weights."""
        path = run / RECOGNISER
        with replacing(path) as part:
            save_tensors(part, weights, torch.float16)
        write_recogniser_graph(run)
        return path


def augment(excerpt: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Tilt spectra [S, 2 MEL_BANDS], cut holes into them, perhaps drop the side channel; changes its argument."""
    tilt = np.linspace(-1, 1, MEL_BANDS, dtype=np.float32) * np.float32(random.normal(0, 0.3))
    excerpt[:] = np.maximum(excerpt + np.tile(tilt + np.float32(random.normal(0, 0.2)), 2), SILENCE)
    if random.random() < 0.15:
        excerpt[:, MEL_BANDS:] = SILENCE
    band, time = int(random.integers(MEL_BANDS)), int(random.integers(len(excerpt)))
    width, span = int(random.integers(8)), int(random.integers(12))
    for side in (0, MEL_BANDS):
        excerpt[:, side + band : side + min(band + width, MEL_BANDS)] = SILENCE
    excerpt[time : time + span] = SILENCE
    return excerpt
