"""The spectral codec's training: a closed-form fit, then a vocoder that learns to give spectra a phase."""

from __future__ import annotations

from pathlib import Path

from khala.models.codec.folder import load_codec, save_codec
from khala.training.codec.fit import fit_codec
from khala.training.codec.recipe import CodecRecipe, FitRecipe, VocoderRecipe
from khala.training.codec.vocoder import train_vocoder

__all__ = ["CodecRecipe", "FitRecipe", "VocoderRecipe", "fit_codec", "train"]


def train(recipe: CodecRecipe, corpus: Path, out: Path, *, fit_only: bool = False) -> Path:
    """Fit the codec to the songs under ``corpus``, then train its vocoder; returns ``out``, which ``load_codec`` reads.

    A killed run goes on where it was. Encoding needs the fit alone: ``out`` makes tokens as soon as
    ``model.safetensors`` is there, while the vocoder still learns, or if ``fit_only`` leaves it out; the vocoder
    changes no code. Raises InvalidRequest if there are no songs.
    """
    if not (out / "model.safetensors").exists():
        save_codec(fit_codec(corpus, recipe, out / "fit"), out)
    if fit_only:
        return out
    codec = load_codec(out)
    train_vocoder(codec, corpus, recipe, out)
    save_codec(codec, out)
    return out
