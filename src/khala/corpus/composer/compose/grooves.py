"""Drum patterns: grooves and fills as step patterns (`patterns`), one per piece of the kit (`drums.PIECES`)."""

GROOVES: dict[str, dict[str, str]] = {
    "hats": {"hat": "x...x...x...x..."},
    "shaker": {"shaker": "x.o.x.o.x.o.x.o."},
    "side stick": {
        "kick": "X.........x.....",
        "stick": "....x.......x...",
        "hat": "o...o...o...o...",
    },
    "kick clap": {
        "kick": "X...X...X...X...",
        "clap": "....x.......x...",
    },
    "pop verse": {
        "kick": "X.......x.x.....",
        "snare": "....X.......X...",
        "hat": "x.o.x.o.x.o.x.o.",
    },
    "pop chorus": {
        "kick": "X.....x.X.x.....",
        "snare": "....X.......X...",
        "hat": "x.x.x.x.x.x.x.x.",
        "tambourine": "..o...o...o...o.",
    },
    "rock verse": {
        "kick": "X.......X.x.....",
        "snare": "....X.......X...",
        "hat": "X.x.X.x.X.x.X.x.",
    },
    "rock chorus": {
        "kick": "X..x....X.x.....",
        "snare": "....X.......X...",
        "open": "X...X...X...X...",
    },
    "ballad chorus": {
        "kick": "X.........x.....",
        "snare": "....X.......X...",
        "hat": "x.o.x.o.x.o.x.o.",
    },
    "four": {
        "kick": "X...X...X...X...",
        "clap": "....X.......X...",
        "open": "..x...x...x...x.",
    },
    "four light": {
        "kick": "X...X...X...X...",
        "hat": "..x...x...x...x.",
    },
    "four full": {
        "kick": "X...X...X...X...",
        "clap": "....X.......X...",
        "open": "..x...x...x...x.",
        "hat": "xooxxooxxooxxoox",
    },
    "folk": {
        "kick": "x.......x.......",
        "shaker": "x.o.X.o.x.o.X.o.",
    },
    "folk full": {
        "kick": "x.......x.......",
        "shaker": "x.o.x.o.x.o.x.o.",
        "tambourine": "....X.......X...",
    },
    "swing": {
        "ride": "x...X.x.x...X.x.",
        "pedal": "....x.......x...",
        "kick": "o...o...o...o...",
    },
    "swing light": {
        "ride": "x...x...x...x...",
        "pedal": "....x.......x...",
    },
    "swing full": {
        "ride": "x...X.x.x...X.x.",
        "pedal": "....x.......x...",
        "kick": "x...x...x...x...",
        "snare": "......o.......o.",
    },
    "hip hop": {
        "kick": "X......x..x.....",
        "snare": "....X.......X...",
        "hat": "x.x.x.x.x.x.x.x.",
    },
    "hip hop full": {
        "kick": "X..x...x..x.....",
        "snare": "....X.......X...",
        "clap": "....x.......x...",
        "hat": "x.xxx.x.x.xxx.x.",
    },
    "lazy light": {
        "kick": "x...............",
        "hat": "o...o...o...o...",
    },
    "lazy": {
        "kick": "X.....x...x.....",
        "snare": "....x.......x...",
        "hat": "x.o.x.o.x.o.x.o.",
    },
    "lazy full": {
        "kick": "X.....x...x..x..",
        "snare": "....X.......X...",
        "hat": "x.oox.o.x.oox.o.",
    },
    "toms": {
        "low": "X.....x.X.......",
        "mid": "............x.x.",
        "hat": "o...o...o...o...",
    },
    "toms light": {
        "low": "x.......x.......",
        "mid": "..............o.",
    },
    "toms full": {
        "kick": "X.......X.......",
        "low": "X..x..x.X..x..x.",
        "mid": "............x.x.",
    },
    "one drop": {
        "kick": "........X.......",
        "stick": "........X.......",
        "hat": "x.o.x.o.x.o.x.o.",
    },
    "steppers": {
        "kick": "X...X...X...X...",
        "snare": "........X.......",
        "hat": "x.o.x.o.x.o.x.o.",
    },
    "country": {
        "kick": "X.......X.......|X.......X.....x.",
        "snare": "....X.......X...",
        "hat": "x.o.x.o.x.o.x.o.",
    },
    "train": {
        "kick": "X.......X.......",
        "snare": "ooXoooXoooXoooXo",
    },
    "train full": {
        "kick": "X...x...X...x...",
        "snare": "ooXoooXoooXoooXo",
        "tambourine": "....x.......x...",
    },
    "funk": {
        "kick": "X..x......x..x..|X..x......x.....",
        "snare": "....X..o.o..X..o",
        "hat": "x.x.x.x.x.x.x.x.",
    },
    "funk full": {
        "kick": "X..x..x...x..x..|X..x......x..x.x",
        "snare": "....X..o.o..X..o|....X..o.o..X.ox",
        "hat": "xoxoxoxoxoxoxox.",
        "open": "..............x.|................",
    },
    "disco": {
        "kick": "X...X...X...X...",
        "snare": "....X.......X...",
        "open": "..x...x...x...x.",
        "hat": "x...x...x...x...",
    },
    "disco full": {
        "kick": "X...X...X...X...",
        "snare": "....X.......X...",
        "open": "..x...x...x...x.",
        "hat": "xo.oxo.oxo.oxo.o",
        "tambourine": "....x.......x...",
    },
    "shuffle": {
        "kick": "X.......X.....x.",
        "snare": "....X.......X...",
        "hat": "x.x.x.x.x.x.x.x.",
    },
    "shuffle full": {
        "kick": "X.....x.X.....x.",
        "snare": "....X.......X...|....X.......X.o.",
        "ride": "x.x.x.x.x.x.x.x.",
    },
    "soul": {
        "kick": "X.....x.x.......|X.....x.x.....x.",
        "snare": "....X.......X...",
        "hat": "x.x.x.x.x.x.x.x.",
    },
    "soul full": {
        "kick": "X.....x.x..x....|X.....x.x..x..x.",
        "snare": "....X..o....X..o",
        "ride": "x.x.x.x.x.x.x.x.",
        "tambourine": "....x.......x...",
    },
    "bossa light": {
        "stick": "x..x..x...x..x..",
        "shaker": "x.o.x.o.x.o.x.o.",
    },
    "bossa": {
        "kick": "x..xx..xx..xx..x",
        "stick": "x..x..x...x..x..|..x..x....x..x..",
        "hat": "x.x.x.x.x.x.x.x.",
    },
    "bossa full": {
        "kick": "X..xX..xX..xX..x",
        "stick": "x..x..x...x..x..|..x..x....x..x..",
        "ride": "x.x.x.x.x.x.x.x.",
        "shaker": "x.o.x.o.x.o.x.o.",
    },
    "latin": {
        "kick": "X..x..x.X..x..x.",
        "claves": "x..x..x.........|....x...x.......",
        "conga high": "o.x.o...o.x.o...",
        "conga low": "......xx......xx",
    },
    "latin full": {
        "kick": "X..x..x.X..x..x.",
        "claves": "x..x..x.........|....x...x.......",
        "cowbell": "x...x.x.x...x.x.",
        "conga high": "o.x.o...o.x.o...",
        "conga low": "......xx......xx",
        "cabasa": "x.x.x.x.x.x.x.x.",
    },
    "eighties": {
        "kick": "X.......X.......",
        "snare": "....X.......X...",
        "hat": "x.x.x.x.x.x.x.x.",
    },
    "eighties full": {
        "kick": "X...X...X...X.x.",
        "snare": "....X.......X...",
        "clap": "....x.......x...",
        "hat": "x.xxx.xxx.xxx.xx",
    },
    "waltz light": {
        "kick": "x...........",
        "hat": "....o...o...",
    },
    "waltz full": {
        "kick": "X...........",
        "snare": "....x...x...",
        "hat": "x.o.x.o.x.o.",
    },
    "waltz shaker": {"shaker": "X...o...o..."},
    "waltz folk": {
        "kick": "x...........",
        "shaker": "x.o.x.o.x.o.",
        "tambourine": "....x...x...",
    },
}
"""Grooves of one or two bars in sixteenths: sixteen steps per bar in 4/4, twelve in 3/4."""

FILLS: dict[str, tuple[dict[str, str], ...]] = {
    "snare": (
        {"snare": "x.x.xxXX", "kick": "X......."},
        {"snare": "..x.x.XX", "kick": "X..x...."},
        {"snare": "xoxxoxXX", "kick": "X...X..."},
        {"snare": "....X.XX", "hat": "x.x.....", "kick": "X.x....."},
    ),
    "toms": (
        {"high": "x.x.....", "mid": "....x...", "low": "......X.", "kick": "X......."},
        {"snare": "xx......", "high": "..xx....", "mid": "....xx..", "low": "......XX", "kick": "X......."},
        {"snare": "X..X....", "high": "......x.", "low": ".......X", "kick": "X..X...."},
        {"high": "x..x....", "mid": "..x..x..", "low": "....x.xX", "kick": "X......."},
    ),
    "low toms": (
        {"mid": "x.x.....", "low": "....xxXX"},
        {"low": "x.xxx.XX"},
        {"mid": "....x.x.", "low": "X..x...X"},
    ),
    "build": (
        {"snare": "x.x.xxxx", "kick": "X...X..."},
        {"snare": "ooxxxxXX", "kick": "X...X..."},
        {"clap": "x.x.xxxx", "kick": "X......."},
    ),
    "claps": (
        {"clap": "x...x.xx", "kick": "X...X..."},
        {"clap": "..x.x.x.", "kick": "X..x...."},
        {"hat": "xxxxxxxx", "clap": "....x..x", "kick": "X..X...."},
    ),
    "light": (
        {"stick": "x.x.x.x.", "kick": "x......."},
        {"stick": "....x.xx", "hat": "x.x.....", "kick": "x......."},
        {"snare": "o.oox.x.", "kick": "x......."},
    ),
    "swing": (
        {"snare": "x.x.x.x.", "ride": "x...x...", "pedal": "x...x..."},
        {"snare": "o.x...X.", "mid": "....x...", "ride": "x...x...", "pedal": "x...x..."},
        {"snare": "..x.o.x.", "kick": "......x.", "ride": "x...x...", "pedal": "x...x..."},
    ),
    "congas": (
        {"conga high": "x.xxx...", "conga low": ".....xXX", "kick": "X......."},
        {"conga high": "x..x..x.", "conga low": ".......X", "cowbell": "x...x...", "kick": "X......."},
    ),
}
"""Fills for the last two beats of a section, in sixteenths; a song uses one of its kind for all sections alike."""
