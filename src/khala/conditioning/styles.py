"""The styles that Khala's own models know: what they are called, and how fast they are played."""

STYLE_TAGS: dict[str, tuple[str, ...]] = {
    "pop": ("pop",),
    "rock": ("rock", "guitar rock"),
    "ballad": ("ballad", "piano ballad"),
    "electronic": ("electronic", "dance", "edm"),
    "folk": ("folk", "acoustic folk"),
    "jazz": ("jazz", "swing"),
    "hip hop": ("hip hop",),
    "lo-fi": ("lo-fi", "lo-fi hip hop", "chillhop"),
    "cinematic": ("cinematic", "orchestral", "film score"),
    "reggae": ("reggae", "roots reggae"),
    "country": ("country", "country pop", "americana"),
    "funk": ("funk", "funky"),
    "disco": ("disco", "dance", "nu disco"),
    "blues": ("blues", "blues rock", "shuffle"),
    "soul": ("soul", "r&b", "neo soul"),
    "bossa nova": ("bossa nova", "latin jazz"),
    "synthwave": ("synthwave", "retrowave", "80s synth pop"),
    "latin": ("latin", "salsa", "latin pop"),
}
"""Name -> the words of tags that mean it, its own name first. Order: the rows of `conditioning.rows`."""
STYLE_NAMES = tuple(STYLE_TAGS)
"""Styles that have a row of their own."""

STYLE_TEMPI: dict[str, tuple[int, ...]] = {
    "pop": (40, 44, 48, 52),
    "rock": (32, 36, 40, 44),
    "ballad": (60, 64, 68, 72),
    "electronic": (36, 40, 44),
    "folk": (44, 48, 52, 56, 60),
    "jazz": (40, 44, 48, 52),
    "hip hop": (52, 56, 60),
    "lo-fi": (60, 64, 68, 72),
    "cinematic": (40, 48, 56, 64),
    "reggae": (56, 60, 64, 68),
    "country": (40, 44, 48, 52),
    "funk": (44, 48, 52),
    "disco": (40, 44, 48),
    "blues": (44, 48, 52, 56, 60),
    "soul": (52, 56, 60, 64),
    "bossa nova": (40, 44, 48, 52),
    "synthwave": (44, 48, 52, 56),
    "latin": (44, 48, 52),
}
"""Name -> how long a bar of four beats may last, in codec frames: multiples of four, so that a beat is a whole number
of them."""
WALTZ_TEMPI: dict[str, tuple[int, ...]] = {"ballad": (48, 54), "folk": (36, 42, 48)}
"""The same for bars of three beats, where a style has any."""
