"""How long a song may get, and how it is led to its end."""

import math

MARGIN = 1.25
"""A song may run this many times longer than asked before it is cut: models end near the asked length, not on it."""
NO_EOS_BEFORE, EOS_BIAS_FROM, EOS_BIAS_NATS = 0.88, 0.97, 120.0
"""For a song with `target_frames`: no end before the first share of them; from the second share on the end's logit
grows by so many nats per `target_frames`."""


def eos_bias(frame: int, target_frames: int) -> float:
    """Nats added to the end's logit in `frame`: none comes long before the target, and then it gets likelier."""
    if not target_frames:
        return 0.0
    if frame < NO_EOS_BEFORE * target_frames:
        return -math.inf
    return max(EOS_BIAS_NATS * (frame / target_frames - EOS_BIAS_FROM), 0.0)
