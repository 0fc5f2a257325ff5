"""The styles of the corpus, by name."""

from khala.corpus.composer.compose.styles import (
    ballad,
    blues,
    bossa,
    cinematic,
    country,
    disco,
    electronic,
    folk,
    funk,
    hiphop,
    jazz,
    latin,
    lofi,
    pop,
    reggae,
    rock,
    soul,
    synthwave,
)
from khala.corpus.composer.compose.styles.base import Style

_FAMILIAR = (pop, rock, ballad, electronic, folk, jazz, hiphop, lofi, cinematic, reggae)
_MORE = (country, funk, disco, blues, soul, bossa, synthwave, latin)

STYLES: dict[str, Style] = {module.STYLE.name: module.STYLE for module in (*_FAMILIAR, *_MORE)}
