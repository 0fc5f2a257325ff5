"""Does a model do what it is asked? Prompts that no training has seen, measured beside the corpus's own renderings.

    python benchmarks/adherence.py [--model mini] [--songs 20] [--out FOLDER]

Seeds far from those of any corpus are composed; a song's tags (or, where they state no tempo, its description), lyrics
and length are given to the model. Three songs per seed are measured against the same words: the model's, the rendering
of the score, and that rendering after the model's codec: what the measures and the codec allow at best. With --out all
songs are kept, with pictures of their spectra.
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
from khala.audio.files import write_audio
from khala.corpus.compose import LEXICON, compose
from khala.corpus.render import render
from khala.corpus.score import Score
from khala.corpus.voice import VoiceBank
from khala.evaluation.asked import Asked, asked, stated_bpm, stated_limits
from khala.evaluation.report import evaluate
from khala.evaluation.sections import Part, follows
from khala.evaluation.spectrum import RATE, mel, mono

FIRST_SEED = 50_000_001
KINDS = ("generated", "rendered", "coded")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--out", type=Path, help="keep songs, records and pictures here")
    arguments = parser.parse_args()
    pipe = khala.load(arguments.model)
    scores = list(prompts(arguments.first_seed, arguments.songs, pipe.config.max_seconds))
    records: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for score in scores:
        wanted = asked_of(score)
        for kind, samples in zip(KINDS, songs(pipe, score), strict=True):
            record = evaluate(samples, 44100, wanted)
            others = [follows(samples, 44100, parts(other)) for other in scores if other is not score]
            record["form"]["other"] = float(np.mean([r for r in others if r is not None] or [0.0]))
            records[kind].append(record)
            if arguments.out:
                keep(arguments.out, f"{score.seed}-{kind}", samples)
        generated = records["generated"][-1]
        print(
            f"{score.seed} {score.style}, asked {generated['tempo']['asked']}, "
            f"made {generated['tempo']['bpm'] or 0:.1f} bpm, {generated['seconds']:.0f} s, "
            f"passed {[name for name, passed in generated['verdicts'].items() if passed]}",
            flush=True,
        )
    print(table(records))
    if arguments.out:
        (arguments.out / "records.json").write_text(json.dumps(records, indent=1))


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
    said = stated_bpm(score.tags) or stated_limits(score.tags)
    return khala.SongRequest(
        tags=score.tags if said else (),
        prompt="" if said else score.description,
        lyrics=score.lyrics,
        instrumental=not score.voice,
        duration=round(score.seconds),
        seed=score.seed,
    )


def asked_of(score: Score) -> Asked:
    return replace(asked({"request": request_of(score).to_dict()}), parts=parts(score))


def parts(score: Score) -> tuple[Part, ...]:
    bar = score.frames_per_bar * 2048 / 44100
    return tuple(Part(s.start_bar * bar, (s.start_bar + s.bars) * bar, s.energy) for s in score.sections)


def songs(pipe: khala.Pipeline, score: Score) -> Iterator[np.ndarray]:
    """Samples [2, n] of the model's song, of the rendering, and of the rendering after the codec."""
    request = replace(request_of(score), sampling=pipe.config.sampling)
    yield pipe.generate(request)[0].samples
    rendered = render(score, VoiceBank(LEXICON)).samples
    yield rendered
    codec = pipe.loaded.codec
    with torch.inference_mode():
        yield codec.decode(codec.encode(torch.from_numpy(rendered)[None]))[0].numpy()


def keep(folder: Path, name: str, samples: np.ndarray) -> None:
    """Write a song and its spectrogram."""
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    write_audio(folder / f"{name}.flac", samples, 44100)
    decibels = 20 * np.log10(mel(mono(samples, 44100), RATE, 128) + 1e-3)
    pyplot.imsave(folder / f"{name}.png", decibels.T[::-1, ::4], cmap="magma", vmin=-40, vmax=40)


def table(records: dict[str, list[dict[str, Any]]]) -> str:
    """Figures down, kinds of song across."""

    def passed(name: str, chosen: Callable[[dict[str, Any]], bool] = lambda record: True) -> Callable[[list], str]:
        return lambda songs: share([record["verdicts"][name] for record in songs if chosen(record)])

    figures: dict[str, Callable[[list], str]] = {
        "tempo within 8 % of the BPM, or in the word's range": passed("tempo"),
        "  the beat at some metrical level of the asked BPM": lambda songs: share(
            [r["tempo"]["metrical_level"] is not None for r in songs if isinstance(r["tempo"]["asked"], float)]
        ),
        "  mean strength of the beat": lambda songs: mean([r["tempo"]["strength"] or 0 for r in songs]),
        "somebody sings as asked": passed("voice"),
        "  voice present in vocal songs": passed("voice", lambda r: r["voice"]["asked"]),
        "  voice absent in instrumental songs": passed("voice", lambda r: not r["voice"]["asked"]),
        "level follows the form (r >= 0.3)": passed("form"),
        "  mean r with the song's own form": lambda songs: mean([r["form"]["correlation"] or 0 for r in songs]),
        "  mean r with the other songs' forms": lambda songs: mean([r["form"]["other"] for r in songs]),
        "silence over 2 s inside": lambda songs: share([r["silence"]["longest"] > 2 for r in songs]),
        "NaN or clipping": lambda songs: share(
            [r["clipping"]["clipped"] + r["clipping"]["not_finite"] > 0 for r in songs]
        ),
        "mean loudness, LUFS": lambda songs: mean([r["loudness"]["integrated"] or -70 for r in songs]),
        "mean longest loop, s": lambda songs: mean([r["repetition"]["longest"] for r in songs]),
    }
    lines = [f"{'':54}" + "".join(f"{kind:>16}" for kind in KINDS)]
    for name, figure in figures.items():
        lines.append(f"{name:54}" + "".join(f"{figure(records[kind]):>16}" for kind in KINDS))
    return "\n".join(lines)


def share(judged: Sequence[bool]) -> str:
    return f"{sum(judged)} of {len(judged)} ({sum(judged) / max(len(judged), 1):.0%})"


def mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f}"


if __name__ == "__main__":
    main()
