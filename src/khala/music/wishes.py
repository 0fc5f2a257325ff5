"""What the words of a request ask for, as far as they can be told from words: tempo, key, style, voice."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from khala.music.styles import STYLE_TAGS

TEMPO_WORDS = {"slow": (0.0, 90.0), "mid tempo": (90.0, 120.0), "fast tempo": (120.0, 1000.0)}
"""Tempo word -> range in beats a minute (lower bound included)."""
KEY_NAMES = {
    "major": ("c", "d flat", "d", "e flat", "e", "f", "f sharp", "g", "a flat", "a", "b flat", "b"),
    "minor": ("c", "c sharp", "d", "e flat", "e", "f", "f sharp", "g", "g sharp", "a", "b flat", "b"),
}

BPM = re.compile(r"\b(\d{2,3})\s*bpm\b", re.IGNORECASE)
KEY = re.compile(r"\b([a-g])([#♯b♭]|[ -]?(?:sharp|flat))?[ -](major|minor)\b(?! key| mode| scale)", re.IGNORECASE)
MODE = re.compile(r"\b(major|minor)\b", re.IGNORECASE)
WORDS = {
    **{word.removesuffix(" tempo"): limits for word, limits in TEMPO_WORDS.items()},
    "moderate": TEMPO_WORDS["mid tempo"],
}
"""A tempo word, followed by "tempo" or alone as a tag -> its range in BPM."""
PACES = {
    **dict.fromkeys(("downtempo", "slow paced"), TEMPO_WORDS["slow"]),
    **dict.fromkeys(("moderately paced", "medium paced"), TEMPO_WORDS["mid tempo"]),
    **dict.fromkeys(("up tempo", "uptempo", "fast paced"), TEMPO_WORDS["fast tempo"]),
}
"""Words that say a tempo wherever they stand."""
STYLE_WORDS = {
    word.replace("-", " "): tuple(name for name, tags in STYLE_TAGS.items() if word in (name, *tags))
    for word in sorted({word for name, tags in STYLE_TAGS.items() for word in (name, *tags)}, key=len, reverse=True)
}
"""What a style is called -> the styles that are called so; the longest names first."""
WOMEN = re.compile(r"\b(female|woman|women|girl|girls|lady|she|her|soprano|alto)\b")
MEN = re.compile(r"\b(male|man|men|boy|boys|guy|he|his|tenor|baritone)\b")


def stated_bpm(words: Iterable[str]) -> float | None:
    """The number of "96 bpm"."""
    return next((float(found[1]) for word in words if (found := BPM.search(word))), None)


def stated_limits(words: Iterable[str]) -> tuple[float, float] | None:
    """The range of "slow", "mid tempo", "at a fast tempo"."""
    for text in (word.strip().lower().replace("-", " ") for word in words):
        for word, limits in WORDS.items():
            if text == word or re.search(rf"\b{word} tempo\b", text):
                return limits
        for word, limits in PACES.items():
            if re.search(rf"\b{word}\b", text):
                return limits
    return None


def stated_key(words: Iterable[str]) -> tuple[int | None, str | None]:
    """Tonic and mode of "in f sharp minor", the mode alone of "in a minor key", (None, None) where neither is said."""
    text = ", ".join(words)
    if found := KEY.search(text):
        mode, sign = found[3].lower(), (found[2] or "").strip(" -").lower()
        step = 1 if sign in ("#", "♯", "sharp") else -1 if sign else 0
        return (KEY_NAMES["major"].index(found[1].lower()) + step) % 12, mode
    alone = MODE.search(text)
    return None, alone[1].lower() if alone else None


def stated_styles(words: Iterable[str]) -> tuple[str, ...]:
    """The known styles that are named, in the order of the text, by a longer name ("country pop") rather than a shorter
    one ("pop")."""
    text = ", ".join(words).lower().replace("-", " ")
    found: list[tuple[int, str]] = []
    for word, styles in STYLE_WORDS.items():
        for match in re.finditer(rf"\b{re.escape(word)}\b", text):
            found += [(match.start(), style) for style in styles]
            text = text[: match.start()] + "_" * len(word) + text[match.end() :]
    return tuple(dict.fromkeys(style for _, style in sorted(found)))


def stated_voice(request: Mapping[str, Any], words: Iterable[str]) -> bool | None:
    """True where lyrics or a vocal tag ask for somebody who sings, False where an instrumental is asked for."""
    text = " ".join(words).lower()
    if request.get("instrumental") or "instrumental" in text:
        return False
    if request.get("lyrics") or re.search(r"\b(vocals?|singer|sung|sings?)\b", text):
        return True
    return None


def stated_singer(words: Iterable[str]) -> str:
    """Whether a "female" or a "male" voice is asked for; "" if neither or both are."""
    text = " ".join(words).lower()
    women, men = bool(WOMEN.search(text)), bool(MEN.search(text))
    return "" if women == men else "female" if women else "male"
