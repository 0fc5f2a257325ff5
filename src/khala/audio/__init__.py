"""Audio files, and operations on finished samples: resampling, loudness, fades, peaks.

Samples are numpy arrays float32 `[channels, n]` in [-1, 1]. This room knows nothing of models or songs.
"""
