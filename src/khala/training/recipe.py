"""Recipes: everything a training run is made from, as frozen dataclasses that `recipe_file` reads from TOML."""

from dataclasses import dataclass, field, replace

from khala.models.codec.config import SpectralConfig
from khala.models.config import ModelConfig
from khala.models.presets import PRESETS
from khala.music.errors import InvalidRequest


@dataclass(frozen=True)
class CorpusRecipe:
    """Songs to compose: `hours` of audio from `seed` on."""

    hours: float = 2.0
    seed: int = 1


@dataclass(frozen=True)
class LoopRecipe:
    """Settings of the training loop. The budget is `minutes` of wall clock, or `steps` if that is not 0.

    `warmup` and `decay` are fractions of the run, `clip` bounds the norm of a step's gradient. `threads` 0 leaves their
    number to torch.
    """

    minutes: float = 60.0
    steps: int = 0
    warmup: float = 0.02
    decay: float = 0.4
    clip: float = 1.0
    precision: str = "auto"
    threads: int = 0
    log_steps: int = 10
    checkpoint_minutes: float = 5.0
    eval_minutes: float = 10.0

    def __post_init__(self) -> None:
        _require_positive(self, "log_steps", "checkpoint_minutes", "eval_minutes", "clip")
        if self.steps <= 0 and self.minutes <= 0:
            raise ValueError("a run needs a budget: set minutes or steps to more than 0")


@dataclass(frozen=True)
class LanguageModelRecipe(LoopRecipe):
    """Settings that backbone and super-resolution share.

    `batch_tokens` positions make a step, passed through the model in micro-batches of at most `micro_batch_tokens`.
    `matrix_rate` is Muon's learning rate, the others are AdamW's. Of longer songs, windows of `max_frames` are read, as
    many as it has room for. `chord_dropout` is the share of songs whose chords are missing from the conditions (in half
    of the others those of some parts are), `singer_dropout` that of songs whose singer is.
    """

    seed: int = 1
    batch_tokens: int = 8192
    micro_batch_tokens: int = 4096
    max_frames: int = 1450
    matrix_rate: float = 0.02
    embedding_rate: float = 0.01
    head_rate: float = 0.004
    other_rate: float = 0.004
    chord_dropout: float = 0.5
    singer_dropout: float = 0.15
    eval_songs: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_positive(self, "batch_tokens", "micro_batch_tokens", "max_frames")
        _require_shares(self, "chord_dropout", "singer_dropout")


@dataclass(frozen=True)
class BackboneRecipe(LanguageModelRecipe):
    """The causal model of q0 and q1.

    `excerpt_share` is the share of steps that train on excerpts, many in a batch, each behind a prompt with its own
    words alone. They have about `excerpt_frames`, twice as many, four times as many, ...: `excerpt_lengths` lengths in
    turn. The prompt of an excerpt decides what is in it; in a whole song the codes so far outweigh it, and the place in
    the lyrics is harder to find.

    `prompt_dropout` is the share of songs behind an empty prompt, for classifier-free guidance; `style_key_dropout`
    that of songs whose style or key is missing from the conditions, `timing_dropout` that of songs whose conditions do
    not say how long a phone lasts. `code_corruption` is the share of input codes that are replaced by others of the
    song, so that a small corpus is not learnt by heart and a wrong draw does not lead astray. `phone_loss_weight` and
    `chord_loss_weight` weigh the auxiliary losses on the sung phone and the chord.
    """

    excerpt_share: float = 0.5
    excerpt_frames: int = 128
    excerpt_lengths: int = 1
    prompt_dropout: float = 0.1
    phone_loss_weight: float = 0.0
    chord_loss_weight: float = 0.0
    code_corruption: float = 0.0
    style_key_dropout: float = 0.25
    timing_dropout: float = 0.15

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_shares(self, "excerpt_share", "prompt_dropout", "code_corruption")
        _require_shares(self, "style_key_dropout", "timing_dropout")
        _require_positive(self, "excerpt_frames", "excerpt_lengths")
        if min(self.phone_loss_weight, self.chord_loss_weight) < 0:
            raise ValueError("phone_loss_weight and chord_loss_weight are weights of 0 or more")


@dataclass(frozen=True)
class SuperresRecipe(LanguageModelRecipe):
    """The refiner: with probability `causal` a step is the backbone's objective, else full attention predicts a level.

    Level k = 2.. is drawn with weight 1 / (k + `level_offset`), one per song of the batch, on a window of at most
    `max_frames` frames anywhere in the song. `phone_dropout` is the share of songs without the conditions of their
    phones, for guidance; `code_corruption` the share of codes of levels 0 and 1 that are replaced by others of the
    song.
    """

    causal: float = 0.1
    level_offset: float = 2.0
    max_frames: int = 640
    phone_dropout: float = 0.1
    code_corruption: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_shares(self, "phone_dropout", "code_corruption")


@dataclass(frozen=True)
class DurationRecipe(LoopRecipe):
    """The duration model: a step trains on `batch` phones. `rate` is AdamW's learning rate."""

    seed: int = 1
    minutes: float = 1.0
    batch: int = 1024
    rate: float = 0.002
    decay: float = 0.8
    precision: str = "float32"
    threads: int = 1
    log_steps: int = 200
    eval_minutes: float = 1.0


@dataclass(frozen=True)
class RecogniserRecipe(LoopRecipe):
    """The recogniser of sung phones: a step trains on `batch` excerpts of `seconds`.

    `coded` is the share of excerpts that went through the codec of the model `codec`. For `frames_first` of the run
    only the head that names the phone of every frame is trained: transcripts alone teach nothing for long.
    `matrix_rate` is Muon's learning rate, `other_rate` AdamW's.
    """

    codec: str = "mini"
    seed: int = 1
    minutes: float = 40.0
    batch: int = 6
    seconds: float = 8.0
    coded: float = 0.35
    frames_first: float = 0.4
    matrix_rate: float = 0.01
    other_rate: float = 0.003
    warmup: float = 0.03
    decay: float = 0.5
    clip: float = 5.0
    precision: str = "float32"
    threads: int = 1
    log_steps: int = 20
    test_songs: int = 6


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
    """The learned stage of the codec: a step trains on `batch` excerpts of `frames` codec frames.

    `matrix_rate` is Muon's learning rate, `other_rate` AdamW's. It is measured on the first `test_seconds`
    of `test_songs` held-out songs.
    """

    minutes: float = 40.0
    batch: int = 8
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
class CodecRecipe:
    """Settings of `khala train codec`; the defaults are those of Khala Mini."""

    model: SpectralConfig = field(default_factory=SpectralConfig)
    fit: FitRecipe = field(default_factory=FitRecipe)
    vocoder: VocoderRecipe = field(default_factory=VocoderRecipe)
    seed: int = 1


@dataclass(frozen=True)
class Recipe:
    """One recipe file: a table for every stage and, at the top, the preset that fixes the shapes."""

    preset: str = "mini"
    corpus: CorpusRecipe = field(default_factory=CorpusRecipe)
    codec: CodecRecipe = field(default_factory=CodecRecipe)
    backbone: BackboneRecipe = field(default_factory=BackboneRecipe)
    superres: SuperresRecipe = field(default_factory=SuperresRecipe)
    durations: DurationRecipe = field(default_factory=DurationRecipe)
    recogniser: RecogniserRecipe = field(default_factory=RecogniserRecipe)


def preset(recipe: Recipe) -> ModelConfig:
    """Return the shapes of the recipe's models, with the codec that it trains. Raises InvalidRequest."""
    if recipe.preset not in PRESETS:
        raise InvalidRequest(f"recipe: the preset '{recipe.preset}' is unknown; known are {', '.join(PRESETS)}")
    return replace(PRESETS[recipe.preset](), codec=recipe.codec.model)


def _require_positive(recipe: LoopRecipe, *names: str) -> None:
    for name in names:
        if getattr(recipe, name) <= 0:
            raise ValueError(f"{name} is {getattr(recipe, name)}; it must be more than 0")


def _require_shares(recipe: LoopRecipe, *names: str) -> None:
    for name in names:
        if not 0 <= getattr(recipe, name) < 1:
            raise ValueError(f"{name} is {getattr(recipe, name)}; it is a share, from 0 to less than 1")
