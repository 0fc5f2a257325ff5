"""Train a codec. The spectral one: a closed-form fit, then a vocoder that learns to give spectra a phase, and in the
end, if the recipe says so, against a discriminator."""

from pathlib import Path

from khala.corpus.data.shards import open_codec
from khala.models.codec.config import DacConfig
from khala.models.codec.folder import load_spectral, save_codec
from khala.models.codec.spectral.codec import SpectralCodec
from khala.music.errors import InvalidRequest, ModelError
from khala.training import loop
from khala.training.codec_recipe import CodecRecipe
from khala.training.objectives.codec.adversary import AdversaryObjective
from khala.training.objectives.codec.fit import fit_codec
from khala.training.objectives.codec.train_dac import train_dac
from khala.training.objectives.vocoder import VocoderObjective
from khala.training.ranks import Ranks


def train_codec(
    recipe: CodecRecipe,
    corpus: Path,
    out: Path,
    ranks: Ranks | None = None,
    *,
    fit_only: bool = False,
    start: str = "",
) -> Path:
    """Train the recipe's codec on the songs under `corpus`: a `dac` codec as `train_dac` does; a spectral one is
    fitted, then its vocoder is trained, in one stage or two.

    Returns `out`, which `load_codec` reads. A killed run goes on where it was. Encoding needs the fit alone: `out`
    makes tokens as soon as `model.safetensors` is there, while the vocoder still learns, or if `fit_only` leaves it
    out; the vocoder changes no code. The fit is one process's work. The vocoder begins as that of the model `start`, if
    one is named: what it is told are spectra, whatever codes they come from. Raises InvalidRequest if there are no
    songs, or if several ranks find no fit; ModelError if `start` has no such vocoder.
    """
    ranks = ranks or Ranks()
    if isinstance(recipe.model, DacConfig):
        if fit_only:
            raise InvalidRequest("--fit-only is for a spectral codec: the codes of a dac codec change until its end")
        if start:
            raise InvalidRequest("--start is for the vocoder of a spectral codec; leave it out")
        return train_dac(recipe, recipe.model, corpus, out, ranks)
    if not (out / "model.safetensors").exists():
        if ranks.world > 1:
            raise InvalidRequest(
                "the codec is not fitted yet; do that first, without torchrun: khala train codec --fit-only"
            )
        save_codec(fit_codec(corpus, recipe, out / "fit"), out)
    if not fit_only:
        codec = load_spectral(out).to(ranks.device)
        if start:
            _start_vocoder(codec, start)
        loop.train(VocoderObjective(codec, corpus, recipe), recipe.vocoder, out, ranks)
        if recipe.adversary:
            codec = load_spectral(out).to(ranks.device)
            objective = AdversaryObjective(codec, corpus, recipe, recipe.adversary, out)
            loop.train(objective, recipe.adversary, out / "adversary", ranks)
    return out


def _start_vocoder(codec: SpectralCodec, start: str) -> None:
    known = open_codec(start)
    if not isinstance(known, SpectralCodec) or known.config != codec.config:
        raise ModelError(f"the codec of {start} has another shape than the recipe's; choose another to start from")
    codec.vocoder.load_state_dict(known.vocoder.state_dict())
