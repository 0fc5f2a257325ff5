"""The listener: a score of audio against a request, by its words, its style and its key."""

import math

from khala.conditioning.request_terms import parse_key, parse_styles
from khala.music.request import SongRequest
from khala.scoring.key import chroma, estimate_key
from khala.scoring.style import classify_style, embed
from khala.scoring.types import Array
from khala.scoring.words import listen, lyric_score

MIN_STYLE_PROBABILITY = 1e-3
"""Floor of a style's probability, so that the style alone never outweighs everything else."""
KEY_NATS = 1.0
"""Reward for the requested key, or for the requested mode where no tonic was given."""


def listener(samples: Array, rate: int, request: SongRequest) -> float:
    """Return how well samples [channels, N] answer a request, in nats (`generation.best_of.Listener`).

    The sum of three terms: how clearly the lyrics are heard (`words.lyric_score`), or how silent the voice is where
    nobody should sing; the log probability of the requested styles; and `KEY_NATS` for the requested key.
    """
    terms = request.tags or (request.prompt,)
    if request.lyrics:
        nats = lyric_score(samples, rate, request.lyrics)
    else:
        silent = float(listen(samples, rate).frames[:, 0].mean())
        nats = silent if request.instrumental else -silent
    if styles := dict.fromkeys(parse_styles(terms)):
        heard = classify_style(embed(samples, rate))
        probability = sum(heard.probability.get(name, 0.0) for name in styles) if heard else 0.0
        nats += math.log(max(probability, MIN_STYLE_PROBABILITY))
    tonic, mode = parse_key(terms)
    if mode and (key := estimate_key(chroma(samples, rate))) and key.matches(tonic, mode):
        nats += KEY_NATS
    return nats
