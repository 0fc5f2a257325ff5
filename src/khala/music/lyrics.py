"""Characters of lyrics: normalisation as in the published models' training, and script detection."""

import re
import unicodedata
from collections import Counter

# One pass: replacements are not replaced again ("＾" stays "^" although "^" becomes an apostrophe).
_CLEAN = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width ASCII
    | dict.fromkeys("\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " ")
    | dict.fromkeys("\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\ufeff", "")  # invisible
    | dict.fromkeys(map(chr, (*range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A))), "")
    | dict.fromkeys("★☆", "")
    | dict.fromkeys("“”„‟″¨「」«»", '"')
    | dict.fromkeys("‘’‚‛′´ʼ`｀^『』‹›", "'")
    | dict(zip("（）【】〖〗〔〕《》〈〉", "()[][][]<><>", strict=True))
    | dict(zip("。、·×÷|﹏〜﹐﹒﹔﹕﹖﹗", ".,.x/-_~,.;:?!", strict=True))
    | dict(zip("АВЕКМНОРСТУХаеорсух", "ABEKMHOPCTYXaeopcyx", strict=True))  # Cyrillic twins of Latin letters
    | dict(zip("ΑΒΕΗΙΚΜΝΟΡΤΥΧΖ", "ABEHIKMNOPTYXZ", strict=True))  # Greek ones
    | {"…": "..."}
)
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63]+")
_MOJIBAKE = re.compile("\u00e2\u0080[\u0080-\u00bf]")  # UTF-8 punctuation that was read as Latin-1


def clean_lyrics(text: str) -> str:
    """Normalise lyrics as the published models expect them.

    Full-width and look-alike characters become ASCII, invisible ones are dropped, a run of typographic dashes becomes
    one hyphen, and surrounding white space is removed.
    """
    text = _MOJIBAKE.sub(lambda match: match[0].encode("latin-1").decode("utf-8"), text)
    return _DASHES.sub("-", text).translate(_CLEAN).strip()


_SCRIPTS = {"cjk": "han", "hiragana": "kana", "katakana": "kana"}


def _script(letter: str) -> str:
    words = unicodedata.name(letter, "").casefold().removeprefix("fullwidth ").removeprefix("halfwidth ").split()
    first = words[0].split("-")[0] if words else ""
    return _SCRIPTS.get(first, first)


def detect_script(text: str) -> str:
    """Return the script of at least 70 % of the letters outside brackets, by its Unicode name in lower case.

    "latin", "han", "cyrillic", "arabic", ...; Japanese is "kana" and Korean "hangul", their Han characters included.
    "mixed" if no script reaches 70 %, "" if there are no letters.
    """
    counts = Counter(_script(letter) for letter in re.sub(r"[\[【].*?[\]】]", "", text) if letter.isalpha())
    for host in ("kana", "hangul"):
        if counts[host] * 4 >= counts["han"] and counts[host]:
            counts[host] += counts.pop("han", 0)
    if not counts.total():
        return ""
    script, letters = counts.most_common(1)[0]
    return script if letters >= 0.7 * counts.total() else "mixed"
