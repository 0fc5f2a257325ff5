"""Train the spectral codec: a closed-form fit, then a vocoder that learns to give spectra a phase."""

from pathlib import Path

from khala.models.codec.folder import load_codec, save_codec
from khala.training import loop
from khala.training.objectives.codec.fit import fit_codec
from khala.training.objectives.vocoder import VocoderObjective
from khala.training.recipe import CodecRecipe


def train_codec(recipe: CodecRecipe, corpus: Path, out: Path, *, fit_only: bool = False) -> Path:
    """Fit the codec to the songs under `corpus`, then train its vocoder; returns `out`, which `load_codec` reads.

    A killed run goes on where it was. Encoding needs the fit alone: `out` makes tokens as soon as `model.safetensors`
    is there, while the vocoder still learns, or if `fit_only` leaves it out; the vocoder changes no code. Raises
    InvalidRequest if there are no songs.
    """
    if not (out / "model.safetensors").exists():
        save_codec(fit_codec(corpus, recipe, out / "fit"), out)
    if not fit_only:
        loop.train(VocoderObjective(load_codec(out), corpus, recipe), recipe.vocoder, out)
    return out
