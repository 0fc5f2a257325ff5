"""The words of a line as they are written, each with the phones that are sung for it."""

from bisect import bisect
from itertools import accumulate

from khala.music.numerals import spelled
from khala.music.phones import WORD, composed, pronounce


def spoken_words(line: str) -> list[tuple[str, str]]:
    """Return the words of a line, as spaces part them, with their phones as characters of `phones.LETTERS`.

    A word that cannot be read has none, and so have the later ones of several that are read as one, such as "5 %".
    """
    words = line.split()
    plain = [composed(word) for word in words]
    starts = list(accumulate((len(word) + 1 for word in plain), initial=0))[:-1]
    phones = [""] * len(words)
    for begin, text, is_number in spelled(" ".join(plain)):
        for match in WORD.finditer(text):
            at = begin if is_number else begin + match.start()
            phones[bisect(starts, at) - 1] += pronounce(match[0]) or ""
    return list(zip(words, phones, strict=True))
