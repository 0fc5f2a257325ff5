"""Training the recogniser of sung phones: on songs as rendered, and as a codec with few or many levels left them.

What a song sounds like is computed once and kept in the run's folder: spectra of every learned song, and for one in
`CODED_SHARE` of them also spectra after the codec, at one of `LEVELS`. A step hears excerpts of random songs; the
phones of their truth teach both heads. Tilt, holes in the spectrum and missing sides keep it from trusting one
kind of sound.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from khala.audio.files import read_audio, replacing
from khala.models.codec.base import Codec
from khala.models.recogniser import (
    FRAME_SPECTRA,
    HOP_SAMPLES,
    LOG_FLOOR,
    MEL_BANDS,
    PHONE_FRAMES_PER_SECOND,
    SAMPLE_RATE,
    Recogniser,
    greedy_decode,
)
from khala.music.distance import edit_distance
from khala.music.phones import PHONES
from khala.nn.conv import ConvNeXtBlock
from khala.training import checkpoint
from khala.training.checkpoint import State
from khala.training.codec.songs import find_songs
from khala.training.log import Log
from khala.training.optimizer import Muon
from khala.training.schedule import Schedule
from khala.weights import load_model
from khala.weights.tensors import save_module

LEVELS = (2, 8, 64)
"""Numbers of levels at which coded songs are heard; 0 stands for a song that was not coded."""
CODED_SHARE = 9
UNSUNG = 0.8
"""So many of the excerpts in which nobody sings are left out: they teach little."""
SILENT_SIDE = float(np.log(LOG_FLOOR))


@dataclass(frozen=True)
class RecogniserRecipe:
    """A step sees `batch` excerpts of `seconds`. The budget is `minutes` of wall clock, or `steps` if that is not 0.

    `coded` is the share of excerpts heard after the codec of the model `codec`. For `frames_first` of the run only the
    head that tells the phone of every frame learns: transcripts alone teach nothing for long. `matrix_rate` is Muon's
    learning rate, `other_rate` AdamW's.
    """

    codec: str = "mini"
    seed: int = 1
    minutes: float = 40.0
    steps: int = 0
    batch: int = 6
    seconds: float = 8.0
    coded: float = 0.35
    frames_first: float = 0.4
    matrix_rate: float = 0.01
    other_rate: float = 0.003
    warmup: float = 0.03
    decay: float = 0.5
    clip: float = 5.0
    log_steps: int = 20
    checkpoint_minutes: float = 5.0
    eval_minutes: float = 10.0
    test_songs: int = 6
    threads: int = 1

    def progress(self, step: int, elapsed: float) -> float:
        """How much of the budget is used after so many steps and seconds; 1 is the end."""
        return step / self.steps if self.steps else elapsed / (60 * self.minutes)


@dataclass(frozen=True)
class Sung:
    """The phones of a song: class numbers, 1 and up, and when each begins and ends in seconds."""

    classes: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class Heard:
    """Songs as spectra, computed when first asked for and kept in `folder`."""

    def __init__(self, recogniser: Recogniser, codec: Codec, folder: Path) -> None:
        self.recogniser, self.codec, self.folder = recogniser, codec, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._sung: dict[Path, Sung] = {}

    def features(self, song: Path, levels: int) -> np.ndarray:
        """float16 [S, 2 MEL_BANDS] of the song at that path, coded with so many levels (0: as it is)."""
        kept = self.folder / f"{song.stem}-{levels}.npy"
        if not kept.exists():
            samples = torch.from_numpy(read_audio(song)[0])
            if levels:
                with torch.inference_mode():
                    samples = self.codec.decode(self.codec.encode(samples[None], levels))[0, :, : samples.shape[1]]
            with replacing(kept) as part, part.open("wb") as file:
                np.save(file, self.recogniser.features(samples).half().numpy())
        found: np.ndarray = np.load(kept, mmap_mode="r")
        return found

    def sung(self, song: Path) -> Sung:
        """The phones of the song's truth, in the order of its lines."""
        if song not in self._sung:
            phones = json.loads(song.with_suffix(".json").read_text(encoding="utf-8"))["truth"]["phones"]
            self._sung[song] = Sung(
                np.array([1 + PHONES.index(phone["phone"].upper()) for phone in phones], dtype=np.int64),
                np.array([phone["start"] for phone in phones], dtype=np.float64),
                np.array([phone["end"] for phone in phones], dtype=np.float64),
            )
        return self._sung[song]


def coding(song: Path) -> int:
    """The number of levels at which this song is heard coded, 0 for one that never is: decided by its number."""
    number = int(song.stem.removeprefix("song-"))
    return 0 if number % CODED_SHARE else LEVELS[number // CODED_SHARE % len(LEVELS)]


def prepare(heard: Heard, songs: Sequence[Path]) -> None:
    """Compute the spectra of all songs that have none yet."""
    for song in songs:
        for levels in {0, coding(song)}:
            heard.features(song, levels)


def train(recipe: RecogniserRecipe, corpus: Path, out: Path) -> Path:
    """Train to the end of the recipe's budget, going on from the newest checkpoint in `out`; returns the path of the
    weights, in half precision. Raises InvalidRequest if the corpus is too small, ModelError without the codec."""
    torch.set_num_threads(recipe.threads or torch.get_num_threads())
    torch.manual_seed(recipe.seed)
    model = Recogniser()
    heard = Heard(model, load_model(recipe.codec).codec, out / "features")
    learned, held_out = find_songs(corpus)
    tests = [song for song in held_out if len(heard.sung(song).classes)][: recipe.test_songs]
    optimizers = _optimizers(model, recipe)
    found = checkpoint.latest(out)
    state = checkpoint.load(found, model, optimizers) if found else State()
    log = Log(out, state.step)
    log.say(f"{out}: listening to {len(learned)} songs, {len(held_out)} held out")
    prepare(heard, learned)
    schedule = Schedule(recipe.warmup, recipe.decay)
    start = time.monotonic() - state.elapsed
    saved = evaluated = state.elapsed
    sums: dict[str, float] = {}
    while (progress := recipe.progress(state.step, state.elapsed)) < 1:
        losses = objective(model, batch(heard, learned, recipe, state.step), recipe, progress)
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * schedule(progress)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        state = State(state.step + 1, time.monotonic() - start)
        sums = {name: sums.get(name, 0.0) + value.item() / recipe.log_steps for name, value in losses.items()}
        if state.step % recipe.log_steps == 0:
            eta = state.elapsed / max(progress, 1e-9) - state.elapsed
            log.write(state.step, "train", {"elapsed": state.elapsed, "eta": eta}, sums)
            sums = {}
        if state.elapsed - saved >= 60 * recipe.checkpoint_minutes:
            checkpoint.save(out, state, model, optimizers)
            saved = state.elapsed
        if state.elapsed - evaluated >= 60 * recipe.eval_minutes:
            log.write(state.step, "held-out", {"elapsed": state.elapsed}, error_rates(model, heard, tests))
            evaluated = state.elapsed
    checkpoint.save(out, state, model, optimizers)
    log.write(state.step, "held-out", {"elapsed": state.elapsed}, error_rates(model, heard, tests))
    weights = out / "recogniser.safetensors"
    with replacing(weights) as part:
        save_module(part, model, torch.float16)
    return weights


@dataclass(frozen=True)
class Batch:
    """Features [B, S, 2 MEL_BANDS], the class of every frame [B, T], and what is said: [sum of counts], counts [B]."""

    features: Tensor
    frames: Tensor
    said: Tensor
    counts: Tensor


def batch(heard: Heard, songs: Sequence[Path], recipe: RecogniserRecipe, step: int) -> Batch:
    """What step number `step` hears; a function of the recipe's seed, the songs and the step alone."""
    random = np.random.default_rng((recipe.seed, step))
    coded = [song for song in songs if coding(song)]
    spectra: list[Tensor] = []
    frames: list[Tensor] = []
    said: list[Tensor] = []
    counts: list[int] = []
    length = round(recipe.seconds * SAMPLE_RATE / HOP_SAMPLES) // FRAME_SPECTRA * FRAME_SPECTRA
    while len(spectra) < recipe.batch:
        through = coded and random.random() < recipe.coded
        pool = coded if through else songs
        song = pool[int(random.integers(len(pool)))]
        features = heard.features(song, coding(song) if through else 0)
        first = int(random.integers(max(len(features) - length, 0) + 1)) // FRAME_SPECTRA * FRAME_SPECTRA
        piece = np.array(features[first : first + length], dtype=np.float32)
        piece = np.pad(piece, ((0, length - len(piece)), (0, 0)), constant_values=SILENT_SIDE)
        classes, said_here = _labels(heard.sung(song), first // FRAME_SPECTRA, length // FRAME_SPECTRA)
        if not len(said_here) and random.random() < UNSUNG:
            continue
        spectra.append(torch.from_numpy(_disguised(piece, random)))
        frames.append(torch.from_numpy(classes))
        said.append(torch.from_numpy(said_here))
        counts.append(len(said_here))
    return Batch(torch.stack(spectra), torch.stack(frames), torch.cat(said), torch.tensor(counts))


def objective(model: Recogniser, batch: Batch, recipe: RecogniserRecipe, progress: float) -> dict[str, Tensor]:
    """Nats per frame and, from `frames_first` of the run on, nats per phone of the transcript."""
    said_BTC, heard_BTC = model(batch.features)
    losses = {"heard": F.nll_loss(heard_BTC.flatten(0, 1), batch.frames.flatten())}
    if progress < recipe.frames_first:
        return losses
    lengths = torch.full_like(batch.counts, said_BTC.shape[1])
    nats = F.ctc_loss(said_BTC.transpose(0, 1), batch.said, lengths, batch.counts, reduction="sum", zero_infinity=True)
    return losses | {"said": nats / batch.counts.sum().clamp(min=1)}


@torch.inference_mode()
def error_rates(model: Recogniser, heard: Heard, songs: Sequence[Path]) -> dict[str, float]:
    """Phoneme error rate over whole songs, as rendered ("levels 0") and after the codec, by number of levels; and in
    what share of rendered frames the model is right that somebody sings."""
    model.eval()
    rates = {}
    for levels in (0, *LEVELS):
        wrong = total = right = frames = 0
        for song in songs:
            features = torch.from_numpy(np.array(heard.features(song, levels), dtype=np.float32))
            said, sounding = model(features[None])
            sung = heard.sung(song)
            wrong += edit_distance(greedy_decode(said[0]), [PHONES[number - 1] for number in sung.classes])
            total += len(sung.classes)
            truth, _ = _labels(sung, 0, said.shape[1])
            right += int(((sounding[0].argmax(1) > 0).numpy() == (truth > 0)).sum())
            frames += len(truth)
        rates[f"levels {levels}"] = wrong / max(total, 1)
        if not levels:
            rates["sings"] = right / max(frames, 1)
    model.train()
    return rates


def _labels(sung: Sung, first: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The class of every frame from number `first` on, and the phones whose middle lies in them."""
    starts, ends = sung.starts * PHONE_FRAMES_PER_SECOND - first, sung.ends * PHONE_FRAMES_PER_SECOND - first
    frames = np.zeros(length, dtype=np.int64)
    for number, start, end in zip(sung.classes, starts, ends, strict=True):
        if end > 0 and start < length:
            frames[max(round(start), 0) : max(round(end), 0)] = number
    middle = (starts + ends) / 2
    return frames, sung.classes[(middle >= 0) & (middle < length)]


def _disguised(piece: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The same spectra [S, 2 MEL_BANDS] on another system: tilted, with holes, perhaps mono. Changes its argument."""
    tilt = np.linspace(-1, 1, MEL_BANDS, dtype=np.float32) * np.float32(random.normal(0, 0.3))
    piece[:] = np.maximum(piece + np.tile(tilt + np.float32(random.normal(0, 0.2)), 2), SILENT_SIDE)
    if random.random() < 0.15:
        piece[:, MEL_BANDS:] = SILENT_SIDE
    band, time = int(random.integers(MEL_BANDS)), int(random.integers(len(piece)))
    width, span = int(random.integers(8)), int(random.integers(12))
    for side in (0, MEL_BANDS):
        piece[:, side + band : side + min(band + width, MEL_BANDS)] = SILENT_SIDE
    piece[time : time + span] = SILENT_SIDE
    return piece


def _optimizers(model: Recogniser, recipe: RecogniserRecipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for the rest."""
    blocks = [block for block in model.blocks if isinstance(block, ConvNeXtBlock)]
    matrices = [[block.up.weight for block in blocks], [block.down.weight for block in blocks]]
    inside = {id(weight) for kind in matrices for weight in kind}
    others = [weight for weight in model.parameters() if id(weight) not in inside]
    found: list[torch.optim.Optimizer] = [
        Muon([{"params": kind} for kind in matrices], lr=recipe.matrix_rate),
        torch.optim.AdamW(others, lr=recipe.other_rate, betas=(0.9, 0.98), weight_decay=0.01),
    ]
    for optimizer in found:
        for group in optimizer.param_groups:
            group["rate"] = group["lr"]
    return found
