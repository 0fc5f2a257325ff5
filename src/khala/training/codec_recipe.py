"""Settings of `khala train codec`: a table for every stage of either family."""

from dataclasses import dataclass, field
from typing import Literal

from khala.models.codec.config import CodecConfig
from khala.training.loop_recipe import LoopRecipe, require_positive, require_shares


@dataclass(frozen=True)
class FitRecipe:
    """The closed-form stage of the codec: which frames, how their errors are weighed, how many iterations of k-means.

    The weights say how much an error in a part of the features costs, a log-magnitude error of mid between 100 and
    250 Hz being one.
    """

    frames: int = 500_000
    excerpt_frames: int = 96
    held_out_frames: int = 6_000
    voice_band: float = 1.3  # mid between 250 Hz and 6 kHz: what words are made of
    low_band: float = 0.7  # mid and side below 100 Hz: the long spectrum resolves the bass better
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
class VocoderRecipe(LoopRecipe):
    """The learned stage of the codec: a step trains on `batch` excerpts of `frames` codec frames, `micro_batches`
    times, divided over the ranks.

    `matrix_rate` is Muon's learning rate, `other_rate` AdamW's. It is measured on the first `test_seconds`
    of `test_songs` held-out songs.
    """

    minutes: float = 40.0
    batch: int = 8
    micro_batches: int = 1
    frames: int = 40
    matrix_rate: float = 0.02
    other_rate: float = 0.002
    decay: float = 0.5
    precision: str = "float32"
    threads: int = 1
    log_steps: int = 20
    test_songs: int = 6
    test_seconds: int = 10


@dataclass(frozen=True)
class AdversaryRecipe(VocoderRecipe):
    """A stage after the vocoder's: it goes on learning while a discriminator looks at the magnitudes that it gives.

    `width` is the discriminator's, `judge_rate` its learning rate. `fool_weight` and `match_weight` weigh what the
    vocoder owes it beside the errors of magnitude and phase (`training.adversary`).
    """

    minutes: float = 60.0
    matrix_rate: float = 0.005
    other_rate: float = 0.0005
    judge_rate: float = 0.0005
    width: int = 12
    fool_weight: float = 0.1
    match_weight: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "width", "judge_rate")
        if min(self.fool_weight, self.match_weight) < 0:
            raise ValueError("fool_weight and match_weight are weights of 0 or more")


@dataclass(frozen=True)
class AutoencoderRecipe(LoopRecipe):
    """The first stage of a `dac` codec: encoder and decoder without codes, so that these begin in a space that means
    something. A step trains on `batch` excerpts of `frames` codec frames, `micro_batches` times, divided over the
    ranks.

    `rate` is AdamW's learning rate, `wave_weight` weighs the error of the samples beside that of the mel spectra: it
    alone teaches phases at first. `test_seconds` from the middle of `test_songs` held-out songs are measured.
    """

    minutes: float = 30.0
    batch: int = 8
    micro_batches: int = 1
    frames: int = 8
    rate: float = 0.001
    wave_weight: float = 30.0
    precision: str = "float32"
    test_songs: int = 6
    test_seconds: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "batch", "micro_batches", "frames", "rate")


@dataclass(frozen=True)
class QuantizedRecipe(AutoencoderRecipe):
    """The second stage of a `dac` codec: with codes, and against discriminators. The codes begin with
    `start_iterations` of k-means on `start_frames` frames.

    `dropout` is the share of excerpts that are coded with a random number of levels, so that few levels make a song,
    too. Codebooks are averages over steps that fade by `ema_decay`; a code that is used less than `unused_share` times
    as often as the mean of its level is replaced. `discriminator_share` scales the discriminators' widths, `judge_rate`
    is their learning rate; `fool_weight` and `match_weight` weigh what the codec owes them (`training.adversary`),
    `commitment_weight` the distance of latents from their codes.
    """

    minutes: float = 60.0
    rate: float = 0.0005
    start_frames: int = 20_000
    start_iterations: int = 8
    dropout: float = 0.5
    ema_decay: float = 0.99
    unused_share: float = 0.02
    commitment_weight: float = 5.0
    discriminator_share: float = 1.0
    judge_rate: float = 0.0005
    fool_weight: float = 0.3
    match_weight: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        require_shares(self, "dropout", "ema_decay", "unused_share")
        require_positive(self, "start_frames", "start_iterations", "discriminator_share", "judge_rate")
        if min(self.commitment_weight, self.fool_weight, self.match_weight) < 0:
            raise ValueError("commitment_weight, fool_weight and match_weight are weights of 0 or more")


@dataclass(frozen=True)
class CodecRecipe:
    """Settings of `khala train codec`; the defaults are those of Khala Mini.

    Without `family` and `model` family and shapes are the preset's. A `spectral` codec is trained by `fit`, `vocoder`
    and, if that is there, `adversary`; a `dac` codec by `autoencoder` and `quantized`.
    """

    family: Literal["", "spectral", "dac"] = ""
    model: CodecConfig | None = None
    fit: FitRecipe = field(default_factory=FitRecipe)
    vocoder: VocoderRecipe = field(default_factory=VocoderRecipe)
    adversary: AdversaryRecipe | None = None
    autoencoder: AutoencoderRecipe = field(default_factory=AutoencoderRecipe)
    quantized: QuantizedRecipe = field(default_factory=QuantizedRecipe)
    seed: int = 1
