"""Audio of every corpus song: stereo at one sample rate and loudness, counted in frames of the codec."""

SAMPLE_RATE = 44100
"""Hz."""
FRAME_SAMPLES = 2048
"""Samples of a codec frame."""
FRAME_RATE = SAMPLE_RATE / FRAME_SAMPLES
"""Codec frames per second."""
LOUDNESS_LUFS = -16.0
"""Integrated loudness (ITU-R BS.1770-4)."""
