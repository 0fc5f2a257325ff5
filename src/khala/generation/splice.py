"""What of a reworked song is the source's: codes between which others are refined, samples on either side of a seam."""

import numpy as np
from numpy.typing import NDArray

from khala.audio.samples import Samples
from khala.engine.base import Engine
from khala.engine.chains import run_chains
from khala.generation.kept import Span
from khala.generation.planned_rework import PlannedRework
from khala.models.codec.config import SpectralConfig
from khala.models.lm.refine_input import RefineInput
from khala.models.lm.refinement import FIRST_LEVEL
from khala.models.lm.windows import windows_between
from khala.music.progress import Progress, silent

REACH_FRAMES = 12
"""Frames from a code within which the spectral codec's samples depend on it, but for the phase of what comes behind."""
SEAM_SAMPLES = 1024
"""Length of the cross-fade where the samples of the source begin again: 23 ms."""
SEARCHED_FRAMES = 6
"""Behind the reach, the quietest place within so many frames is chosen for it."""


def refine_between(
    engine: Engine, one: RefineInput, rework: PlannedRework, progress: Progress = silent
) -> NDArray[np.int16]:
    """Refine the frames of a take that are written anew -> codes [Q, T], those of the source elsewhere."""
    frames = one.codes.shape[1]
    codes_QT, spans = rework.kept_codes(frames), rework.spans_of(frames)
    windows = windows_between(spans, frames, engine.windows)
    begins, steps = {begin for begin, _ in spans}, engine.config.superres.levels - FIRST_LEVEL
    refining = [engine.refining(one, window, codes_QT) for window in windows]
    run_chains(
        lambda number, step: refining[number].decide(FIRST_LEVEL + step),
        [window.start not in begins for window in windows],
        steps,
        lambda done: progress("superres", done, steps * len(windows)),
        engine.threads,
    )
    return codes_QT


def spliced(engine: Engine, samples_2N: Samples, rework: PlannedRework) -> Samples:
    """Put the source's samples where its codes are, out of the reach of those that are written anew. The spectral codec
    adds up phases from the beginning to the end: behind a seam the same codes would sound alike, but have others."""
    codec = engine.config.codec
    if not isinstance(codec, SpectralConfig):
        return samples_2N
    old_2N = engine.synthesise(rework.source.codes)
    result_2N = samples_2N.copy()
    frames = samples_2N.shape[1] // codec.hop
    spans = _apart(rework.spans_of(frames))
    first = max(spans[0][0] - REACH_FRAMES, 0) * codec.hop
    result_2N[:, :first] = old_2N[:, :first]
    for (_, end), (following, _) in zip(spans, [*spans[1:], (frames + REACH_FRAMES, 0)], strict=True):
        begin, stop = (end + REACH_FRAMES) * codec.hop, (following - REACH_FRAMES) * codec.hop
        if begin + SEAM_SAMPLES <= min(stop, old_2N.shape[1]):
            _go_over(result_2N, old_2N, begin, min(stop, old_2N.shape[1], result_2N.shape[1]), codec.hop)
    return result_2N


def _go_over(result_2N: Samples, old_2N: Samples, begin: int, stop: int, hop: int) -> None:
    """Let a song go over to its source's samples soon after `begin`, where it is quietest, up to `stop`."""
    last = min(begin + SEARCHED_FRAMES * hop, stop - SEAM_SAMPLES)
    power_N = np.square(old_2N[:, begin : last + SEAM_SAMPLES], dtype=np.float64).sum(0)
    sums = np.convolve(power_N, np.ones(SEAM_SAMPLES), mode="valid")
    place = begin + int(sums.argmin())
    angle = np.linspace(0, np.pi / 2, SEAM_SAMPLES, dtype=np.float32)
    seam = slice(place, place + SEAM_SAMPLES)
    # their phases have nothing to do with each other: powers add up
    result_2N[:, seam] = result_2N[:, seam] * np.cos(angle) + old_2N[:, seam] * np.sin(angle)
    result_2N[:, seam.stop : stop] = old_2N[:, seam.stop : stop]


def _apart(spans: tuple[Span, ...]) -> list[Span]:
    """Spans with those joined between which nothing is out of their reach."""
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin - joined[-1][1] <= 2 * REACH_FRAMES:
            begin = joined.pop()[0]
        joined.append((begin, end))
    return joined
