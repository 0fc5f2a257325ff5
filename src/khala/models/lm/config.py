"""The configuration of a language model."""

from dataclasses import dataclass

from khala.music.layout import TokenLayout

PAD_ID = 0
"""The row of the table of conditions for no condition: it adds nothing."""


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of a backbone (2 `levels` of audio in its vocabulary) or a super-resolution model (all levels).

    `context` is the longest sequence that the model is meant for. `bias` gives every linear layer of the blocks a bias,
    but not the head. `rope_scaling` slows the slow rotary positions down by that factor (`nn.rope`). With
    `codebook_dim` the codes of levels >= 2 have no learned rows, but are embedded and predicted through the codec's
    codebooks of that width (`models.lm.codebooks`); without it every code has a row, as published. `condition_rows` is
    the size of the table of conditions (`Transformer.embed_conditions`), 0 for a model without conditions. With
    `residual` a super-resolution model predicts all levels in one pass, as the vector that they add up to
    (`CodebookProjections.residual`), and not level by level. Raises ValueError for impossible sizes.
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
    condition_rows: int = 0
    residual: bool = False

    def __post_init__(self) -> None:
        if self.heads % self.kv_heads:
            raise ValueError(f"{self.heads} query heads do not divide into {self.kv_heads} groups")
        if self.head_dim % 2:
            raise ValueError(f"rotary positions rotate pairs: head_dim {self.head_dim} must be even")
        if self.residual and (self.codebook_dim is None or self.levels <= 2):
            raise ValueError("only a super-resolution model with codebook_dim predicts the residual")

    @property
    def layout(self) -> TokenLayout:
        """The ranges of text and codes among the ids of this model."""
        return TokenLayout(self.text_vocab, self.codebook, self.levels)

    @property
    def dense_levels(self) -> int:
        """Levels whose codes have learned rows in embedding and head."""
        return self.levels if self.codebook_dim is None else 2

    @property
    def rows(self) -> int:
        """Learned rows of embedding and head: text, then the codes of the dense levels."""
        return self.text_vocab + self.dense_levels * self.codebook
