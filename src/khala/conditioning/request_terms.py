"""Parse the terms of a request: tempo, beats, key and style, as far as words say them.

Words are looked up in small tables, within what `wording` leaves of a sentence; there is no grammar.
"""

import re
from collections.abc import Iterable

from khala.conditioning.styles import STYLE_TAGS
from khala.conditioning.voices import voice_remarks
from khala.conditioning.wording import END, START, plain_text, undenied_text, wanted_text
from khala.music.remarks import Remark
from khala.music.request import SongRequest
from khala.music.suggested_tags import TAG_GROUPS

TEMPO_WORDS = {"slow": (0.0, 90.0), "mid tempo": (90.0, 120.0), "fast tempo": (120.0, 1000.0)}
"""Tempo word -> range in beats a minute (lower bound included)."""
KEY_NAMES = {
    "major": ("c", "d flat", "d", "e flat", "e", "f", "f sharp", "g", "a flat", "a", "b flat", "b"),
    "minor": ("c", "c sharp", "d", "e flat", "e", "f", "f sharp", "g", "g sharp", "a", "b flat", "b"),
}

_SLOWEST, _FASTEST = 20.0, 400.0
"""Beats a minute beyond which a number is a mistake."""
_CLOSE, _NEAR = 0.04, 0.1
"""Shares by which a tempo may miss the number that was asked for, and a number the range of a word beside it."""
_DIGITS = r"(\d{1,4}(?:[.,]\d{1,2})?)"
_NUMBER = rf"{_DIGITS}(?![\w/]|[.,]\d)"
_BPM = re.compile(
    rf"(?<![\w.])(?<!\d,){_DIGITS} *(?:bpm|beats (?:per|a) minute)\b"
    rf"|\bbpm *(?:is|of|at|[:=])? *(?:about|around|~)? *{_NUMBER}"
    rf"|\btempo *(?:is|of|at|[:=]) *(?:about|around|~)? *{_NUMBER}"
    rf"|\btempo {_NUMBER}{END}"
)

_STYLES = {word for tags in STYLE_TAGS.values() for word in tags} | set(TAG_GROUPS["genre_style"][1])
_SONG = "|".join(
    (
        "songs?|tracks?|tunes?|pieces?|numbers?|beats?|grooves?|jams?|anthems?|instrumentals?|rhythms?|music",
        *(re.escape(style.replace("-", " ")) for style in sorted(_STYLES)),
    )
)
"""What a song is called."""
_NO_TEMPO = "burn|burning|build|building|motion|dancing|hands?|cars?|food|lane|life|train|forward|fade"
"""What is slow or fast though the song need not be."""
_GAP = rf"(?: (?!(?:{_NO_TEMPO}|with|in|on|to|of|at|for|by|from|over)\b)[\w'&]+)"


def _whole(word: str) -> str:
    """A pattern for a word that is said of the song: before what a song is called, or at the end of a clause."""
    return rf"\b{word}\b(?:(?: (?:and|but|yet) \w+)?{END}|{_GAP}{{0,3}}? (?:{_SONG})\b)"


_SLOW, _MID, _FAST = TEMPO_WORDS.values()
_PACES = (
    (r"\b(?:slow(?:er)?|low) (?:tempo|paced?)\b", _SLOW),
    (r"\b(?:mid|medium|moderate(?:ly)?) (?:tempo|paced?)\b", _MID),
    (r"\b(?:fast(?:er)?|quick|high) (?:tempo|paced?)\b", _FAST),
    (r"\bdown ?tempo\b", _SLOW),
    (rf"\bmidtempo\b|{START}(?:mid|moderate){END}", _MID),
    (r"\bup ?tempo\b", _FAST),
    (_whole("slow"), _SLOW),
    (_whole("fast"), _FAST),
)
"""How a tempo is said by word -> its range in BPM."""

_TIMES = {
    **dict.fromkeys(("waltz", "in three", "three four time", "3/4", "3/8", "6/4", "6/8", "9/8"), 3),
    **dict.fromkeys(("2/2", "2/4", "4/4", "12/8"), 4),
}
"""Metre -> beats of a bar, the nearest of those with three and with four."""
_TIME = re.compile(rf"\b(waltz)|\b(in three){END}|\b(three four time)|(?<![\d/])([1-9]\d?/[248])(?![\d/])")

_KEY = re.compile(
    r"(?P<said>\bkey(?: signature)?(?: ?[:=]| of| is) *|\bin )?"
    r"(?<![\w'])(?P<tonic>[a-g])(?P<sign>[#♯b♭]| ?(?:sharp|flat))?"
    r"(?: ?(?P<mode>maj|min)(?:or)?|(?P<short>m))?(?![\w'#♯♭])",
    re.IGNORECASE,
)
_AFTER_KEY = rf" *(?:{END}|\d|(?:at|with|by|around|about|for|on|sung|over)\b)"
_AFTER_MODE = {"major": _AFTER_KEY, "minor": rf"(?:{_AFTER_KEY}| (?:{_SONG})\b)"}
"""What follows the name of a key: "a minor ballad" may be in A minor, "a major hit" is in no key."""
_MODE = re.compile(
    "|".join(
        rf"\b({mode})\b(?:(?={after})| (?:key|mode|scale|tonality|chords?|progressions?|harmony|harmonies)\b)"
        for mode, after in _AFTER_MODE.items()
    ),
    re.IGNORECASE,
)

_SPELLINGS = {
    r"lo ?fi": "lo-fi",
    r"hiphop": "hip hop",
    r"r ?(?:&|n|'n'|and) ?b|rhythm (?:&|and) blues": "r&b",
    r"(?<!80s )synth ?pop": "synthwave",
    r"bossanova": "bossa nova",
}
"""Other ways to write the names of styles."""
STYLE_WORDS = {
    word.replace("-", " "): tuple(name for name, tags in STYLE_TAGS.items() if word in (name, *tags))
    for word in sorted({word for name, tags in STYLE_TAGS.items() for word in (name, *tags)}, key=len, reverse=True)
}
"""Name of a style -> the styles of that name; the longest names first."""


def parse_bpm(words: Iterable[str]) -> float | None:
    """The number of "96 bpm", "the bpm is 96" or "tempo: 96", the first if there are several; 0 asks for nothing."""
    return next(filter(None, parse_bpms(words)), None)


def parse_bpms(words: Iterable[str]) -> list[float]:
    """All of them, in the order of the text."""
    found = (next(filter(None, match.groups())) for match in _BPM.finditer(plain_text(words).lower()))
    return [float(number.replace(",", ".")) for number in found]


def parse_tempo_range(words: Iterable[str]) -> tuple[float, float] | None:
    """The range of "slow", "mid tempo", "at a fast tempo", "a slow, sad rock song", the first if there are several."""
    return next((limits for _, limits in parse_tempo_words(words)), None)


def parse_tempo_words(words: Iterable[str]) -> list[tuple[str, tuple[float, float]]]:
    """Every tempo word with its range, in the order of the text."""
    text = wanted_text(words).lower()
    found = [(match.start(), match[0], limits) for said, limits in _PACES for match in re.finditer(said, text)]
    return [(said.strip(" ,.;:"), limits) for _, said, limits in sorted(found)]


def parse_beats(words: Iterable[str]) -> int | None:
    """Beats of a bar, 3 or 4, by "waltz", "in three" or a time signature that has about so many."""
    found = parse_time_signature(words)
    return _TIMES.get(found) if found else None


def parse_time_signature(words: Iterable[str]) -> str | None:
    """The words for the beats of a bar: "waltz", "in three", "6/8"."""
    found = _TIME.search(wanted_text(words).lower())
    return next(filter(None, found.groups())) if found else None


def parse_key(words: Iterable[str]) -> tuple[int | None, str | None]:
    """Tonic and mode of "in f sharp minor", "F#m" or "key of G", the first if there are several; the mode alone of "in
    a minor key"; (None, None) where neither is said."""
    if keys := parse_keys(words):
        return keys[0]
    alone = _MODE.search(wanted_text(words))
    return None, next(filter(None, alone.groups())).lower() if alone else None


def parse_keys(words: Iterable[str]) -> list[tuple[int, str]]:
    """Tonic and mode of every key that is named, in the order of the text."""
    text = wanted_text(words)
    keys = []
    for found in filter(_is_key, _KEY.finditer(text)):
        sign = (found["sign"] or "").strip().lower()
        step = 1 if sign in ("#", "♯", "sharp") else -1 if sign else 0
        minor = found["short"] or (found["mode"] or "").lower() == "min"
        keys.append(((KEY_NAMES["major"].index(found["tonic"].lower()) + step) % 12, "minor" if minor else "major"))
    return list(dict.fromkeys(keys))


def _is_key(found: re.Match[str]) -> bool:
    """Whether it is a key, and not an article ("a major hit") or part of something else ("Am I dreaming")."""
    before, after = found.string[: found.start()], found.string[found.end() :]
    said = (found["said"] or "").lower()
    of_key, article = said.startswith("key"), found["tonic"] in "aA" and not found["sign"]
    if found["short"]:
        alone = said or (re.search(f"{START}$", before) and re.match(END, after))
        return of_key or found["sign"] in ("#", "♯", "♭") or bool(found["tonic"].isupper() and (found["sign"] or alone))
    mode = "minor" if (found["mode"] or "").lower() == "min" else "major"
    if found["mode"]:
        return of_key or not article or bool(re.match(_AFTER_MODE[mode], after, re.IGNORECASE))
    return of_key and (not article or bool(re.match(_AFTER_KEY, after, re.IGNORECASE)))


def parse_styles(words: Iterable[str]) -> tuple[str, ...]:
    """The known styles that are named, in the order of the text, by a longer name ("country pop") rather than a shorter
    one ("pop")."""
    text = undenied_text(words).lower()
    for spelling, word in _SPELLINGS.items():
        text = re.sub(rf"\b(?:{spelling})\b", word.replace("-", " "), text)
    found: list[tuple[int, str]] = []
    for word, styles in STYLE_WORDS.items():
        for match in re.finditer(rf"\b{re.escape(word)}\b", text):
            found += [(match.start(), style) for style in styles]
            text = text[: match.start()] + "_" * len(word) + text[match.end() :]
    return tuple(dict.fromkeys(style for _, style in sorted(found)))


def description_remarks(request: SongRequest, tempi: tuple[float, float] | None = None) -> list[Remark]:
    """Remarks on contradictions in a request, and on what the model cannot do.

    `tempi` are the slowest and the fastest BPM at which a model with an outline can play this request
    (`form.playable_tempi`); None for other models, of which less is known.
    """
    words = request.tags or (request.prompt,)
    led = tempi is not None
    remarks = [*_tempo_remarks(words, tempi), *voice_remarks(request, words, led)]
    keys = [f"{KEY_NAMES[mode][tonic].capitalize()} {mode}" for tonic, mode in parse_keys(words)]
    remarks += _contradiction("key", keys, led)
    time = parse_time_signature(words)
    if led and time and time not in _TIMES:
        text = f"{time} is asked for; the model plays bars of three or four beats, here of four."
        remarks.append(Remark("time-signature", text, values={"asked": time}))
    return remarks


def _tempo_remarks(words: tuple[str, ...], tempi: tuple[float, float] | None) -> list[Remark]:
    numbers, paces = parse_bpms(words), parse_tempo_words(words)
    low, high = tempi or (_SLOWEST, _FASTEST)
    remarks = []
    least = numbers[:1] or [limits[0] for _, limits in paces[:1] if limits[0] > high]
    if least and not (1 - _CLOSE) * low <= least[0] <= (1 + _CLOSE) * high:
        asked = f"{least[0]:g} BPM" + ("" if numbers else " or more")
        text = f"{asked} is asked for; {'the model plays' if tempi else 'songs have'} {low:.0f} to {high:.0f} BPM."
        remarks.append(Remark("tempo-range", text, values={"asked": least[0], "low": round(low), "high": round(high)}))
    said = [f"{number:g} BPM" for number in dict.fromkeys(numbers)]
    for word, (slowest, fastest) in paces:
        fits = (1 - _NEAR) * slowest <= numbers[0] < (1 + _NEAR) * fastest if numbers else slowest == paces[0][1][0]
        if not fits or not said:
            said.append(word)
    return remarks + _contradiction("tempo", said, led=tempi is not None)


def _contradiction(what: str, said: list[str], led: bool) -> list[Remark]:
    """The remark that two are asked for of which a song has one."""
    if len(said) < 2:
        return []
    kept, other = said[:2]
    text = f'"{kept}" and "{other}" are both asked for; {"the first of them counts" if led else "leave out one"}.'
    return [Remark(f"{what}-contradiction", text, values={"kept": kept, "other": other})]
