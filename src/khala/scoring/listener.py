"""How well audio answers a request: what the choice among candidates goes by, beside the model's own word."""

import math

from khala.music.request import SongRequest
from khala.nn.threads import one_thread
from khala.scoring.asked import request_targets
from khala.scoring.key import chroma, key
from khala.scoring.style import embed, style
from khala.scoring.types import Array
from khala.scoring.words import listen, lyric_score

UNLIKELY = 1e-3
"""A style is held to be no less likely than this: one opinion must not drown all others."""
KEY_NATS = 1.0
"""What the right key is worth, or the right mode where that is all that was asked for."""


@one_thread()
def listener(samples: Array, rate: int, request: SongRequest) -> float:
    """How well samples [channels, N] answer the words of a request, in nats (`generation.best_of.Listener`): how clearly
    the lyrics are heard (`words.lyric_score`), or silence where nobody is to sing; how likely the style is that was
    asked for; and whether it is in the key."""
    wanted = request_targets({"request": request.to_dict()})
    if request.lyrics:
        nats = lyric_score(samples, rate, request.lyrics)
    else:
        silent = float(listen(samples, rate).frames[:, 0].mean())
        nats = silent if request.instrumental else -silent
    if wanted.styles:
        kind = style(embed(samples, rate))
        likely = sum(kind.probability.get(name, 0.0) for name in wanted.styles) if kind else 0.0
        nats += math.log(max(likely, UNLIKELY))
    if wanted.mode and wanted.matches_key(key(chroma(samples, rate))):
        nats += KEY_NATS
    return nats
