"""The styles of the corpus, by name."""

from khala.corpus.compose.styles import (
    ballad,
    cinematic,
    electronic,
    folk,
    hiphop,
    jazz,
    lofi,
    pop,
    reggae,
    rock,
)
from khala.corpus.compose.styles.base import Style

STYLES: dict[str, Style] = {
    module.STYLE.name: module.STYLE
    for module in (pop, rock, ballad, electronic, folk, jazz, hiphop, lofi, cinematic, reggae)
}
