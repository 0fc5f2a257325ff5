"""Rendering of scores: FluidSynth plays the band, WORLD sings, and the mix puts the voice on top."""

from khala.corpus.composer.render.song import Rendered, render_score

__all__ = ["Rendered", "render_score"]
