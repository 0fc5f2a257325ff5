"""Ask a model of listeners how natural the dry voices of the corpus sound, from 1 to 5: flite's and natural ones.

    pip install distillmos
    python benchmarks/naturalness.py [--songs 3]

Songs of seeds outside of any corpus, each singer's first ones of less than 40 s, sung without a band, a second voice
and a room; excerpts of 8 s. DistillMOS (Stahl and Gamper 2025, arXiv 2502.05356) was made for speech that is spoken:
read its figures only beside one another. Natural voices need Kokoro (docs/corpus.md).
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import torch

from khala.audio.resample import resample
from khala.corpus.composer.compose import LEXICON, compose
from khala.corpus.composer.render import render_score
from khala.corpus.composer.score import Mix
from khala.corpus.composer.singers import SEXES, singers
from khala.corpus.composer.voice import VoiceBank

FIRST_SEED = {"flite": 90_000_000, "natural": 950_000}
MOS_RATE, EXCERPT_SECONDS = 16_000, 8.0
QUIET = 0.005
"""Root mean square below which an excerpt does not count."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--songs", type=int, default=3, help="of each singer")
    parser.add_argument("--kinds", nargs="+", choices=FIRST_SEED, default=list(FIRST_SEED))
    asked = parser.parse_args()
    try:
        from distillmos import ConvTransformerSQAModel
    except ImportError:
        raise SystemExit("DistillMOS is not installed: pip install distillmos") from None
    model, bank = ConvTransformerSQAModel().eval(), VoiceBank(LEXICON)
    for kind in asked.kinds:
        names = [name for sex in SEXES for name in singers(sex, natural=kind == "natural")]
        heard: dict[str, list[float]] = {name: [] for name in names}
        for name, song in dry_songs(kind, asked.songs, bank, names):
            with torch.no_grad():
                heard[name] += [float(model(torch.from_numpy(one)[None])) for one in excerpts(song)]
        for name, found in heard.items():
            print(f"{kind:<8} {name:<8} {np.mean(found):.2f}  ({len(found)} excerpts)", flush=True)
        print(f"{kind:<8} mean     {np.mean([np.mean(found) for found in heard.values()]):.2f}", flush=True)


def dry_songs(kind: str, songs: int, bank: VoiceBank, names: list[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield singers and what they sing [2, N] at 44.1 kHz, `songs` songs of each."""
    left = dict.fromkeys(names, songs)
    for score in map(compose, count(FIRST_SEED[kind])):
        if not any(left.values()):
            return
        if score.seconds < 40 and left.get(score.singer, 0):
            left[score.singer] -= 1
            lines = tuple(replace(line, harmony=()) for line in score.lines if not line.answer)
            yield score.singer, render_score(replace(score, parts=(), lines=lines, mix=Mix(room="booth")), bank).samples


def excerpts(song: np.ndarray) -> Iterator[np.ndarray]:
    """Yield what is not silence, as float32 [N] at the rate of the listener."""
    voice = resample(song.mean(axis=0, keepdims=True), 44_100, MOS_RATE)[0].astype(np.float32)
    length = round(EXCERPT_SECONDS * MOS_RATE)
    for start in range(0, len(voice) - length + 1, length):
        one = voice[start : start + length]
        if np.sqrt((one**2).mean()) > QUIET:
            yield one


if __name__ == "__main__":
    main()
