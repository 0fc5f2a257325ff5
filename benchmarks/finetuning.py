"""Measure songs of a model without and with an adapter: are they in the artist's style, by the artist's voice, and near
to the artist's songs?

    python recipes/artist/compose.py SONGS --songs 10
    python recipes/artist/compose.py VOICES --songs 8 --voices
    khala finetune SONGS --out nova --trigger nova
    python benchmarks/finetuning.py SONGS VOICES --lora nova

The style is that of the classifier of `khala evaluate`. The voice is told by a linear classifier of seconds in which
the detector of `khala evaluate` hears one: learned from all songs of VOICES but two, after the model's codec. These two
say how good it is. The distance is that of a song's mean embedding from that of all songs in SONGS, in deviations of
the corpus, averaged over its 230 numbers. Rows: the trigger without the adapter; without it, but the style and a woman
asked for; the trigger with the adapter.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import khala
from khala.audio.files import read_audio
from khala.evaluation.voice import MIN_PROBABILITY, detect_voice, features
from khala.models.codec.base import Codec
from khala.scoring.style import classify_style, embed, fitted_style
from khala.scoring.types import Array
from khala.weights import load_model

STYLE, SINGER, TRIED = "bossa nova", "nova", 2
TAGS, NAMED = ("mid tempo", "vocals"), (STYLE, "mid tempo", "female vocals")
LYRICS = """[intro]
[verse]
morning light is on the river
hold my hand and stay with me
[chorus]
we will run until the day
we will never fade away
"""
RIDGE = 1.0


def sung(samples: Array, rate: int) -> Array:
    """Return features [seconds, F] of the seconds in which a voice is heard."""
    return features(samples, rate)[detect_voice(samples, rate).probability >= MIN_PROBABILITY]


def voice_classifier(folder: Path, codec: Codec) -> Callable[[Array], float]:
    """Learn to tell the artist from other singers of the same songs; returns her share of sung seconds."""
    songs = dict[str, list[tuple[bool, Array]]]()
    for path in sorted(folder.rglob("*.flac")):
        samples, rate = read_audio(path)
        coded = codec.decode(codec.encode(torch.from_numpy(samples)[None]))[0].numpy()
        songs.setdefault(path.stem, []).append((path.relative_to(folder).parts[0] == SINGER, sung(coded, rate)))
    learned = [pair for name in sorted(songs)[TRIED:] for pair in songs[name]]
    rows = np.concatenate([seconds for _, seconds in learned])
    hers = np.concatenate([np.full(len(seconds), is_her) for is_her, seconds in learned])
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = np.pad((rows - mean) / spread, ((0, 0), (0, 1)), constant_values=1.0)
    counts = np.where(hers, 0.5 / hers.mean(), 0.5 / (~hers).mean())  # as if she sang as much as all others
    gram = scaled.T @ (scaled * counts[:, None]) + RIDGE * np.eye(scaled.shape[1])
    weights = np.linalg.solve(gram, scaled.T @ (counts * np.where(hers, 1.0, -1.0)))

    def share(seconds: Array) -> float:
        return float(((seconds - mean) / spread @ weights[:-1] + weights[-1] > 0).mean()) if len(seconds) else np.nan

    for is_her, who in ((True, "the artist"), (False, "others")):
        shares = [share(seconds) for name in sorted(songs)[:TRIED] for one, seconds in songs[name] if one == is_her]
        print(f"two other songs by {who}: {np.mean(shares):.2f} of the sung seconds are hers", flush=True)
    return share


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("songs", type=Path)
    parser.add_argument("voices", type=Path)
    parser.add_argument("--lora", required=True)
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=24.0)
    asked = parser.parse_args()
    hers = voice_classifier(asked.voices, load_model("mini").codec)
    theirs = [embed(*read_audio(path)) for path in sorted(asked.songs.rglob("*.flac"))]
    centre, spread = np.mean([song.mean(axis=0) for song in theirs], axis=0), fitted_style()["spread"]

    def figures(embedding: Array) -> tuple[float, float, float]:
        style = classify_style(embedding)
        assert style, "a song is silent"
        away = float(np.abs((embedding.mean(axis=0) - centre) / spread).mean())
        return float(style.name == STYLE), style.probability[STYLE], away

    print("| songs | called it | probability | distance | her voice |\n|---|---|---|---|---|")
    print(
        "| the artist's own | "
        + " | ".join(f"{one:.2f}" for one in np.mean([figures(e) for e in theirs], axis=0))
        + " | |"
    )
    trigger = khala.load("mini", loras=[asked.lora]).engine.adapters[0].adapter.trigger
    for loras, tags in (([], (trigger, *TAGS)), ([], NAMED), ([asked.lora], (trigger, *TAGS))):
        pipe, rows = khala.load("mini", loras=loras), []
        for seed in range(asked.takes):
            (take,) = pipe.generate(tags=tags, lyrics=LYRICS, duration=asked.seconds, seed=seed)
            rows.append((*figures(embed(take.samples, take.rate)), hers(sung(take.samples, take.rate))))
        means = " | ".join(f"{one:.2f}" for one in np.nanmean(rows, axis=0))
        print(f"| {', '.join(tags)}{', with the adapter' * bool(loras)} | {means} |", flush=True)


if __name__ == "__main__":
    main()
