"""Count the words of composed songs that a Whisper model hears: line by line without the band, and in the mix.

    python benchmarks/words.py WHISPER [--songs 14] [--seed 60000000] [--unheard] [--keep FOLDER]

WHISPER is a folder that `khala.evaluation.whisper` reads; the package's recogniser counts phones, in the mix. With
`--unheard` the songs are held out and sing words that no other song has. A word counts as heard if it has its place in
the longest common subsequence of the lyrics and the transcript, be it of the whole song or of its lines half a second
apart. Songs of 20 to 60 s in which somebody sings are taken from the seeds in order, women and men in turn. `--keep`
stores both recordings of each.
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
from khala.corpus.data.split import is_held_out
from khala.evaluation.error_rate import normalised_words, transcript
from khala.evaluation.whisper import reader
from khala.music.distance import edit_distance
from khala.scoring.words import listen, phones_of

RATE = 44100


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("whisper", type=Path)
    parser.add_argument("--songs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=60_000_000)
    parser.add_argument("--unheard", action="store_true", help="songs of held-out words")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    read, voices = reader(arguments.whisper), VoiceBank(LEXICON)
    totals = np.zeros(5, int)
    for score in islice(songs(arguments.seed, arguments.unheard), arguments.songs):
        meant = normalised_words("\n".join(line.text for line in score.lines))
        versions = {"dry": dry(score, voices), "mix": render_score(score, voices).samples}
        heard = [common(normalised_words(read(samples, RATE)), meant) for samples in versions.values()]
        phones = phones_of(score.lyrics)
        wrong = edit_distance(transcript(listen(versions["mix"], RATE)), phones)
        totals += [len(meant), *heard, len(phones), wrong]
        print(
            f"{score.seed} {score.style:10} {score.singer:5} {len(meant):3} words, heard {heard[0]:3} {heard[1]:3}; "
            f"{len(phones):3} phones, {wrong:3} wrong"
        )
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            for name, samples in versions.items():
                soundfile.write(arguments.keep / f"{score.seed}-{name}.flac", samples.T, RATE)
    words, dry_words, mix_words, phones, wrong = totals
    print(f"{words} words: dry voice {dry_words / words:.1%}, mix {mix_words / words:.1%}")
    print(f"{phones} phones: {wrong / phones:.1%} wrong")


def songs(seed: int, unheard: bool):
    """Sung songs of 20 to 60 s from a seed on, women and men in turn; those with held-out words alone if `unheard`."""
    voice = "female"
    for score in map(compose, (number for number in count(seed) if not unheard or is_held_out(f"song-{number}"))):
        fits = score.voice == voice and 20 <= score.seconds <= 60
        if fits and (score.words_from == "unheard") == unheard:
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
