"""Recipes: everything a training run is made from, as frozen dataclasses that `recipe_file` reads from TOML."""

from dataclasses import asdict, dataclass, field, replace

from khala.models.codec.config import CODEC_CONFIGS, CodecConfig, SpectralConfig
from khala.models.config import ModelConfig
from khala.models.presets import PRESETS
from khala.music.errors import InvalidRequest
from khala.training.codec_recipe import CodecRecipe
from khala.training.loop_recipe import LoopRecipe, require_positive, require_shares
from khala.weights.configs import family


@dataclass(frozen=True)
class ShapesRecipe:
    """Sizes in which both language models differ from those of the preset (`TransformerConfig`); None keeps them."""

    text_vocab: int | None = None
    codebook: int | None = None
    dim: int | None = None
    layers: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    ffn: int | None = None
    context: int | None = None


@dataclass(frozen=True)
class CorpusRecipe:
    """Songs to compose: `hours` of audio from `seed` on."""

    hours: float = 2.0
    seed: int = 1


@dataclass(frozen=True)
class LanguageModelRecipe(LoopRecipe):
    """Settings that backbone and super-resolution share.

    `batch_tokens` positions of all ranks make a step, passed through the model in micro-batches of at most
    `micro_batch_tokens`, whose lengths are multiples of `length_multiple`: compiled code is faster for a few shapes.
    `matrix_rate` is Muon's learning rate, the others are AdamW's. Of longer songs, windows of `max_frames` are read, as
    many as it has room for. `chord_dropout` is the share of songs whose chords are missing from the conditions (in half
    of the others those of some parts are), `singer_dropout` that of songs whose singer is.
    """

    seed: int = 1
    batch_tokens: int = 8192
    micro_batch_tokens: int = 4096
    length_multiple: int = 1
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
        require_positive(self, "batch_tokens", "micro_batch_tokens", "max_frames", "length_multiple")
        require_shares(self, "chord_dropout", "singer_dropout")


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
        require_shares(self, "excerpt_share", "prompt_dropout", "code_corruption")
        require_shares(self, "style_key_dropout", "timing_dropout")
        require_positive(self, "excerpt_frames", "excerpt_lengths")
        if min(self.phone_loss_weight, self.chord_loss_weight) < 0:
            raise ValueError("phone_loss_weight and chord_loss_weight are weights of 0 or more")


@dataclass(frozen=True)
class SuperresRecipe(LanguageModelRecipe):
    """The refiner: with probability `causal` a step is the backbone's objective, else full attention predicts a level.

    Level k = 2.. is drawn with weight 1 / (k + `level_offset`), one per song of the batch, on a window of at most
    `max_frames` frames anywhere in the song. `phone_dropout` is the share of songs without the conditions of their
    phones, for guidance; `code_corruption` the share of codes of levels 0 and 1 that are replaced by others of the
    song. A model that predicts the residual learns frames in which a phone is sung with `sung_weight`, and their error
    counts by `voice_share` in the voice's bands of mid alone (`SpectralCodec.voice_metric`).
    """

    causal: float = 0.1
    level_offset: float = 2.0
    max_frames: int = 640
    phone_dropout: float = 0.1
    code_corruption: float = 0.0
    sung_weight: float = 1.0
    voice_share: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_shares(self, "phone_dropout", "code_corruption", "voice_share")
        require_positive(self, "sung_weight")


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

    `coded` is the share of excerpts that went through the codec of the model `codec`, or of that run of
    `khala train codec`. For `frames_first` of the run
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
class Recipe:
    """One recipe file: a table for every stage and, at the top, the preset that fixes the shapes. `parts_from` is the
    name or folder of a model whose codec and tokenizer are used, instead of ones made for the corpus."""

    preset: str = "mini"
    parts_from: str = ""
    shapes: ShapesRecipe = field(default_factory=ShapesRecipe)
    corpus: CorpusRecipe = field(default_factory=CorpusRecipe)
    codec: CodecRecipe = field(default_factory=CodecRecipe)
    backbone: BackboneRecipe = field(default_factory=BackboneRecipe)
    superres: SuperresRecipe = field(default_factory=SuperresRecipe)
    durations: DurationRecipe = field(default_factory=DurationRecipe)
    recogniser: RecogniserRecipe = field(default_factory=RecogniserRecipe)


def preset(recipe: Recipe) -> ModelConfig:
    """Return the shapes of the recipe's models and of their codec. Raises InvalidRequest for an unknown preset, or a
    codec that is not of the preset's family, unless the recipe says so, or does not fit its models."""
    if not recipe.preset:
        raise InvalidRequest(f"recipe: it trains a codec alone; choose a preset for models: {', '.join(PRESETS)}")
    if recipe.preset not in PRESETS:
        raise InvalidRequest(f"recipe: the preset '{recipe.preset}' is unknown; known are {', '.join(PRESETS)}")
    config = PRESETS[recipe.preset]()
    codec = _codec(recipe.codec, config.codec)
    if type(codec) is not type(config.codec) and not recipe.codec.family:
        families = [family(type(one)) for one in (config.codec, codec)]
        raise InvalidRequest(
            f"recipe: the preset '{recipe.preset}' has a {families[0]} codec and [codec.model] is a {families[1]} one; "
            f'remove that table, choose another preset, or say so: family = "{families[1]}" in [codec]'
        )
    changed = {size: value for size, value in asdict(recipe.shapes).items() if value is not None}
    try:
        models = [replace(model, **changed) for model in (config.backbone, config.superres)]
        codec = replace(codec, codebook=changed.get("codebook", codec.codebook))
        return replace(config, backbone=models[0], superres=models[1], codec=codec)
    except ValueError as error:
        table = "[shapes]" if changed else "[codec.model]"
        raise InvalidRequest(f"recipe: {table} does not fit the preset '{recipe.preset}': {error}") from None


def codec_recipe(recipe: Recipe) -> CodecRecipe:
    """Return the settings of the recipe's codec with its shapes; with the preset "" it is trained for itself, not for
    language models. Raises InvalidRequest as `preset` does."""
    codec = preset(recipe).codec if recipe.preset else _codec(recipe.codec, SpectralConfig())
    return replace(recipe.codec, model=codec)


def _codec(recipe: CodecRecipe, default: CodecConfig) -> CodecConfig:
    if recipe.family in ("", family(type(recipe.model or default))):
        return recipe.model or default
    if recipe.model is None:
        return CODEC_CONFIGS[recipe.family]()
    raise InvalidRequest(f"recipe: the codec's family is {recipe.family} and [codec.model] is of another")
