"""How super-resolution goes through the levels. Needs no torch."""

FIRST_LEVEL = 2
"""The lowest level that is refined; those below it are the backbone's."""
GUIDED_LEVELS = 8
"""Guidance is for the levels below this one: finer ones add no words, and what it adds to them is noise."""
GUIDANCE_SCALE = 0.6
"""Share of guidance that super-resolution gets: all of it makes vowels louder than voices do, and hardly clearer."""
RESIDUAL_GUIDANCE_SCALE = 0.3
"""The same for a model that predicts the residual: there the distance from the unconditional one is that of sounds."""
