"""How a spectral codec is made from songs: the settings of both stages."""

from __future__ import annotations

from dataclasses import dataclass, field

from khala.models.codec.config import SpectralConfig


@dataclass(frozen=True)
class FitRecipe:
    """The closed-form stage: which frames, how their errors are weighed, how hard k-means works.

    The weights say how much an error in a part of the features costs, a log-magnitude error of mid between 100 and
    250 Hz being one.
    """

    frames: int = 500_000
    excerpt_frames: int = 96
    held_out_frames: int = 6_000
    voice_band: float = 1.3  # mid between 250 Hz and 6 kHz: what words are made of
    low_band: float = 0.7  # mid and side below 100 Hz: the long spectrum tells the bass better
    high_band: float = 0.5  # and above 5 kHz, falling to this at 16 kHz
    side: float = 0.4
    balance: float = 0.7
    low: float = 0.8  # the long spectrum of the lowest bins
    batch: int = 131_072  # frames that a level is fitted on; others for every level, so that residuals stay honest
    first_levels: int = 2  # the levels that the backbone writes are fitted longest, on all frames
    first_iterations: int = 24
    iterations: int = 6
    shrink: float = 2.0  # a code vector counts as if it had this many more frames at zero: less over-fitting
    threads: int = 0  # 0: as many as torch chooses


@dataclass(frozen=True)
class VocoderRecipe:
    """The learned stage: ``minutes`` of wall clock, or ``steps`` where that is not 0; a step sees ``batch`` excerpts of
    ``frames`` codec frames."""

    minutes: float = 40.0
    steps: int = 0
    batch: int = 8
    frames: int = 40
    matrix_rate: float = 0.02
    other_rate: float = 0.002
    warmup: float = 0.02
    decay: float = 0.5
    clip: float = 1.0
    log_steps: int = 20
    checkpoint_minutes: float = 5.0
    eval_minutes: float = 10.0
    test_songs: int = 6
    test_seconds: int = 10
    threads: int = 1

    def progress(self, step: int, elapsed: float) -> float:
        """How much of the budget is used after so many steps and seconds; 1 is the end."""
        return step / self.steps if self.steps else elapsed / (60 * self.minutes)


@dataclass(frozen=True)
class CodecRecipe:
    """Settings of ``khala train codec``; the defaults are those of Khala Mini."""

    model: SpectralConfig = field(default_factory=SpectralConfig)
    fit: FitRecipe = field(default_factory=FitRecipe)
    vocoder: VocoderRecipe = field(default_factory=VocoderRecipe)
    seed: int = 1
