"""When the words of given lyrics are sung in a song, by the phone recogniser, which knows English phones.

The likeliest path leads through the phones of all lines in order. Between two lines anything may sound, also singing
that is not in the lyrics; a line that is not sung is passed over.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from khala.music.phones import LETTERS
from khala.music.reading import read_lyrics
from khala.music.spoken import spoken_words
from khala.music.timing import TimedLine, TimedWord, untimed
from khala.scoring.types import Array
from khala.scoring.viterbi import NEVER, Chain
from khala.scoring.words import PhonePosteriors, listen

NATS_PER_PHONE = 1.5
"""What passing over a line costs, by its phones. Fitted like `STRAY` with `benchmarks/alignment.py`."""
STRAY = 0.05
"""The share of the probability of all phones that a frame between two lines counts as, besides that of "no phone"."""


def align_lyrics(samples: Array, rate: int, lyrics: str) -> list[TimedLine]:
    """Return every line of the lyrics, in order, with the times of its words in samples [channels, N].

    Lines that are not sung have none, nor have words that cannot be read in English.
    """
    if not np.size(samples):
        return untimed(read_lyrics(lyrics))
    return align_words(listen(samples, rate), lyrics)


def align_words(heard: PhonePosteriors, lyrics: str) -> list[TimedLine]:
    """The same, of what the recogniser has heard."""
    lines = untimed(read_lyrics(lyrics))
    phones = [[letters for _, letters in spoken_words(line.text)] for line in lines]
    readable = [number for number, words in enumerate(phones) if any(words)]
    if not readable:
        return lines
    chain = _chain(["".join(phones[number]) for number in readable])
    path = chain.likeliest_path(_with_stray(heard.frames))
    at = 0
    for number in readable:
        words = []
        for word, letters in zip(lines[number].words, phones[number], strict=True):
            first, end = np.searchsorted(path, (2 * at + 1, 2 * (at + len(letters))))
            at += len(letters)
            words.append(word if first >= end else _timed(word, int(first), int(end), heard.frame_rate))
        sung = [word for word in words if word.start is not None]
        if sung:
            start, end = sung[0].start, sung[-1].end
            lines[number] = replace(lines[number], start=start, end=end, sung=True, words=tuple(words))
    return lines


def _timed(word: TimedWord, first: int, end: int, rate: float) -> TimedWord:
    return replace(word, start=round(first / rate, 3), end=round(end / rate, 3))


def _chain(lines: Sequence[str]) -> Chain:
    """States of the lines' phones: what is between two lines, the first phone, a rest, the second phone, a rest, ..."""
    between = 1 + len(LETTERS)
    classes = [between]
    for line in lines:
        for letter in line:
            classes += [1 + LETTERS.index(letter), 0]
        classes[-1] = between
    counts = list(accumulate(map(len, lines), initial=0))
    skips = np.full(len(classes), NEVER)
    skips[3::2] = 0.0
    return Chain(np.array(classes), skips, 2 * np.array(counts), NATS_PER_PHONE * np.array(counts))


def _with_stray(frames_TC: Array) -> Array:
    """Log probabilities [T, C + 1]: the last column is that of a frame between two lines."""
    rest_T = np.exp(frames_TC[:, 0])
    return np.column_stack([frames_TC, np.log(rest_T + STRAY * (1 - rest_T))])
