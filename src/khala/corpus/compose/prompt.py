"""What a listener would say of a song: tags and one sentence, both only of what was composed."""

import random
from dataclasses import dataclass

from khala.corpus.compose.harmony import key_name

TEMPO_WORDS = {"slow": (0.0, 90.0), "mid tempo": (90.0, 120.0), "fast tempo": (120.0, 1000.0)}
"""Tempo word -> range in beats a minute (lower bound included)."""

VOCALS = {"female": "female vocals", "male": "male vocals", "": "instrumental"}
"""`Score.voice` -> its tag."""


@dataclass(frozen=True)
class Facts:
    """What may be said: `style` words, `mood`, `bpm`, `instruments` heard, `voice`, `key` and `mode`."""

    style: str
    mood: str
    bpm: float
    instruments: tuple[str, ...]
    voice: str
    key: int
    mode: str


def tempo_word(bpm: float) -> str:
    """The tempo word whose range holds `bpm`."""
    return next(word for word, (low, high) in TEMPO_WORDS.items() if low <= bpm < high)


def tags(rng: random.Random, facts: Facts) -> tuple[str, ...]:
    """A shuffled choice of tags; style and voice are always among them."""
    chosen = [facts.style, VOCALS[facts.voice]]
    if rng.random() < 0.8:
        chosen.append(facts.mood)
    if rng.random() < 0.7:
        chosen.append(tempo_word(facts.bpm))
    if rng.random() < 0.6:
        chosen.append(f"{facts.bpm:.0f} bpm")
    if rng.random() < 0.3:
        chosen.append(key_name(facts.key, facts.mode))
    chosen += rng.sample(facts.instruments, min(rng.randint(0, 2), len(facts.instruments)))
    rng.shuffle(chosen)
    return tuple(chosen)


def description(rng: random.Random, facts: Facts) -> str:
    """One sentence."""
    tempo = rng.choice(
        (
            f"at {facts.bpm:.0f} bpm",
            f"at {facts.bpm:.0f} bpm",
            {"slow": "at a slow tempo", "mid tempo": "at a moderate tempo", "fast tempo": "at a fast tempo"}[
                tempo_word(facts.bpm)
            ],
        )
    )
    band = " and ".join(rng.sample(facts.instruments, min(2, len(facts.instruments))))
    article = "An" if facts.mood[0] in "aeiou" else "A"
    if facts.voice:
        return f"{article} {facts.mood} {facts.style} {tempo} with {band} and {facts.voice} vocals."
    return f"{article} {facts.mood} instrumental {facts.style} {tempo} with {band}."
