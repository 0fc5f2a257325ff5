"""Samples to files and back, and what is done to finished samples: resampling, loudness, fades, peaks.

numpy in, numpy out: samples are float32 `[channels, n]` in [-1, 1]. Knows nothing of models or songs.
"""
