"""Fits the two listeners of `khala evaluate` that need fitting to the truth of a corpus, and measures them.

    python benchmarks/calibrate.py CORPUS [--songs N] [--model FOLDER] [--write]

Every fourth song is held out: the figures printed are those of the held-out songs alone. With --model every song is
heard a second time after that model's codec, so that the listeners know coded sound as well. --write stores the weights
in `src/khala/evaluation`.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, logsumexp, softmax

from khala.audio.files import read_audio
from khala.corpus.manifest import Song, read_corpus
from khala.evaluation import tempo, voice
from khala.evaluation.spectrum import FRAMES_PER_SECOND
from khala.evaluation.types import Array

HELD_OUT = 4
VOICE_PENALTY, TEMPO_PENALTY = 3e-3, 1e-3


@dataclass(frozen=True)
class Heard:
    """A song as the listeners hear it. `sung` [windows] is the part of each window in which somebody truly sings."""

    song: Song
    held_out: bool
    coded: bool
    windows: Array
    sung: Array
    beats: tuple[Array, Array, float] | None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--songs", type=int, default=sys.maxsize)
    parser.add_argument("--model", help="hear every song through this model's codec, too")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    heard = list(hear(islice(read_corpus(arguments.corpus), arguments.songs), arguments.model))
    weights = {"voice": fit_voice(heard), "tempo": fit_tempo(heard)}
    for coded in {one.coded for one in heard}:
        show(
            "after the codec" if coded else "as rendered",
            [h for h in heard if h.held_out and h.coded == coded],
            weights,
        )
    if arguments.write:
        for name, fitted in weights.items():
            rounded = {key: np.round(value, 4).tolist() for key, value in fitted.items()}
            Path(f"src/khala/evaluation/{name}.json").write_text(json.dumps(rounded) + "\n")


def hear(songs: Iterator[Song], model: str | None) -> Iterator[Heard]:
    codec = round_trip(model) if model else None
    for number, song in enumerate(songs):
        samples, rate = read_audio(song.audio)
        for coded in (False, True) if codec else (False,):
            heard = codec(samples) if coded and codec else samples
            windows = voice.features(heard, rate)
            starts = np.arange(len(windows)) * voice.HOP / FRAMES_PER_SECOND
            ends = starts + voice.WINDOW / FRAMES_PER_SECOND
            sung = sum(
                (np.clip(np.minimum(b, ends) - np.maximum(a, starts), 0, 1) for a, b in song.truth["vocal"]), 0 * ends
            )
            yield Heard(song, number % HELD_OUT == 0, coded, windows, sung, tempo.candidates(heard, rate))


def round_trip(model: str) -> Any:
    import torch

    from khala.weights import load_model

    codec = load_model(model).codec

    def coded(samples: Array) -> Array:
        with torch.inference_mode():
            return codec.decode(codec.encode(torch.from_numpy(samples)[None]))[0].numpy()

    return coded


def fit_voice(heard: list[Heard]) -> dict[str, Array]:
    """Logistic regression; windows that are neither clearly sung nor clearly not sung are left out."""
    known = [one for one in heard if not one.held_out]
    x, sung = np.concatenate([one.windows for one in known]), np.concatenate([one.sung for one in known])
    clear = (sung < 0.1) | (sung > 0.5)
    x, y = x[clear], (sung[clear] > 0.5).astype(float)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    x = (x - mean) / spread

    def loss(w: Array) -> tuple[float, Array]:
        logit = x @ w[1:] + w[0]
        error = expit(logit) - y
        value = np.mean(np.logaddexp(0, logit) - y * logit) + VOICE_PENALTY * w[1:] @ w[1:]
        return value, np.concatenate([[error.mean()], x.T @ error / len(y) + 2 * VOICE_PENALTY * w[1:]])

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    weights = found[1:] / spread
    return {"bias": found[0] - mean @ weights, "weights": weights}


def fit_tempo(heard: list[Heard]) -> dict[str, Array]:
    """Conditional logistic regression: of a song's candidates the true beat is to be the likeliest."""
    cases = []
    for one in heard:
        if one.beats is not None and not one.held_out:
            bpms, features, _ = one.beats
            right = np.array([tempo.agrees(bpm, one.song.truth["bpm"]) for bpm in bpms])
            if right.any():
                cases.append((features, right))

    def loss(w: Array) -> tuple[float, Array]:
        value, slope = TEMPO_PENALTY * w @ w, 2 * TEMPO_PENALTY * w
        for features, right in cases:
            logit = features @ w
            value -= logsumexp(log_softmax(logit)[right]) / len(cases)
            slope = slope + features.T @ (
                softmax(logit) - np.where(right, softmax(np.where(right, logit, -1e9)), 0)
            ) / len(cases)
        return value, slope

    return {"weights": minimize(loss, np.zeros(cases[0][0].shape[1]), jac=True, method="L-BFGS-B").x}


def show(title: str, heard: list[Heard], weights: dict[str, dict[str, Array]]) -> None:
    """Print how the listeners do on `heard`."""
    bias, slope = weights["voice"]["bias"], weights["voice"]["weights"]
    windows = right_windows = songs = right_songs = beats = 0
    for one in heard:
        says = one.windows @ slope + bias > 0
        clear = (one.sung < 0.1) | (one.sung > 0.5)
        windows += int(clear.sum())
        right_windows += int((says == (one.sung > 0.5))[clear].sum())
        right_songs += (says.mean() >= voice.PRESENT) == bool(one.song.vocal)
        songs += 1
        if one.beats is not None:
            bpms, features, _ = one.beats
            beats += tempo.agrees(bpms[(features @ weights["tempo"]["weights"]).argmax()], one.song.truth["bpm"])
    print(
        f"{title}: {songs} held-out songs; voice right in {right_windows / windows:.1%} of {windows} seconds and "
        f"{right_songs / songs:.1%} of songs; tempo within 8 % in {beats / songs:.1%}"
    )


if __name__ == "__main__":
    main()
