"""The configuration of a whole system: two language models, a codec, the format of prompts."""

from dataclasses import dataclass, field
from typing import Any, Literal

from khala.models.codec.config import CodecConfig
from khala.models.lm.config import TransformerConfig
from khala.music.errors import InvalidRequest
from khala.music.layout import TokenLayout
from khala.music.prompt import PromptStyle
from khala.music.request import Sampling, SongRequest


@dataclass(frozen=True)
class Imported:
    """The checkpoint of an imported language model, and how often its fc1 biases are added, with the reason.

    "doubled": the biases are imported as twice the published ones; see docs/published-weights.md.
    """

    iteration: int
    fc1_bias: Literal["single", "doubled"]
    why: str


@dataclass(frozen=True)
class Origin:
    """The source of an imported system; `codec` is the name of the codec's file."""

    backbone: Imported
    superres: Imported
    codec: str


@dataclass(frozen=True)
class ModelConfig:
    """A whole system: both language models, the codec, the format of prompts, default sampling.

    `window_frames` is how long the parts of songs were that the backbone was trained on, so that a longer song is
    written window by window (`conditioning.windows`); 0 for a model that reads songs as a whole.
    `origin` is set for imported weights. `conditions` is the vocabulary of the models' tables of conditions, as JSON
    values that nothing here reads (`conditioning.vocabulary`); None if the models have no conditions, or for models of
    version 0.1.0. Raises ValueError for parts that do not fit together.
    """

    name: str
    backbone: TransformerConfig
    superres: TransformerConfig
    codec: CodecConfig
    prompt: PromptStyle = field(default_factory=PromptStyle)
    sampling: Sampling = field(default_factory=Sampling)
    max_seconds: float = 600.0
    window_frames: int = 0
    license: str = "Apache-2.0"
    origin: Origin | None = None
    conditions: dict[str, Any] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        sizes = {(part.codebook, part.text_vocab) for part in (self.backbone, self.superres)}
        if len(sizes) > 1 or self.codec.codebook != self.backbone.codebook:
            raise ValueError("backbone, super-resolution and codec must share codebook and text vocabulary sizes")
        if self.backbone.levels != 2 or self.superres.levels > self.codec.levels:
            raise ValueError("a backbone writes 2 levels, and super-resolution no more than the codec has")
        if self.window_frames and not self.backbone.condition_rows:
            raise ValueError("window_frames is for a backbone that takes conditions: they tell where in a song it is")
        if self.window_frames and self.prompt.backbone_limit + 2 * self.window_frames >= self.backbone.context:
            raise ValueError(f"a prompt and a window of {self.window_frames} frames exceed the backbone's context")
        for part in (self.backbone, self.superres):
            if part.codebook_dim not in (None, self.codec.dim):
                raise ValueError(f"codebook_dim {part.codebook_dim} is not the codec's width {self.codec.dim}")

    def require_possible(self, request: SongRequest) -> None:
        """Raise InvalidRequest for what this model cannot do, however much memory there is."""
        if request.duration > self.max_seconds:
            raise InvalidRequest(
                f"duration is {request.duration:g} s; the model {self.name} makes songs of up to {self.max_seconds:g} s"
            )
        if request.sampling.guidance != 1 and not self.prompt.supports_guidance:
            raise InvalidRequest(
                f"guidance is {request.sampling.guidance:g}; the model {self.name} supports none: leave it at 1"
            )

    def frames_at_once(self, frames: int) -> int:
        """The most frames of a song of so many that the backbone reads at a time."""
        return min(frames, self.window_frames) if self.window_frames else frames

    @property
    def frame_rate(self) -> float:
        """Frames of codes per second."""
        return self.codec.sample_rate / self.codec.hop

    @property
    def languages(self) -> tuple[str, ...] | None:
        """The languages that the model sings, as ISO 639-1 codes; None if unknown."""
        return ("en",) if self.prompt.lyrics == "phones" else None

    @property
    def layout(self) -> TokenLayout:
        """The token ids of the system; the backbone's are the first of them."""
        return self.superres.layout
