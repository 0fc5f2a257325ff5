"""Fit the measures of `khala evaluate` that need fitting to the truth of a corpus, and say how good they are.

    python benchmarks/calibrate.py CORPUS [--songs N] [--model FOLDER] [--cache FOLDER] [--write]

One song in four is held out, by its name: the figures printed are those of the held-out songs alone, for the weights
that the package holds and for the ones just fitted. With --model one song in `CODED` is measured a second time after
that model's codec, so that the measures know coded sound as well. --cache keeps the features of every song for the next
time. --write stores the weights in `src/khala`.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, logsumexp, softmax

from khala.audio.files import read_audio
from khala.corpus.data.manifest import CorpusSong, read_corpus
from khala.evaluation import voice
from khala.evaluation.distance import AXES
from khala.scoring import tempo
from khala.scoring.key import MODES, chroma, estimate_key
from khala.scoring.spectrum import FRAMES_PER_SECOND
from khala.scoring.style import classify_style, embed
from khala.scoring.types import Array

HELD_OUT, CODED = 4, 4
VOICE_PENALTY, TEMPO_PENALTY, STYLE_PENALTY = 3e-3, 1e-3, 3e-3
ROOMS = {"voice": "evaluation", "tempo": "scoring", "key": "scoring"}
STYLE = Path("src/khala/scoring/style.npz")
Weights = dict[str, dict[str, Array]]


@dataclass(frozen=True)
class Features:
    """The features of a song: `windows` for the voice, `segments` for the style, `beats` for the tempo, mean `notes`
    [12] for the key. `sung` [windows] is the share of each window in which somebody truly sings."""

    song: CorpusSong
    coded: bool
    windows: Array
    sung: Array
    beats: tuple[Array, Array] | None
    notes: Array
    segments: Array

    @property
    def held_out(self) -> bool:
        return zlib.crc32(f"listeners {self.song.seed}".encode()) % HELD_OUT == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--songs", type=int, default=sys.maxsize)
    parser.add_argument("--model", help="measure one song in four through this model's codec, too")
    parser.add_argument("--cache", type=Path, help="keep the features of every song in this folder")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    songs = islice(read_corpus(arguments.corpus), arguments.songs)
    heard = list(measure(songs, arguments.model, arguments.cache))
    known = [one for one in heard if not one.held_out]
    fitted = {"voice": fit_voice(known), "tempo": fit_tempo(known), "key": fit_key(known), "style": fit_style(known)}
    for name, weights in (("as shipped", shipped()), ("as fitted now", fitted)):
        for coded in sorted({one.coded for one in heard}):
            chosen = [one for one in heard if one.held_out and one.coded == coded]
            show(f"{name}, {'after the codec' if coded else 'as rendered'}", chosen, weights)
    if arguments.write:
        for name in ROOMS:
            rounded = {key: np.round(value, 4).tolist() for key, value in fitted[name].items()}
            fitted_file(name).write_text(json.dumps(rounded) + "\n")
        floats = {n: v.astype(np.float32) if v.dtype.kind == "f" else v for n, v in fitted["style"].items()}
        np.savez_compressed(STYLE, **floats)


def fitted_file(name: str) -> Path:
    """The file of a measure's weights."""
    return Path("src/khala", ROOMS[name], f"{name}.json")


def measure(songs: Iterator[CorpusSong], model: str | None, cache: Path | None) -> Iterator[Features]:
    codec = round_trip(model) if model else None
    for song in songs:
        for coded in (False, True) if codec and song.seed % CODED == 0 else (False,):
            found = kept(cache and cache / f"{song.seed}-{int(coded)}.npz", song, codec if coded else None)
            starts = np.arange(len(found["windows"])) * voice.HOP / FRAMES_PER_SECOND
            ends = starts + voice.WINDOW / FRAMES_PER_SECOND
            sung = sum(
                (np.clip(np.minimum(b, ends) - np.maximum(a, starts), 0, 1) for a, b in song.truth["vocal"]), 0 * ends
            )
            beats = (found["bpms"], found["repeats"]) if len(found["bpms"]) else None
            yield Features(song, coded, found["windows"], sung, beats, found["notes"], found["segments"])


def kept(path: Path | None, song: CorpusSong, codec: Callable[[Array], Array] | None) -> dict[str, Array]:
    """The features of a song, read from the cache if they are there."""
    if path and path.exists():
        with np.load(path) as stored:
            return dict(stored)
    samples, rate = read_audio(song.audio)
    samples = codec(samples) if codec else samples
    beats = tempo.candidates(samples, rate)
    found = {
        "windows": voice.features(samples, rate),
        "bpms": beats[0] if beats else np.zeros(0),
        "repeats": beats[1] if beats else np.zeros(0),
        "notes": chroma(samples, rate).mean(axis=0),
        "segments": embed(samples, rate),
    }
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **found)
    return found


def round_trip(model: str) -> Callable[[Array], Array]:
    import torch

    from khala.weights import load_model

    codec = load_model(model).codec

    def coded(samples: Array) -> Array:
        with torch.inference_mode():
            return np.asarray(codec.decode(codec.encode(torch.from_numpy(samples)[None]))[0])

    return coded


def fit_voice(known: list[Features]) -> dict[str, Array]:
    """Logistic regression; windows that are neither clearly sung nor clearly not sung are left out."""
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


def fit_tempo(known: list[Features]) -> dict[str, Array]:
    """Conditional logistic regression: of a song's candidates the true beat is to be the likeliest."""
    cases = []
    for one in known:
        if one.beats is not None:
            bpms, features = one.beats
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


def fit_key(known: list[Features]) -> dict[str, Array]:
    """The mean chroma of the songs of each mode, turned to C."""
    return {
        mode: np.mean([np.roll(h.notes, -h.song.truth["key"]) for h in known if h.song.truth["mode"] == mode], axis=0)
        for mode in MODES
    }


def fit_style(known: list[Features]) -> dict[str, Array]:
    """Multinomial logistic regression on the segments, each song weighing the same; and where the corpus lies on the
    main axes of the embedding."""
    names = sorted({one.song.style for one in known})
    x = np.concatenate([one.segments for one in known])
    owner = np.repeat([names.index(one.song.style) for one in known], [len(one.segments) for one in known])
    weight = np.concatenate([np.full(len(one.segments), 1 / len(one.segments)) for one in known]) / len(known)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    x = (x - mean) / spread
    target = np.eye(len(names))[owner]

    def loss(flat: Array) -> tuple[float, Array]:
        w = flat.reshape(x.shape[1] + 1, len(names))
        logit = log_softmax(x @ w[1:] + w[0], axis=1)
        error = (np.exp(logit) - target) * weight[:, None]
        value = -(weight * (logit * target).sum(axis=1)).sum() + STYLE_PENALTY * (w[1:] ** 2).sum()
        return value, np.concatenate([error.sum(axis=0)[None], x.T @ error + 2 * STYLE_PENALTY * w[1:]]).ravel()

    start = np.zeros((x.shape[1] + 1) * len(names))
    w = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x.reshape(-1, len(names))
    _, vectors = np.linalg.eigh(np.cov(x.T))
    axes = vectors[:, ::-1][:, :AXES]
    plain = np.concatenate([one.segments for one in known if not one.coded])
    plain = (plain - mean) / spread @ axes
    return {
        "names": np.array(names),
        "mean": mean,
        "spread": spread,
        "weights": w[1:],
        "bias": w[0],
        "axes": axes,
        "centre": plain.mean(axis=0),
        "covariance": np.cov(plain.T),
    }


def shipped() -> Weights:
    """The weights that the package holds; no style where it has none yet."""
    weights: Weights = {
        name: {key: np.array(value) for key, value in json.loads(fitted_file(name).read_text()).items()}
        for name in ROOMS
    }
    if STYLE.exists():
        with np.load(STYLE) as stored:
            weights["style"] = dict(stored)
    return weights


def show(title: str, heard: list[Features], weights: Weights) -> None:
    """Print how often the measures are right about `heard`."""
    windows = right_windows = voices = beats = keys = modes = styles = 0
    for one in heard:
        says = expit(one.windows @ weights["voice"]["weights"] + weights["voice"]["bias"]) >= voice.MIN_PROBABILITY
        clear = (one.sung < 0.1) | (one.sung > 0.5)
        windows += int(clear.sum())
        right_windows += int((says == (one.sung > 0.5))[clear].sum())
        voices += (says.mean() >= voice.MIN_SHARE) == bool(one.song.vocal)
        if one.beats is not None:
            bpms, features = one.beats
            beats += tempo.agrees(bpms[(features @ weights["tempo"]["weights"]).argmax()], one.song.truth["bpm"])
        if key := estimate_key(one.notes[None], weights["key"]):
            keys += key.matches(one.song.truth["key"], one.song.truth["mode"])
            modes += key.matches(None, one.song.truth["mode"])
        if "style" in weights:
            style = classify_style(one.segments, weights["style"])
            styles += style is not None and style.name == one.song.style

    def share(count: int, of: int) -> str:
        return f"{count / max(of, 1):.1%}"

    named = share(styles, len(heard)) if "style" in weights else "-"
    print(
        f"{title}: {len(heard)} held-out songs; voice right in {share(right_windows, windows)} of {windows} s and in "
        f"{share(voices, len(heard))} of songs; tempo within {tempo.TOLERANCE:.0%} in {share(beats, len(heard))}; "
        f"key in {share(keys, len(heard))}, mode in {share(modes, len(heard))}; style in {named}"
    )


if __name__ == "__main__":
    main()
