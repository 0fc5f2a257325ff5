"""Grapheme-to-phoneme conversion of English lyrics, so that a small model can sing words it was not trained on.

A phone is one character (`LETTERS`): prompts stay text that any byte-level tokenizer accepts. Pronunciations come from
the CMU Pronouncing Dictionary (BSD licence, `cmudict-license.txt`; packed by recipes/pronunciations), one per word.
Other words are split into known words or read by English spelling rules. Text in other scripts stays as it is.
"""

import lzma
import re
import unicodedata
from functools import cache
from importlib.resources import files

from khala.music.numerals import cardinal, spell_numbers

PHONES = (
    *("AA", "AE", "AH", "AX", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"),
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V"),
    *("W", "Y", "Z", "ZH"),
)
"""ARPAbet without stress marks; AX is unstressed AH. The first 16 are vowels."""
LETTERS = "A@^*O0IE381!957UBCDXFGHJKLMNQPRS$T+VWYZ%"
"""The character of each of `PHONES` in a prompt."""

MAX_COMPOUND_LETTERS = 40
"""Longest first part of a compound, so that the search stays short."""

_LETTER = dict(zip(PHONES, LETTERS, strict=True))
WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*'?|[()]")
"""A word, or a bracket."""
_LATIN = re.compile(r"LATIN SMALL (?:LETTER|LIGATURE) (?:DOTLESS |LONG )?([A-Z]{1,2})(?: WITH .+)?")
_OTHER_LATIN = {"ð": "d", "þ": "th", "ŋ": "ng"}

# English spelling rules, longest first; a pattern with "$" applies only at the end of a word.
_SPELLINGS = {
    **{"tion": "SH AX N", "sion": "ZH AX N", "ough": "AO", "augh": "AO", "eigh": "EY", "ture": "CH ER"},
    **{"igh": "AY", "tch": "CH", "dge": "JH", "eau": "OW", "oor": "AO R", "ear": "IH R", "air": "EH R", "are": "EH R"},
    **{"ire": "AY R", "ore": "AO R", "eer": "IH R", "our": "AW R", "ing": "IH NG", "all": "AO L", "old": "OW L D"},
    **{"ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W", "kn": "N"},
    **{"wr": "R", "gh": "G", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY"},
    **{"ai": "EY", "ay": "EY", "ei": "EY", "ey": "IY", "au": "AO", "aw": "AO", "oa": "OW", "ie": "IY", "ue": "UW"},
    **{"ew": "UW", "ui": "UW", "ar": "AA R", "er": "ER", "ir": "ER", "ur": "ER", "or": "AO R", "le$": "AX L"},
    **{"ce": "S EH", "ci": "S IH", "cy": "S IY", "ge": "JH EH", "gi": "JH IH", "gy": "JH IY", "es$": "Z", "e$": ""},
    **{"y$": "IY", "o$": "OW", "a$": "AX", "i$": "IY", "u$": "UW", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH"},
    **{"f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA"},
    **{"p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "Y"},
    **{"z": "Z"},
}
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}  # before one consonant and a silent e
_VOICELESS = frozenset("PTKFHSC$+")
_SIBILANT = frozenset("SZ$%CJ")


def phonetic(lyrics: str) -> str:
    """Return cleaned lyrics with every English word as phones; section tags, line breaks and brackets stay.

    `phonetic("[verse]\\nSing it")` is "[verse]\\nS1Q 1T".
    """
    return "\n".join(_line(line) for line in lyrics.split("\n"))


def pronounce(word: str) -> str | None:
    """Return the phones of a word as characters of `LETTERS`, or None if it is not in Latin letters or digits."""
    plain = _plain(word)
    if not re.fullmatch(r"[a-z0-9'-]+", plain):
        return None
    found: list[str] = []
    for part in re.findall(r"[a-z']+|\d+", plain):
        found += map(_read, cardinal(part)) if part.isdigit() else [_read(part)]
    return "".join(found)


def composed(text: str) -> str:
    """Return a text in which no accent is a character of its own."""
    return "".join(char for char in unicodedata.normalize("NFC", text) if not unicodedata.combining(char))


def _plain(word: str) -> str:
    """Return a word with its Latin letters reduced to a..z: "Cœur" -> "coeur", "Łódź" -> "lodz"."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(_base(char) for char in decomposed if not unicodedata.combining(char))


@cache
def _base(char: str) -> str:
    """Return the plain letters of a Latin letter that has no decomposition, by its Unicode name."""
    found = _LATIN.fullmatch(unicodedata.name(char, ""))
    return _OTHER_LATIN.get(char) or (found[1].lower() if found else char)


def _line(line: str) -> str:
    tag = re.match(r"\s*\[[^\[\]]*\]\s*", line)
    head, rest = (tag[0].strip(), line[tag.end() :]) if tag else ("", line)
    words = (match[0] for match in WORD.finditer(spell_numbers(composed(rest))))
    said = " ".join(word if word in "()" else pronounce(word) or word for word in words)
    return " ".join(filter(None, (head, said.replace("( ", "(").replace(" )", ")"))))


@cache
def _read(word: str) -> str:
    """Phones of a word of a..z and apostrophes: looked up, also if stretched ("loooove"), in parts, or by spelling."""
    stretched = re.sub(r"(.)\1{2,}", r"\1", word)
    tried = (word, stretched, re.sub(r"(.)\1{2,}", r"\1\1", word), word.strip("'"), stretched.rstrip("h"))
    for spelling in tried:
        if found := _look_up(spelling):
            return found
    stem = stretched.strip("'")
    return _inflected(stem) or _compound(stem) or _letters(stem.replace("'", ""))


def _inflected(word: str) -> str:
    """Phones of a known word with an ending, or ""."""
    for ending, sound in (("'s", "Z"), ("es", "Z"), ("s", "Z"), ("ed", "D"), ("ing", "1Q"), ("in", "1N"), ("ly", "L!")):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2:
            continue
        base = _look_up(stem) or _look_up(stem + "e") or (_look_up(stem[:-1]) if stem[-2:-1] == stem[-1:] else "")
        if base and sound == "Z":
            return base + ("1Z" if base[-1] in _SIBILANT else "S" if base[-1] in _VOICELESS else "Z")
        if base and sound == "D":
            return base + ("1D" if base[-1] in "TD" else "T" if base[-1] in _VOICELESS else "D")
        if base:
            return base + sound
    return ""


def _compound(word: str) -> str:
    """Phones of a compound of two known words, or ""."""
    for cut in range(min(len(word), MAX_COMPOUND_LETTERS) - 3, 2, -1):
        first, second = _look_up(word[:cut]), _look_up(word[cut:])
        if first and second:
            return first + second
    return ""


def _letters(word: str) -> str:
    word = re.sub(r"([bcdfgklmnprstvz])\1", r"\1", word)
    phones: list[str] = []
    at = 0
    while at < len(word):
        if re.match(r"[aeiou][bcdfgklmnpstvz]e$", word[at:]):
            phones.append(_LONG[word[at]])
            at += 1
            continue
        for size in (4, 3, 2, 1):
            part = word[at : at + size]
            ending = at > 0 and at + size == len(word) and f"{part}$" in _SPELLINGS
            if len(part) == size and (ending or part in _SPELLINGS):
                phones += _SPELLINGS[f"{part}$" if ending else part].split()
                at += size
                break
        else:
            at += 1
    return "".join(_LETTER[phone] for phone in phones)


def _look_up(word: str) -> str:
    """Phones of a word of the dictionary, or ""."""
    return _dictionary().get(word, "")


@cache
def _dictionary() -> dict[str, str]:
    packed = files("khala.music").joinpath("pronunciations.txt.xz").read_bytes()
    lines = lzma.decompress(packed).decode("ascii").splitlines()
    return dict(line.split(" ") for line in lines)
