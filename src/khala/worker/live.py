"""A take that is heard while it is made, and loses no more than a window when its worker is killed.

What can be heard is stored, rather than decoded again from the codes for every listener: then a server needs no model,
any number of people can listen at any of its machines, and a worker that takes over has only to go on.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from khala.audio.wav_stream import pcm, wav_header
from khala.generation.composition import DecidedWindow
from khala.generation.live import LiveBlock
from khala.generation.pipeline import Pipeline
from khala.generation.plan import TakePlan
from khala.generation.take import Take
from khala.generation.timed_lyrics import model_timing
from khala.jobs.records import HEARD, STAGE_SHARES, WINDOW, WORDS, stage_at
from khala.jobs.stages import Keep, Left, StageOutput
from khala.models.lm.result import BackboneResult
from khala.models.lm.windows import windows_over
from khala.music.progress import Progress

SAFETENSORS = "application/x-safetensors"
STEPS = 1000
"""Of the progress that is reported."""


def compose(
    pipeline: Pipeline,
    plan: TakePlan,
    left: Left,
    result: BackboneResult | None,
    report: Progress,
    keep: Keep,
    keep_backbone: Callable[[BackboneResult], None],
) -> Take:
    """Make a take. What an earlier attempt has `left` is not made again; `result` is that of its backbone, if there is
    one, or else goes to `keep_backbone`."""
    known = _known(pipeline, left, result)
    sound = _Sound(pipeline.config.codec.sample_rate, left, keep)
    phones: list[NDArray[np.int16]] = []
    windows, keeps = 0, known is not None or not left.windows
    with pipeline.live_take(plan, result, known, whole_progress(report)) as song:
        for news in song.news():
            match news:
                case BackboneResult():
                    if result is None:
                        keep_backbone(news)
                case DecidedWindow():
                    if keeps and windows >= len(left.windows):
                        content, seconds = save({"codes": news.codes}), news.stop / song.frame_rate
                        keep(StageOutput({f"{WINDOW}{windows}": (SAFETENSORS, content)}, {}, seconds))
                    windows += 1
                    phones += [] if news.phone_index is None else [news.phone_index]
                case LiveBlock():
                    sound.add(news, news.stop / song.frame_rate, _words(plan, phones, song.frame_rate))
        return song.take


def _known(pipeline: Pipeline, left: Left, result: BackboneResult | None) -> NDArray[np.int16] | None:
    """Return the codes [Q, T] of the windows that are left; None if there are none, or if they are not those of this
    version, which then makes the take anew."""
    if not left.windows:
        return None
    codes_QT = np.concatenate([load(window)["codes"] for window in left.windows], 1)
    frames, sizes = codes_QT.shape[1], pipeline.engine.windows
    is_whole = result is not None and result.codes.shape[1] == frames
    longer = windows_over(2 * frames + (sizes.frames if sizes else 0), sizes)
    return codes_QT if is_whole or any(window.stop == frames for window in longer[:-1]) else None


class _Sound:
    """What can be heard of a take, as a WAV stream in parts, from the moment at which playback can start."""

    def __init__(self, rate: int, left: Left, keep: Keep) -> None:
        self._number, self._heard, self._keep = left.parts, left.heard_bytes, keep
        self._coming, self._bytes = wav_header(rate), 0

    def add(self, block: LiveBlock, seconds: float, words: bytes | None) -> None:
        """Store a part that ends with a block, unless it was stored before; `words` as far as they are known then."""
        self._coming += pcm(block.samples)
        if not (self._number or block.can_start):
            return
        part = self._coming[max(self._heard - self._bytes, 0) :]
        self._bytes += len(self._coming)
        self._coming = b""
        if part:
            files = {f"{HEARD}{self._number}": ("audio/wav", part)}
            if words is not None:
                files[f"{WORDS}{self._number}"] = ("application/json", words)
            self._keep(StageOutput(files, {}, seconds))
            self._number += 1


def _words(plan: TakePlan, phones: Sequence[NDArray[np.int16]], frame_rate: float) -> bytes | None:
    """Return when words are sung, as the JSON of `lyrics` in a record, of a take whose first windows have these indices
    of phones; None for a model that does not know that."""
    if not phones:
        return None
    index = np.concatenate(phones)
    timing = model_timing(plan, BackboneResult(np.zeros((2, len(index)), np.int16), False, index), frame_rate)
    if timing is None:
        return None
    lines = [replace(line, sung=line.sung or None) for line in timing.lines]  # what is not sung yet may still be
    return json.dumps([line.to_dict() for line in lines], ensure_ascii=False).encode()


def whole_progress(report: Progress) -> Progress:
    """Return a callback for stages that go on side by side: it tells how far all of them are together, as if one came
    after the other."""
    shares = dict.fromkeys(STAGE_SHARES, 0.0)

    def report_all(stage: str, done: int, total: int) -> None:
        shares[stage] = done / max(total, 1)
        now, share = stage_at(sum(STAGE_SHARES[name] * its for name, its in shares.items()))
        report(now, round(STEPS * share), STEPS)

    return report_all


def wall_seconds(seconds: Mapping[str, Any], elapsed: float) -> dict[str, float]:
    """Divide the time that a take took between its stages, which took so many `seconds` of several threads: estimates
    of the queue add them up."""
    return {stage: elapsed * spent / sum(seconds.values()) for stage, spent in seconds.items()}
