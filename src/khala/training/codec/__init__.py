"""The spectral codec's training: a closed-form fit, then a vocoder that learns to give spectra a phase."""

from __future__ import annotations

from pathlib import Path

from khala.models.codec.folder import save_codec
from khala.training.codec.fit import fit_codec
from khala.training.codec.recipe import CodecRecipe, FitRecipe
from khala.training.log import Log

__all__ = ["CodecRecipe", "FitRecipe", "fit_codec", "train"]


def train(recipe: CodecRecipe, corpus: Path, out: Path) -> Path:
    """Fit the codec to the songs under ``corpus``; returns ``out``, a folder that ``load_codec`` reads.

    A killed run goes on where it was. Encoding needs the fit alone: ``out`` can make tokens as soon as that is done.
    """
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "model.safetensors").exists():
        save_codec(fit_codec(corpus, recipe, out, Log(out)), out)
    return out
