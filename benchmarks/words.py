"""Count the words of composed songs that a Whisper model hears: line by line without the band, and in the mix.

    python benchmarks/words.py WHISPER [--songs 14] [--seed 60000000] [--keep FOLDER]

WHISPER is a folder that `khala.evaluation.whisper` reads. A word counts as heard if it has its place in the longest
common subsequence of the lyrics and the transcript, be it of the whole song or of its lines half a second apart. Songs
of 20 to 60 s in which somebody sings are taken from the seeds in order, women and men in turn. `--keep` stores both
recordings of each.
"""

import argparse
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import soundfile

from khala.corpus.composer.compose import LEXICON, compose
from khala.corpus.composer.render import render_score
from khala.corpus.composer.score import Mix, Score
from khala.corpus.composer.voice import VoiceBank
from khala.evaluation.error_rate import normalised_words
from khala.evaluation.whisper import reader

RATE = 44100


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("whisper", type=Path)
    parser.add_argument("--songs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=60_000_000)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    read, voices = reader(arguments.whisper), VoiceBank(LEXICON)
    totals = np.zeros(3, int)
    for score in islice(songs(arguments.seed), arguments.songs):
        meant = normalised_words("\n".join(line.text for line in score.lines))
        versions = {"dry": dry(score, voices), "mix": render_score(score, voices).samples}
        heard = [common(normalised_words(read(samples, RATE)), meant) for samples in versions.values()]
        totals += [len(meant), *heard]
        print(f"{score.seed} {score.style:10} {score.singer:5} {len(meant):3} words, heard {heard[0]:3} {heard[1]:3}")
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            for name, samples in versions.items():
                soundfile.write(arguments.keep / f"{score.seed}-{name}.flac", samples.T, RATE)
    print(f"{totals[0]} words: dry voice {totals[1] / totals[0]:.1%}, mix {totals[2] / totals[0]:.1%}")


def songs(seed: int):
    """Sung songs of 20 to 60 s from a seed on, women and men in turn."""
    voice = "female"
    for score in map(compose, count(seed)):
        if score.voice == voice and 20 <= score.seconds <= 60:
            yield score
            voice = {"female": "male", "male": "female"}[voice]


def dry(score: Score, voices: VoiceBank) -> np.ndarray:
    """The sung lines [2, n] without band, second voices and room, half a second of silence between them."""
    lines = tuple(replace(line, harmony=()) for line in score.lines)
    alone = render_score(replace(score, parts=(), lines=lines, mix=Mix("booth")), voices)
    pause = np.zeros((2, RATE // 2), np.float32)
    spans = [(round(RATE * start), round(RATE * end)) for start, end in alone.truth["vocal"]]
    return np.hstack([part for start, end in spans for part in (alone.samples[:, start:end], pause)])


def common(said: list[str], meant: list[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(meant) + 1)
    for one in said:
        corner = 0
        for place, other in enumerate(meant, 1):
            corner, row[place] = row[place], corner + 1 if one == other else max(row[place], row[place - 1])
    return row[-1]


if __name__ == "__main__":
    main()
