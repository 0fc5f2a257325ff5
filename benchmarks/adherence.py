"""Measure how well a model does what it is asked, on prompts that no training has seen, beside the corpus's renderings.

    python benchmarks/adherence.py [--model mini] [--songs 20] [--kinds generated rendered coded] [--out FOLDER]
    python benchmarks/adherence.py --score FOLDER...

Seeds far from those of any corpus are composed; a song's tags (or, where they state no tempo, its description), lyrics
and length are given to the model. Up to three songs per seed are measured against the same words: the model's, the
rendering of the score, and that rendering after the model's codec: what the measures and the codec allow at best. With
--out all songs are kept as soon as they are made, each with its record; a run that was stopped goes on there.

With --score no song is made: songs that lie in folders, with their JSON files beside them, fill a column each.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import khala
from khala.audio.files import read_audio, write_audio
from khala.audio.listing import songs_in
from khala.conditioning.request_terms import parse_bpm, parse_tempo_range
from khala.corpus.composer.compose import LEXICON, compose
from khala.corpus.composer.compose.harmony import tones
from khala.corpus.composer.render import render_score
from khala.corpus.composer.score import Score
from khala.corpus.composer.voice import VoiceBank
from khala.evaluation.chords import ChordSpan
from khala.evaluation.report import evaluate, evaluate_file
from khala.evaluation.sections import SectionSpan, form_correlation
from khala.evaluation.targets import RequestTargets, request_targets
from khala.models.codec.dac.codec import Dac
from khala.models.codec.spectral.codec import SpectralCodec
from khala.weights.loading import load_codec
from khala.weights.opening import open_model

FIRST_SEED = 50_000_001
KINDS = ("generated", "rendered", "coded")
Codec = SpectralCodec | Dac
Record = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--out", type=Path, help="keep songs and records here, and go on with those that lie here")
    parser.add_argument("--score", nargs="+", type=Path, metavar="FOLDER", help="measure the songs of these folders")
    arguments = parser.parse_args()
    if arguments.score:
        print(table({folder.name: [evaluate_file(song) for song in songs_in(folder)] for folder in arguments.score}))
        return
    pipe, codec = khala.load(arguments.model), load_codec(open_model(arguments.model), "cpu")
    scores = list(prompts(arguments.first_seed, arguments.songs, pipe.config.max_seconds))
    records: dict[str, list[Record]] = {kind: [] for kind in arguments.kinds}
    for score in scores:
        for kind in arguments.kinds:
            record = kept(pipe, codec, score, kind, [other for other in scores if other is not score], arguments.out)
            records[kind].append(record)
            passed = [name for name, verdict in record["verdicts"].items() if verdict]
            failed = [name for name, verdict in record["verdicts"].items() if verdict is False]
            print(f"{score.seed} {score.style}, {kind}: passed {passed}, failed {failed}", flush=True)
    print(table(records))


def prompts(first: int, count: int, longest: float) -> Iterator[Score]:
    """Scores from seed `first` on that fit into `longest` seconds."""
    seed = first
    while count:
        score = compose(seed)
        if score.seconds <= longest:
            yield score
            count -= 1
        seed += 1


def request_of(score: Score) -> khala.SongRequest:
    """The words of a score that state its tempo, its lyrics and its length."""
    said = parse_bpm(score.tags) or parse_tempo_range(score.tags)
    return khala.SongRequest(
        tags=score.tags if said else (),
        prompt="" if said else score.description,
        lyrics=score.lyrics,
        instrumental=not score.voice,
        duration=round(score.seconds),
        seed=score.seed,
    )


def fields_of(score: Score, ended: bool | None, outline: dict[str, Any] | None) -> dict[str, Any]:
    """The fields of a take's record that hold its targets."""
    request = {"request": request_of(score).to_dict(), "outline": outline}
    return request | ({} if ended is None else {"truncated": not ended})


def targets_of(score: Score, kind: str, ended: bool | None, outline: dict[str, Any] | None) -> RequestTargets:
    """The targets of a score. The sections of a generated song are those of its outline, or found by listening."""
    wanted = request_targets(fields_of(score, ended, outline))
    return wanted if kind == "generated" else replace(wanted, parts=parts(score), chords=chords(score))


def chords(score: Score) -> tuple[ChordSpan, ...]:
    beat = score.beat_seconds
    played = [chord for section in score.sections for chord in section.chords]
    return tuple(ChordSpan(chord.start * beat, (chord.start + chord.length) * beat, tones(chord)) for chord in played)


def parts(score: Score) -> tuple[SectionSpan, ...]:
    bar = score.frames_per_bar * 2048 / 44100
    return tuple(SectionSpan(s.start_bar * bar, (s.start_bar + s.bars) * bar, s.energy, s.name) for s in score.sections)


def kept(
    pipe: khala.Pipeline, codec: Codec, score: Score, kind: str, others: Sequence[Score], out: Path | None
) -> Record:
    """The record of a song of one kind. It is read if it lies in `out`, else measured, on the audio there if there is
    any (whether it came to its end is not known then), else on a new song that is written there."""
    path = out and out / f"{score.seed}-{kind}.json"
    if path and path.exists():
        found: Record = json.loads(path.read_text(encoding="utf-8"))
        return found
    ended: bool | None = None
    outline: dict[str, Any] | None = None
    if path and path.with_suffix(".flac").exists():
        samples, _ = read_audio(path.with_suffix(".flac"))
    else:
        samples, ended, outline = song(pipe, codec, score, kind)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_audio(path.with_suffix(".flac"), samples, 44100)
    record = {"file": str(path), **evaluate(samples, 44100, targets_of(score, kind, ended, outline))}
    record["form"]["correlation"] = form_correlation(samples, 44100, parts(score))
    strangers = [form_correlation(samples, 44100, parts(other)) for other in others]
    record["form"]["other"] = float(np.mean([r for r in strangers if r is not None] or [0.0]))
    if path:
        path.write_text(json.dumps(fields_of(score, ended, outline) | record), encoding="utf-8")
    return record


def song(pipe: khala.Pipeline, codec: Codec, score: Score, kind: str) -> tuple[np.ndarray, bool, dict[str, Any] | None]:
    """Samples [2, n] of the model's song, of the rendering, or of the rendering after the codec; whether it came to its
    end by itself; and the outline by which a model was led."""
    if kind == "generated":
        take = pipe.generate(replace(request_of(score), sampling=pipe.config.sampling))[0]
        return take.samples, not take.metadata["truncated"], take.metadata["outline"]
    rendered = render_score(score, VoiceBank(LEXICON)).samples
    if kind == "rendered":
        return rendered, True, None
    with torch.inference_mode():
        return codec.decode(codec.encode(torch.from_numpy(rendered)[None]))[0].numpy(), True, None


def table(records: dict[str, list[Record]]) -> str:
    """A table with a row for every figure and a column for every kind of song."""

    def passed(name: str, chosen: Callable[[Record], bool] = lambda record: True) -> Callable[[list[Record]], str]:
        return lambda songs: share([v for r in songs if chosen(r) and (v := r["verdicts"][name]) is not None])

    def by_number(record: Record) -> bool:
        return isinstance(record["tempo"]["asked"], float)

    figures: dict[str, Callable[[list[Record]], str]] = {
        "tempo within 4 % of the BPM asked for": passed("tempo", by_number),
        "  the beat at some metrical level of it": lambda songs: share(
            [r["tempo"]["metrical_level"] is not None for r in songs if by_number(r)]
        ),
        "tempo in the range of the word asked for": passed("tempo", lambda record: not by_number(record)),
        "key or mode as asked": passed("key"),
        "style as asked": passed("style"),
        "somebody sings exactly when asked": passed("voice"),
        "  voice present in vocal songs": passed("voice", lambda r: r["voice"]["asked"]),
        "  voice absent in instrumental songs": passed("voice", lambda r: not r["voice"]["asked"]),
        "choruses more alike than verse and chorus": passed("chorus"),
        "phoneme error rate, all songs": lambda songs: error_rate(songs),
        "  songs with at most 40 %": passed("words"),
        "ends by itself within 15 % of the length": passed("length"),
        "level follows the form, mean r": lambda songs: mean([r["form"]["correlation"] for r in songs]),
        "  with the other songs' forms": lambda songs: mean([r["form"].get("other") for r in songs]),
        "notes on the chords": lambda songs: mean([r["key"]["chords"] for r in songs]),
        "silence over 2 s inside": lambda songs: share([r["silence"]["longest"] > 2 for r in songs]),
        "NaN or clipping": lambda songs: share(
            [r["clipping"]["clipped"] + r["clipping"]["not_finite"] > 0 for r in songs]
        ),
        "mean loudness, LUFS": lambda songs: mean([r["loudness"]["integrated"] for r in songs]),
        "mean longest loop, s": lambda songs: mean([r["repetition"]["longest"] for r in songs]),
    }
    width = max(16, *(len(kind) + 2 for kind in records))
    lines = [f"{'':44}" + "".join(f"{kind:>{width}}" for kind in records)]
    for name, figure in figures.items():
        lines.append(f"{name:44}" + "".join(f"{figure(songs):>{width}}" for songs in records.values()))
    return "\n".join(lines)


def error_rate(songs: Sequence[Record]) -> str:
    """Phoneme error rate over all songs, each counting by its number of phones."""
    judged = [r["words"] for r in songs if r["words"]["phoneme_error_rate"] is not None]
    phones = sum(words["phones"] for words in judged)
    return f"{sum(w['phoneme_error_rate'] * w['phones'] for w in judged) / phones:.0%}" if phones else "-"


def share(judged: Sequence[bool]) -> str:
    return f"{sum(judged)} of {len(judged)} ({sum(judged) / len(judged):.0%})" if judged else "-"


def mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.2f}" if known else "-"


if __name__ == "__main__":
    main()
