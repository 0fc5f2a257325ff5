"""How a song differs when super-resolution goes through it in windows.

    python benchmarks/windows.py [--model mini] [--songs 3] [--seconds 60] [FRAMES,BEFORE,BEHIND] ...

Codes of levels 0 and 1 are the model's own. Figures are means over songs, beside a pass over the whole song: "agree" is
the share of equal codes in levels 2 to 7, "spectra" the mean distance of the codec's features in nats; "seam" is how
much more these change from one frame to the next where windows meet than the whole song's do there; "phones" is what
the recogniser gets wrong, and "level" is in dB. Two seeds, drawn and not "mean", show what another rendition is.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

import khala
from khala.engine.pytorch.refine import refine
from khala.engine.pytorch.synthesis import synthesise
from khala.evaluation.error_rate import phoneme_error_rate
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.windows import SONG_WINDOWS, Windows, windows_over
from khala.music.request import SongRequest

TAGS = (("rock", "male vocals"), ("pop", "female vocals"), ("ballad", "piano", "female vocals"))
LYRICS = """[verse]
Walking down the road tonight
Every window holds a light
[chorus]
We will run until the day
Nothing ever turns away
[verse]
Morning comes across the hill
All the river water still"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("windows", nargs="*", metavar="FRAMES,BEFORE,BEHIND")
    parser.add_argument("--model", default="mini")
    parser.add_argument("--songs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    pipe = khala.load(arguments.model, engine="torch")
    given = [Windows(*map(int, text.split(","))) for text in arguments.windows] or [SONG_WINDOWS]
    songs = [draft(pipe, tags, arguments.seconds, seed) for seed, tags in enumerate(TAGS[: arguments.songs], 1)]
    wholes = [refined(pipe, one) for one in songs]
    print("| | agree | spectra | seam | phones | level |\n|---|---|---|---|---|---|", flush=True)
    show("whole", [compare(pipe, whole, whole) for whole in wholes])
    for windows in given:
        pairs = zip(songs, wholes, strict=True)
        show(str(windows), [compare(pipe, refined(pipe, one, windows), whole, windows) for one, whole in pairs])
    drawn = [[refined(pipe, seeded(one, seed)) for seed in (1, 2)] for one in songs]
    show("two seeds", [compare(pipe, *pair) for pair in drawn])


def draft(pipe: khala.Pipeline, tags: Sequence[str], seconds: float, seed: int) -> RefineInput:
    """What the backbone makes of a request."""
    sampling = pipe.config.sampling
    request = SongRequest(tags=tuple(tags), lyrics=LYRICS, duration=seconds, seed=seed, sampling=sampling)
    plans = pipe.plan_takes(request)
    return plans[0].refine_input(pipe.backbone(plans)[0])


def seeded(one: RefineInput, seed: int) -> RefineInput:
    """The same take, drawn with another seed."""
    return replace(one, seed=seed, sampling=one.sampling.with_changes(superres_top_k=10))


def refined(pipe: khala.Pipeline, one: RefineInput, windows: Windows | None = None) -> np.ndarray:
    """All levels."""
    return refine(pipe.engine.loaded.superres, [one], pipe.engine.loaded.codebooks, windows=windows)[0]


def compare(
    pipe: khala.Pipeline, codes: np.ndarray, other: np.ndarray, windows: Windows | None = None
) -> tuple[float, ...]:
    """Agreement, distance of spectra, seam, share of wrong phones, level."""
    codec = pipe.engine.loaded.codec
    assert isinstance(codec, SpectralCodec)
    mine, its = (
        codec.to_features(codec.quantizer.decode(torch.from_numpy(each.astype(np.int64))[None]).transpose(1, 2))[0]
        for each in (codes, other)
    )
    seams = [window.start - 1 for window in windows_over(len(mine), windows)[1:]]
    steps = [each.diff(dim=0).abs().mean(1)[seams].mean() for each in (mine, its)]
    samples = synthesise(codec, codes)
    wrong = phoneme_error_rate(samples, pipe.config.codec.sample_rate, LYRICS)
    agree = float((codes == other)[2:8].mean())
    return (
        agree,
        float((mine - its).abs().mean()),
        float(steps[0] - steps[1]),
        wrong,
        20 * float(np.log10(samples.std())),
    )


def show(name: str, figures: Sequence[tuple[float, ...]]) -> None:
    """Print means over songs as a row."""
    agree, spectra, seam, wrong, level = np.mean(figures, axis=0)
    print(f"| {name} | {agree:.2f} | {spectra:.3f} | {seam:.3f} | {100 * wrong:.0f} % | {level:.1f} |", flush=True)


if __name__ == "__main__":
    with torch.inference_mode():
        main()
