"""The shape of a language model and of a whole system."""

from dataclasses import dataclass, field
from typing import Literal

from khala.conditioning.preview import Preview, preview
from khala.models.codec.config import CodecConfig
from khala.music.errors import InvalidRequest
from khala.music.layout import TokenLayout
from khala.music.prompt import PromptStyle
from khala.music.request import Sampling, SongRequest


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of a backbone (2 `levels` of audio in its vocabulary) or a super-resolution model (all levels).

    `context` is the longest sequence it was made for. `bias` puts one on every linear layer of the blocks, not on the
    head. `rope_scaling` slows the slow rotary positions down by that factor (`nn.rope`). With `codebook_dim` the codes
    of levels >= 2 have no learned rows: they are seen and told apart through the codec's own codebooks of that width
    (`models.lm.codebooks`). Without, every code has its row, as published. `cues`: it is shown the outline of a song
    (`conditioning.outline`).
    """

    text_vocab: int
    codebook: int
    levels: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    norm_eps: float = 1e-6
    rope_base: float = 500000.0
    rope_scaling: float = 1.0
    bias: bool = False
    qk_norm: bool = False
    tied: bool = False
    context: int = 16384
    codebook_dim: int | None = None
    cues: bool = False

    def __post_init__(self) -> None:
        if self.heads % self.kv_heads:
            raise ValueError(f"{self.heads} query heads do not divide into {self.kv_heads} groups")
        if self.head_dim % 2:
            raise ValueError(f"rotary positions turn pairs: head_dim {self.head_dim} must be even")

    @property
    def layout(self) -> TokenLayout:
        """Where text and codes lie among the ids of this model."""
        return TokenLayout(self.text_vocab, self.codebook, self.levels)

    @property
    def dense_levels(self) -> int:
        """Levels whose codes have learned rows in embedding and head."""
        return self.levels if self.codebook_dim is None else 2

    @property
    def rows(self) -> int:
        """Learned rows of embedding and head: text, then the codes of the dense levels."""
        return self.text_vocab + self.dense_levels * self.codebook


@dataclass(frozen=True)
class Imported:
    """Which checkpoint an imported language model was, and how often its fc1 biases are added, with the reason.

    "doubled" weights hold biases that are twice the stored ones: see docs/published-weights.md.
    """

    iteration: int
    fc1_bias: Literal["single", "doubled"]
    why: str


@dataclass(frozen=True)
class Origin:
    """Where an imported system comes from; `codec` is the name of the codec's file."""

    backbone: Imported
    superres: Imported
    codec: str


@dataclass(frozen=True)
class ModelConfig:
    """A whole system: both language models, the codec, how prompts are written and codes are drawn by default.

    `origin` is set where weights were imported, not trained here.
    """

    name: str
    backbone: TransformerConfig
    superres: TransformerConfig
    codec: CodecConfig
    prompt: PromptStyle = field(default_factory=PromptStyle)
    sampling: Sampling = field(default_factory=Sampling)
    max_seconds: float = 600.0
    license: str = "Apache-2.0"
    origin: Origin | None = None

    def __post_init__(self) -> None:
        sizes = {(part.codebook, part.text_vocab) for part in (self.backbone, self.superres)}
        if len(sizes) > 1 or self.codec.codebook != self.backbone.codebook:
            raise ValueError("backbone, super-resolution and codec must share codebook and text vocabulary sizes")
        if self.backbone.levels != 2 or self.superres.levels > self.codec.levels:
            raise ValueError("a backbone writes 2 levels, and super-resolution no more than the codec has")
        for part in (self.backbone, self.superres):
            if part.codebook_dim not in (None, self.codec.dim):
                raise ValueError(f"codebook_dim {part.codebook_dim} is not the codec's width {self.codec.dim}")

    def require_possible(self, request: SongRequest) -> None:
        """Raises InvalidRequest for what this model cannot do, whatever its memory."""
        if request.duration > self.max_seconds:
            raise InvalidRequest(
                f"duration is {request.duration:g} s; the model {self.name} makes songs of up to {self.max_seconds:g} s"
            )
        if request.sampling.guidance != 1 and not self.prompt.blank:
            raise InvalidRequest(
                f"guidance is {request.sampling.guidance:g}; the model {self.name} knows none: leave it at 1"
            )

    @property
    def frame_rate(self) -> float:
        """Frames of codes in a second of song."""
        return self.codec.sample_rate / self.codec.hop

    @property
    def languages(self) -> tuple[str, ...] | None:
        """The languages it sings, as ISO 639-1 codes, where that is known."""
        return ("en",) if self.prompt.lyrics == "phones" else None

    def preview(self, request: SongRequest) -> Preview:
        """What this model will make of a request, told from its words alone."""
        return preview(request, self.prompt, self.frame_rate, self.backbone.cues)

    @property
    def layout(self) -> TokenLayout:
        """The token ids of the system; the backbone's are the first of them."""
        return self.superres.layout
