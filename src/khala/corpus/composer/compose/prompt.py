"""Tags and description of a song, both true of what was composed."""

import random
from dataclasses import dataclass

from khala.conditioning.request_terms import TEMPO_WORDS
from khala.corpus.composer.compose.harmony import key_name
from khala.corpus.composer.compose.plan import SongPlan
from khala.corpus.composer.compose.styles.base import (
    BRUSH_KIT,
    ELECTRONIC_KIT,
    INSTRUMENTS,
    JAZZ_KIT,
    KITS,
    MACHINE_KIT,
    ORCHESTRA_KIT,
)
from khala.corpus.composer.compose.themes import THEMES
from khala.corpus.composer.score import InstrumentPart, SungLine
from khala.corpus.composer.singers import SINGERS

VOCALS = {"female": "female vocals", "male": "male vocals", "": "instrumental"}
"""`Score.voice` -> tag."""
_PACES = {
    "slow": ("slow", "slow-paced", "downtempo"),
    "mid tempo": ("mid-tempo", "moderately paced", "medium-paced"),
    "fast tempo": ("fast", "fast-paced", "up-tempo"),
}
_DRUMS = {
    ELECTRONIC_KIT: "electronic drums",
    MACHINE_KIT: "drum machine",
    JAZZ_KIT: "jazz drums",
    BRUSH_KIT: "brushed drums",
    ORCHESTRA_KIT: "orchestral percussion",
}
_SOUND = {"booth": ("dry mix", "intimate"), "room": ("live room",), "hall": ("spacious", "reverb")}
_LOW, _HIGH = 45, 59
"""Highest lowest note of a deep male voice, and lowest one of a high female voice."""


@dataclass(frozen=True)
class Facts:
    """Facts to state; `instruments` are all but drums, `lead` has the tune where nobody sings.

    `singer` are words for the voice, `production` for the mix and the drums; `solo` is the instrument that plays one,
    `backing` what backing voices do, `theme` is that of the lyrics; each is empty where there is nothing to state.
    """

    styles: tuple[str, ...]
    nouns: tuple[str, ...]
    moods: tuple[str, ...]
    bpm: float
    waltz: bool
    voice: str
    singer: tuple[str, ...]
    backing: str
    instruments: tuple[str, ...]
    lead: str
    solo: str
    key: str
    production: tuple[str, ...]
    theme: str


def facts(plan: SongPlan, parts: tuple[InstrumentPart, ...], lines: tuple[SungLine, ...]) -> Facts:
    """Return the facts of a song."""
    backing = ""
    if any(line.answer for line in lines):
        backing = "call and response"
    elif any(line.harmony for line in lines):
        backing = "vocal harmonies"
    leads = any(part.name == "lead" for part in parts)
    return Facts(
        styles=plan.style.tags,
        nouns=plan.style.nouns,
        moods=(plan.mood, *(mood for mood in plan.style.moods[plan.mode] if mood != plan.mood)),
        bpm=60 / plan.beat_seconds,
        waltz=plan.beats_per_bar == 3,
        voice=plan.voice,
        singer=_singer(plan),
        backing=backing,
        instruments=tuple(dict.fromkeys(INSTRUMENTS[part.program] for part in parts if not part.drums)),
        lead=plan.lead,
        solo=plan.lead if leads and any(section.name == "solo" for section in plan.sections) else "",
        key=key_name(plan.key, plan.mode),
        production=_production(plan, parts),
        theme=_theme(lines),
    )


def _singer(plan: SongPlan) -> tuple[str, ...]:
    """Return words for a voice that differs from the others of its sex."""
    if not plan.voice:
        return ()
    singer = SINGERS[plan.singer]
    words = []
    if singer.sex == "male" and singer.low <= _LOW:
        words.append("deep")
    if singer.sex == "female" and singer.low >= _HIGH:
        words.append("high")
    if singer.breath:
        words.append("breathy")
    if singer.bright > 0:
        words.append("bright")
    return tuple(words)


def _production(plan: SongPlan, parts: tuple[InstrumentPart, ...]) -> tuple[str, ...]:
    words = [*_SOUND[plan.mix.room]]
    if plan.mix.worn:
        words += ["vinyl crackle", "warm analog sound"]
    if plan.mix.echo and plan.voice:
        words.append("vocal delay")
    if plan.mix.pump > 0.3:
        words.append("sidechain compression")
    if any(part.drums for part in parts):
        acoustic = plan.style.kit in KITS and plan.style.kit not in _DRUMS
        words.append("acoustic drums" if acoustic else _DRUMS[plan.style.kit])
    return tuple(words)


def _theme(lines: tuple[SungLine, ...]) -> str:
    """Return the theme of most lines, if at least three of them and two in five are about it; else ""."""
    spoken = {line.text: frozenset(line.words) for line in lines}
    counts = {theme: sum(bool(words & set(about)) for words in spoken.values()) for theme, about in THEMES.items()}
    theme = max(counts, key=lambda name: counts[name])
    return theme if counts[theme] >= max(3, 0.4 * len(spoken)) else ""


def tempo_word(bpm: float) -> str:
    """Return the tempo word whose range holds `bpm`."""
    return next(word for word, (low, high) in TEMPO_WORDS.items() if low <= bpm < high)


def tags(rng: random.Random, facts: Facts) -> tuple[str, ...]:
    """Draw tags in random order; style and voice are always among them."""
    chosen = [facts.styles[0] if rng.random() < 0.6 else rng.choice(facts.styles), VOCALS[facts.voice]]
    if rng.random() < 0.7:
        chosen.append(facts.moods[0])
    if len(facts.moods) > 1 and rng.random() < 0.25:
        chosen.append(rng.choice(facts.moods[1:]))
    if rng.random() < 0.7:
        chosen.append(tempo_word(facts.bpm))
    if rng.random() < 0.6:
        chosen.append(f"{_stated_tempo(rng, facts.bpm)} {rng.choice(('bpm', 'bpm', 'bpm', 'BPM'))}")
    if rng.random() < 0.3:
        chosen.append(facts.key)
    if facts.waltz and rng.random() < 0.7:
        chosen.append("waltz")
    chosen += rng.sample(facts.instruments, min(rng.choice((0, 1, 1, 2, 2, 3)), len(facts.instruments)))
    if facts.singer and rng.random() < 0.4:
        chosen.append(f"{rng.choice(facts.singer)} voice")
    if facts.backing and rng.random() < 0.4:
        chosen.append(facts.backing)
    if facts.solo and rng.random() < 0.4:
        chosen.append(f"{facts.solo} solo")
    chosen += rng.sample(facts.production, min(rng.choice((0, 0, 1, 1, 2)), len(facts.production)))
    rng.shuffle(chosen)
    return tuple(dict.fromkeys(chosen))


def description(rng: random.Random, facts: Facts) -> str:
    """Draw a sentence in one of many wordings, in some songs with another about a detail."""
    first = _sentence(rng, facts)
    details = _details(facts)
    if not details or rng.random() < 0.45:
        return first
    return f"{first} {rng.choice(details)}"


def _sentence(rng: random.Random, facts: Facts) -> str:
    noun, mood = rng.choice(facts.nouns), rng.choice((facts.moods[0], facts.moods[0], *facts.moods))
    pace = rng.choice(_PACES[tempo_word(facts.bpm)])
    tempo = f"{_stated_tempo(rng, facts.bpm)} {rng.choice(('bpm', 'bpm', 'BPM'))}"
    timed = rng.choice((f"at {tempo}", f"at about {tempo}", f"in {facts.key} at {tempo}"))
    band = _list(rng.sample(facts.instruments, min(rng.choice((1, 2, 2, 3)), len(facts.instruments))))
    if facts.voice:
        person = {"female": "woman", "male": "man"}[facts.voice]
        colour = f"{rng.choice(facts.singer)} " if facts.singer and rng.random() < 0.4 else ""
        singer = rng.choice(
            (
                f"{colour}{facts.voice} vocals",
                f"a {colour}{facts.voice} voice",
                f"a {colour}{facts.voice} singer",
                f"a {person} singing",
            )
        )
        wording = rng.choice(
            (
                f"{mood} {noun} {timed} with {band} and {singer}",
                f"{mood} {noun} with {singer} and {band}, {tempo}",
                f"{pace} {mood} {noun} with {band} and {singer}",
                f"{pace} {noun} in {facts.key} with {singer}",
                f"{mood} {noun} with {singer} at a {pace} tempo".replace("-paced tempo", " tempo"),
                f"{pace}, {mood} {noun} sung by a {colour}{facts.voice} voice over {band}",
                f"{noun} with {singer}, {mood}, around {tempo}",
                f"{pace} {noun}, {mood}, {singer}, {band}",
                f"{mood} {noun} sung by a {person}, {band}, {tempo}",
                f"{mood}, {pace} {noun} for {singer} and {band}",
                f"{noun} {timed}: {mood}, {band}, {singer}",
            )
        )
    else:
        wording = rng.choice(
            (
                f"{mood} instrumental {noun} {timed} with {band}",
                f"{pace} {mood} instrumental {noun} with {band}",
                f"{pace} instrumental {noun} in {facts.key}",
                f"{mood} {noun} without vocals, {band}, around {tempo}",
                f"{pace}, {mood} instrumental {noun} led by the {facts.lead}",
                f"instrumental {noun}, {mood}, {band}, {tempo}",
                f"{mood} instrumental {noun} where the {facts.lead} plays the tune, {pace}",
                f"{pace} {noun}, {mood}, instrumental, {band}",
            )
        )
    wording += rng.choice((" in three", ", a waltz")) if facts.waltz and rng.random() < 0.5 else ""
    manner = rng.random()
    article = _article(wording)
    if manner < 0.12:
        wording = f"{rng.choice(('make', 'write', 'i want', 'give me', 'create'))} {article} {wording}"
    elif manner < 0.7:
        wording = f"{article} {wording}"
    return f"{wording[0].upper()}{wording[1:]}."


def _details(facts: Facts) -> list[str]:
    """Return sentences about particular features of a song."""
    found = [_SENTENCES.get(word, f"With {word}.") for word in facts.production]
    found.append(f"{_list(list(facts.moods[:2]))} mood.".capitalize())
    if facts.backing == "call and response":
        found += ["Backing vocals answer the singer in the chorus.", "Call and response in the chorus."]
    elif facts.backing:
        found += ["The chorus has vocal harmonies.", "Harmonies in the chorus."]
    if facts.solo:
        found += [f"Features {_article(facts.solo)} {facts.solo} solo.", f"There is a solo on the {facts.solo}."]
    if facts.theme:
        found += [f"The lyrics are about {_ABOUT.get(facts.theme, facts.theme)}."]
    return found


_SENTENCES = {
    "intimate": "An intimate sound.",
    "spacious": "A spacious sound.",
    "dry mix": "The mix is dry.",
    "live room": "Recorded in a live room.",
    "reverb": "Lots of reverb.",
    "drum machine": "With a drum machine.",
    "vocal delay": "Delay on the vocals.",
    "warm analog sound": "A warm analog sound.",
}
_ABOUT = {
    "night": "the night",
    "road": "the road",
    "sea": "the sea",
    "dance": "dancing",
    "rain": "the rain",
    "city": "the city",
    "dream": "dreams",
    "river": "a river",
    "sky": "the sky",
    "song": "music",
    "neon": "neon lights",
    "party": "a party",
    "storm": "a storm",
    "memory": "memories",
}


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _stated_tempo(rng: random.Random, bpm: float) -> int:
    """Draw a tempo as people state it: exact, or rounded to five."""
    return round(bpm) if rng.random() < 0.6 else 5 * round(bpm / 5)


def _list(names: list[str]) -> str:
    """Return names as an enumeration: "piano, bass and strings"."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
