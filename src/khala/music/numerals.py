"""Spell out the numbers and signs of English lyrics: "1999", "$5", "100%"."""

import re
from collections.abc import Iterator

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"},
    "twelve": "twelfth",
}
_COINS = {"$": ("dollar", "dollars"), "£": ("pound", "pounds"), "€": ("euro", "euros"), "¥": ("yen", "yen")}
_SIGNS = {"&": "and", "+": "plus", "=": "equals", "@": "at", "½": "half", "¼": "quarter", "¾": "three quarters"}
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)"

_PATTERNS = re.compile(
    rf"""(?<![^\W_])(?:
        (?P<coin>[$£€¥])\s?(?P<sum>{_DIGITS})(?:\.(?P<cents>\d\d))?(?!\d)
      | (?P<share>{_DIGITS}(?:\.\d+)?)\s?%
      | (?P<ordinal>\d{{1,6}})(?:st|nd|rd|th)\b
      | '?(?P<decade>(?:1[1-9]|20)\d0|[1-9]0)'?s\b
      | (?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?![\d:])
      | (?P<phone>\d{{3}}-\d{{4}})(?!\d)
      | (?P<whole>\d+)\.(?P<part>\d+)(?![\d.])
      | \#(?P<rank>\d{{1,4}})\b
      | (?P<grouped>\d{{1,3}}(?:,\d{{3}})+)(?!\d)
      | (?P<number>\d+)(?![^\W_])
      )
      | (?P<sign>[&+=@½¼¾])""",
    re.VERBOSE | re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"(?:^|\W)(?:a|an|the|one|my|your|our|his|her|their|this|every|few|several|hundred)\s+$", re.IGNORECASE
)


def spell_numbers(line: str) -> str:
    """Return a line of lyrics with its numbers and signs as words; digits within words ("gr8") stay."""
    return "".join(text for _, text, _ in spelled(line))


def spelled(line: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the pieces of a line as `spell_numbers` joins them: where each begins in `line`, its text, and whether that
    is a number or sign as words."""

    def words(found: re.Match[str]) -> str:
        kind = found.lastgroup
        bare = bool(_ARTICLE.search(line[: found.start()]))
        if coin := found["coin"]:
            amount = [*_counted(found["sum"], bare), _COINS[coin][_value(found["sum"]) != 1]]
            said = amount + (cardinal(found["cents"]) if found["cents"] and int(found["cents"]) else [])
        elif found["share"]:
            whole, _, part = found["share"].partition(".")
            said = [*(_counted(whole, bare) if not part else _decimal(whole, part)), "percent"]
        elif found["ordinal"]:
            said = _ordinal(found["ordinal"])
        elif found["decade"]:
            said = _decade(found["decade"])
        elif found["hour"]:
            said = _clock(found["hour"], found["minute"])
        elif found["phone"]:
            said = [_ONES[int(digit)] for digit in found["phone"] if digit.isdigit()]
        elif found["whole"]:
            said = _decimal(found["whole"], found["part"])
        elif found["rank"]:
            said = ["number", *cardinal(found["rank"])]
        elif kind == "sign":
            said = [_SIGNS[found["sign"]]]
        else:
            number = found["grouped"] or found["number"]
            said = _year(number) if kind == "number" and _is_year(number) else _counted(number, bare)
        return f" {' '.join(said)} "

    at = 0
    for found in _PATTERNS.finditer(line):
        yield at, line[at : found.start()], False
        yield found.start(), words(found), True
        at = found.end()
    yield at, line[at:], False


def cardinal(digits: str) -> list[str]:
    """Return a whole number as words, digit by digit if it starts with 0 or has more than twelve digits."""
    if len(digits) > 12 or (digits[0] == "0" and len(digits) > 1):
        return [_ONES[int(digit)] for digit in digits]
    return _below(int(digits))


def _below(value: int) -> list[str]:
    for scale, name in _SCALES:
        if value >= scale:
            rest = value % scale
            return [*_below(value // scale), name, *(_below(rest) if rest else [])]
    if value < 20:
        return [_ONES[value]]
    return [_TENS[value // 10 - 2], *([_ONES[value % 10]] if value % 10 else [])]


def _value(number: str) -> int:
    return int(number.replace(",", ""))


def _counted(number: str, bare: bool) -> list[str]:
    """Return a count as words: "100" is "a hundred", or with `bare`, after an article, "hundred"."""
    words = cardinal(number.replace(",", ""))
    if len(words) == 2 and words[0] == "one":
        return words[1:] if bare else ["a", words[1]]
    return words


def _is_year(number: str) -> bool:
    return len(number) == 4 and (1100 <= int(number) <= 1999 or 2010 <= int(number) <= 2099)


def _year(number: str) -> list[str]:
    century, rest = int(number[:2]), number[2:]
    if rest == "00":
        return [*_below(century), "hundred"]
    return [*_below(century), *(["oh", _ONES[int(rest)]] if rest[0] == "0" else _below(int(rest)))]


def _decade(number: str) -> list[str]:
    words = _year(number) if _is_year(number) else cardinal(number)
    last = words[-1]
    return [*words[:-1], f"{last[:-1]}ies" if last.endswith("y") else f"{last}s"]


def _ordinal(number: str) -> list[str]:
    *words, last = cardinal(number)
    return [*words, _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")]


def _clock(hour: str, minute: str) -> list[str]:
    if minute == "00":
        return [*_below(int(hour)), "o'clock"]
    return [*_below(int(hour)), *(["oh"] if minute[0] == "0" else []), *_below(int(minute))]


def _decimal(whole: str, part: str) -> list[str]:
    return [*cardinal(whole), "point", *(_ONES[int(digit)] for digit in part)]
