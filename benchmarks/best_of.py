"""Measure what best of n gains: the first candidate of the backbone beside the chosen one.

    python benchmarks/best_of.py [--model mini] [--songs 12] [--candidates 4]

Prompts are composed from seeds that no training has seen, songs of 15 to 26 s with their key among the tags. They are
measured as the first two levels sound; the listener itself goes by much of that (style, key, phones).
"""

import argparse
from dataclasses import replace
from itertools import count, islice

import numpy as np
from adherence import request_of

import khala
from khala.corpus.composer.compose import compose
from khala.corpus.composer.compose.harmony import key_name
from khala.corpus.composer.score import Score
from khala.evaluation.report import evaluate
from khala.evaluation.targets import request_targets
from khala.scoring.listener import listener

COLUMNS = ("style", "key", "voice", "phones wrong", "listener, nats")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--candidates", type=int, default=4)
    arguments = parser.parse_args()
    pipe = khala.load(arguments.model, listener=listener)
    rows: dict[int, list[list[float]]] = {1: [], arguments.candidates: []}
    short = (score for score in map(compose, count(70_000_001)) if 15 < score.seconds < 26)
    for score in islice(short, arguments.songs):
        for candidates, found in rows.items():
            request = replace(wanted(score), best_of=candidates, sampling=pipe.config.sampling)
            (result,) = pipe.backbone(pipe.plan_takes(request))
            samples = pipe.engine.synthesise(result.codes)
            record = evaluate(samples, 44100, request_targets({"request": request.to_dict(), "outline": None}))
            met = [record["verdicts"][name] for name in ("style", "key", "voice")]
            wrong = record["words"]["phoneme_error_rate"]
            found.append([*(np.nan if v is None else v for v in (*met, wrong)), listener(samples, 44100, request)])
    print(f"| candidates | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
    for candidates, found in rows.items():
        print(f"| {candidates} | " + " | ".join(f"{value:.2f}" for value in np.nanmean(found, axis=0)) + " |")


def wanted(score: Score) -> khala.SongRequest:
    """The words of a score, with its key."""
    return replace(request_of(score), prompt="", tags=(*score.tags, key_name(score.key, score.mode)))


if __name__ == "__main__":
    main()
