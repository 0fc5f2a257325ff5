"""Error rates of what is sung against what should be: phones of the shipped recogniser, or words of any other."""

import re
from collections.abc import Sequence

from khala.music.distance import edit_distance
from khala.music.reading import sections
from khala.scoring.ctc import greedy_decode
from khala.scoring.types import Array
from khala.scoring.words import PhonePosteriors, listen, phones_of


def phoneme_error_rate(samples: Array, rate: int, lyrics: str) -> float:
    """Return the phoneme error rate of samples [channels, N] against lyrics. Raises ValueError if they hold nothing to
    sing."""
    return error_rate(transcript(listen(samples, rate)), phones_of(lyrics))


def error_rate(hypothesis: Sequence[str], reference: Sequence[str]) -> float:
    """Return insertions, deletions and replacements per word or phone of the reference. Raises ValueError if it is
    empty."""
    if not reference:
        raise ValueError("there is nothing that should have been sung")
    return edit_distance(hypothesis, reference) / len(reference)


def transcript(heard: PhonePosteriors) -> list[str]:
    """Return the recognised phones."""
    return greedy_decode(heard.ctc)


def normalised_words(text: str) -> list[str]:
    """Return the words of lyrics or of a transcript: in lower case, without punctuation and section tags."""
    lines = [line for section in sections(text) for line in section.lines]
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", " ".join(lines).lower())
