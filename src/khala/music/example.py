"""The song that `khala generate` makes without arguments, in words and tags from Khala Mini's training corpus."""

from khala.music.request import SongRequest

EXAMPLE = SongRequest(
    title="Sing with me",
    tags=("pop", "female vocals", "uplifting", "mid tempo", "117 bpm", "piano"),
    lyrics="""\
[intro]

[verse]
Morning light is in the street
You and I, we find the beat

[chorus]
Sing with me and take my hand
Dancing wild across the land
Sing with me and take my hand
We will run along the sand

[outro]""",
    duration=30.0,
    seed=7,
)
"""About 30 s of pop: 16 bars, with lines of seven syllables over two bars each."""
