"""What a listener would say of a song: tags and one sentence, both only of what was composed."""

import random
from dataclasses import dataclass

from khala.corpus.compose.harmony import key_name
from khala.corpus.compose.plan import Plan
from khala.corpus.compose.styles.base import NAMES
from khala.corpus.score import Part

TEMPO_WORDS = {"slow": (0.0, 90.0), "mid tempo": (90.0, 120.0), "fast tempo": (120.0, 1000.0)}
"""Tempo word -> range in beats a minute (lower bound included)."""
VOCALS = {"female": "female vocals", "male": "male vocals", "": "instrumental"}
"""`Score.voice` -> its tag."""
_PACES = {
    "slow": ("slow", "slow-paced"),
    "mid tempo": ("mid-tempo", "moderately paced"),
    "fast tempo": ("fast", "fast-paced"),
}


@dataclass(frozen=True)
class Facts:
    """What may be said; `instruments` are those heard besides drums, `lead` has the tune where nobody sings."""

    styles: tuple[str, ...]
    nouns: tuple[str, ...]
    mood: str
    bpm: float
    waltz: bool
    voice: str
    instruments: tuple[str, ...]
    lead: str
    key: str


def facts(plan: Plan, parts: tuple[Part, ...]) -> Facts:
    """The facts of a song; what a tag or noun says of an instrument has to be heard."""
    return Facts(
        styles=plan.style.tags,
        nouns=plan.style.nouns,
        mood=plan.mood,
        bpm=60 / plan.beat_seconds,
        waltz=plan.beats_per_bar == 3,
        voice=plan.voice,
        instruments=tuple(dict.fromkeys(NAMES[part.program] for part in parts if not part.drums)),
        lead=plan.lead,
        key=key_name(plan.key, plan.mode),
    )


def tempo_word(bpm: float) -> str:
    """The tempo word whose range holds `bpm`."""
    return next(word for word, (low, high) in TEMPO_WORDS.items() if low <= bpm < high)


def tags(lots: random.Random, facts: Facts) -> tuple[str, ...]:
    """A shuffled choice of tags; the style and who sings are always among them."""
    chosen = [facts.styles[0] if lots.random() < 0.6 else lots.choice(facts.styles), VOCALS[facts.voice]]
    if lots.random() < 0.7:
        chosen.append(facts.mood)
    if lots.random() < 0.7:
        chosen.append(tempo_word(facts.bpm))
    if lots.random() < 0.6:
        chosen.append(f"{_told(lots, facts.bpm)} bpm")
    if lots.random() < 0.3:
        chosen.append(facts.key)
    if facts.waltz and lots.random() < 0.7:
        chosen.append("waltz")
    chosen += lots.sample(facts.instruments, min(lots.choice((0, 1, 1, 2, 2, 3)), len(facts.instruments)))
    lots.shuffle(chosen)
    return tuple(chosen)


def description(lots: random.Random, facts: Facts) -> str:
    """One sentence in one of many wordings."""
    noun = lots.choice(facts.nouns)
    pace = lots.choice(_PACES[tempo_word(facts.bpm)])
    tempo = f"{_told(lots, facts.bpm)} bpm"
    band = _list(lots.sample(facts.instruments, min(lots.choice((1, 2, 2, 3)), len(facts.instruments))))
    singer = lots.choice((f"{facts.voice} vocals", f"a {facts.voice} voice", f"a {facts.voice} singer"))
    waltz = lots.choice((" in three", ", a waltz")) if facts.waltz and lots.random() < 0.5 else ""
    if facts.voice:
        wording = lots.choice(
            (
                f"{facts.mood} {noun} at {tempo} with {band} and {singer}{waltz}",
                f"{facts.mood} {noun} with {singer} and {band}, {tempo}{waltz}",
                f"{pace} {facts.mood} {noun} with {band} and {singer}{waltz}",
                f"{pace} {noun} in {facts.key} with {singer}{waltz}",
                f"{facts.mood} {noun} with {singer} at a {pace} tempo{waltz}".replace("-paced tempo", " tempo"),
                f"{pace}, {facts.mood} {noun} sung by a {facts.voice} voice over {band}{waltz}",
                f"{noun} with {singer}, {facts.mood}, around {tempo}{waltz}",
            )
        )
    else:
        wording = lots.choice(
            (
                f"{facts.mood} instrumental {noun} at {tempo} with {band}{waltz}",
                f"{pace} {facts.mood} instrumental {noun} with {band}{waltz}",
                f"{pace} instrumental {noun} in {facts.key}{waltz}",
                f"{facts.mood} {noun} without vocals, {band}, around {tempo}{waltz}",
                f"{pace}, {facts.mood} instrumental {noun} led by the {facts.lead}{waltz}",
            )
        )
    if lots.random() < 0.75:
        wording = f"{'An' if wording[0] in 'aeiou' else 'A'} {wording}"
    return f"{wording[0].upper()}{wording[1:]}."


def _told(lots: random.Random, bpm: float) -> int:
    """A tempo as people say it: exact, or to the nearest five."""
    return round(bpm) if lots.random() < 0.6 else 5 * round(bpm / 5)


def _list(names: list[str]) -> str:
    """ "piano, bass and strings"."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
