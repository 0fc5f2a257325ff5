"""From a score to a song: FluidSynth plays the band, WORLD sings, the mix puts the voice on top."""

from khala.corpus.composer.render.song import Rendered, render_score

__all__ = ["Rendered", "render_score"]
