"""How phase and magnitudes are made consistent with one waveform (Griffin and Lim 1984). Needs no torch."""

MAGNITUDE_PROJECTIONS = 2
"""Projections onto the predicted magnitudes."""
MEL_PROJECTIONS = 3
"""Projections after those, onto the mel magnitudes alone, which keeps the grain of noise."""
MARGIN_FRAMES = 16
"""Context on either side of a block: more than the receptive field of network and projections."""
