"""A recipe: everything a training run is made from, in one TOML file read into frozen dataclasses.

The tables are `[corpus]`, `[codec]`, `[backbone]`, `[superres]`, `[recogniser]` and, at the top, the preset that fixes
the shapes. An unknown key is an error, so that a misspelt one is not silently a default.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from khala.models.config import ModelConfig
from khala.models.presets import PRESETS
from khala.music.errors import InvalidRequest
from khala.training.codec.recipe import CodecRecipe
from khala.training.recogniser import RecogniserRecipe
from khala.weights.configs import from_json


@dataclass(frozen=True)
class CorpusRecipe:
    """Songs to compose: `hours` of audio from `seed` on."""

    hours: float = 2.0
    seed: int = 1


@dataclass(frozen=True)
class LoopRecipe:
    """What all language-model runs have in common. The budget is `minutes` of wall clock, or `steps` if that is not 0.

    `batch_tokens` positions make a step, passed through the model in pieces of at most `piece_tokens`. `matrix_rate` is
    Muon's learning rate, the others are AdamW's. `max_frames` crops longer songs.
    """

    seed: int = 1
    minutes: float = 60.0
    steps: int = 0
    batch_tokens: int = 8192
    piece_tokens: int = 4096
    max_frames: int = 1450
    matrix_rate: float = 0.02
    embedding_rate: float = 0.01
    head_rate: float = 0.004
    other_rate: float = 0.004
    warmup: float = 0.02
    decay: float = 0.4
    clip: float = 1.0
    precision: str = "auto"
    threads: int = 0  # 0: as many as torch chooses
    log_steps: int = 10
    checkpoint_minutes: float = 5.0
    eval_minutes: float = 10.0
    eval_songs: int = 32

    def __post_init__(self) -> None:
        for name in (
            "batch_tokens",
            "piece_tokens",
            "max_frames",
            "log_steps",
            "checkpoint_minutes",
            "eval_minutes",
            "clip",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be more than 0")
        if self.steps <= 0 and self.minutes <= 0:
            raise ValueError("a run needs a budget: set minutes or steps to more than 0")


@dataclass(frozen=True)
class BackboneRecipe(LoopRecipe):
    """The causal model of q0 and q1.

    `excerpts` is the share of steps that see excerpts, many at once, asked for with the words that are sung in them:
    of about `excerpt_frames` and, with `doublings`, twice as many, four times as many, ... What a prompt says decides
    an excerpt; in whole songs the music so far drowns it, and where in the lyrics it is, is harder to tell. A share of
    `blank` songs stands behind an empty prompt, for guidance. `phones` is the weight of telling what is being sung,
    `chords` that of telling what is being played.
    `noise` is the share of codes that are misheard as another one of the song: a small corpus is not learnt by heart
    then, and a wrong draw does not lead astray. `untold` is the share of songs whose style or key is not among the
    cues.
    """

    excerpts: float = 0.5
    excerpt_frames: int = 128
    doublings: int = 0
    blank: float = 0.1
    phones: float = 0.0
    chords: float = 0.0
    noise: float = 0.0
    untold: float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.excerpts < 1:
            raise ValueError(f"excerpts is {self.excerpts}; it is a share, from 0 to less than 1")
        if not all(0 <= share < 1 for share in (self.blank, self.noise, self.untold)):
            raise ValueError("blank, noise and untold are shares, from 0 to less than 1")
        if min(self.phones, self.chords) < 0:
            raise ValueError("phones and chords are weights of 0 or more")
        if self.excerpt_frames <= 0 or self.doublings < 0:
            raise ValueError("excerpt_frames must be more than 0, and doublings not less")


@dataclass(frozen=True)
class SuperresRecipe(LoopRecipe):
    """The refiner: with probability `causal` a step is the backbone's objective, else full attention predicts a level.

    Level k = 2.. is drawn with weight 1 / (k + `level_offset`), one per song of the batch, on a window of at most
    `max_frames` frames that lies anywhere in the song. A share of `untold` songs is not shown what is sung, for
    guidance. `noise` is the share of the codes of levels 0 and 1 that are misheard as another one of the song.
    """

    causal: float = 0.1
    level_offset: float = 2.0
    max_frames: int = 640
    untold: float = 0.1
    noise: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0 <= share < 1 for share in (self.untold, self.noise)):
            raise ValueError("untold and noise are shares, from 0 to less than 1")


@dataclass(frozen=True)
class Recipe:
    preset: str = "mini"
    corpus: CorpusRecipe = field(default_factory=CorpusRecipe)
    codec: CodecRecipe = field(default_factory=CodecRecipe)
    backbone: BackboneRecipe = field(default_factory=BackboneRecipe)
    superres: SuperresRecipe = field(default_factory=SuperresRecipe)
    recogniser: RecogniserRecipe = field(default_factory=RecogniserRecipe)


def preset(recipe: Recipe) -> ModelConfig:
    """The shapes of the recipe's models, with the codec that it trains."""
    if recipe.preset not in PRESETS:
        raise InvalidRequest(f"recipe: the preset '{recipe.preset}' is unknown; known are {', '.join(PRESETS)}")
    return replace(PRESETS[recipe.preset](), codec=recipe.codec.model)


def load(path: Path, settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe; `settings` are "table.key=value" overrides, the value in TOML (bare words are strings)."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidRequest(f"cannot read the recipe {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"the recipe {path} is not valid TOML: {error}") from error
    for setting in settings:
        _override(table, setting)
    try:
        return from_json(Recipe, table)
    except ValueError as error:
        raise InvalidRequest(f"the recipe {path}: {error}") from None


def _override(table: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    *parents, key = path.strip().split(".")
    if not equals or not key:
        raise InvalidRequest(f"--set {setting}: write it as table.key=value, for instance backbone.minutes=60")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise InvalidRequest(f"--set {setting}: '{parent}' is not a table")
    table[key] = value
