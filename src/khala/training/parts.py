"""Parts that a run takes from a model that exists, instead of making them: its codec and its tokenizer."""

from dataclasses import replace
from pathlib import Path
from shutil import copyfile

from khala.corpus.data.storage import Place
from khala.models.codec.dac.codec import Dac
from khala.models.codec.folder import load_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.models.config import ModelConfig
from khala.music.errors import InvalidRequest, ModelError
from khala.training.recipe import Recipe, preset
from khala.training.text_vocabulary import text_vocabulary
from khala.weights import names
from khala.weights.loading import load_codec as load_codec_of
from khala.weights.opening import OpenModel, open_model
from khala.weights.tokenizer import Tokenizer


def system(recipe: Recipe) -> ModelConfig:
    """Return the shapes of the recipe's models, with the codec and the licence of the model that `parts_from` names.

    Raises InvalidRequest as `preset` does and if that model's codec or tokenizer has other sizes, ModelError if there
    is no such model.
    """
    config = preset(recipe)
    if not recipe.parts_from:
        return config
    theirs = _opened(recipe).config
    for size in ("text_vocab", "codebook"):
        ours, other = (getattr(one.backbone, size) for one in (config, theirs))
        if ours != other:
            raise InvalidRequest(
                f"recipe: {size} is {ours}, and {other} in the model {recipe.parts_from}; set shapes.{size} to {other}"
            )
    return replace(config, codec=theirs.codec, license=theirs.license)


def vocabulary(recipe: Recipe, tokens: Place, config: ModelConfig) -> Tokenizer:
    """Return the tokenizer of a run. Raises InvalidRequest as `text_vocabulary` does."""
    if recipe.parts_from:
        return _opened(recipe).tokenizer
    return text_vocabulary(tokens, config.backbone.text_vocab)


def codec_of(recipe: Recipe, run: Path, config: ModelConfig) -> SpectralCodec | Dac:
    """Return the codec of a run. Raises ModelError if there is none or it is not the recipe's."""
    if recipe.parts_from:
        return load_codec_of(_opened(recipe, verify=True), "cpu")
    codec = load_codec(run / "codec")
    if codec.config != config.codec:
        raise ModelError(f"the codec in {run / 'codec'} is not the recipe's; set [codec.model] to its config.json")
    return codec


def copy_codec(recipe: Recipe, folder: Path) -> None:
    """Give a model folder the codec of `parts_from` as it is stored there, which may be in more bits."""
    if recipe.parts_from:
        copyfile(_opened(recipe).folder / names.CODEC, folder / names.CODEC)


def _opened(recipe: Recipe, verify: bool = False) -> OpenModel:
    return open_model(recipe.parts_from, verify)
