"""Composition of a song: plan, lyrics and tune, band, tags and description."""

import random
from collections.abc import Sequence

from khala.corpus.composer.compose import prompt
from khala.corpus.composer.compose.band import band
from khala.corpus.composer.compose.plan import SongPlan, Stanza, draw_plan
from khala.corpus.composer.compose.styles import STYLES
from khala.corpus.composer.compose.swing import Swing
from khala.corpus.composer.compose.touch import touch
from khala.corpus.composer.compose.tune import draw_motifs
from khala.corpus.composer.compose.vocals import write_vocals
from khala.corpus.composer.score import Score
from khala.corpus.composer.singers import SEXES

LENGTHS, SHARES = ((20, 40), (40, 65), (65, 120), (120, 240)), (0.35, 0.2, 0.2, 0.25)
"""Ranges of drawn lengths in seconds, and their shares."""


def compose(
    seed: int,
    seconds: float | None = None,
    style: str | None = None,
    vocal: str | None = None,
    stanzas: Sequence[Stanza] = (),
) -> Score:
    """Compose the song of a seed. Arguments that are None are drawn.

    `seconds` is met to within half a section; `style` is a key of `STYLES`; `vocal` is "female", "male" or "" for an
    instrumental. `stanzas` are verses and choruses to sing instead of drawn ones, of words of `LEXICON`; they make the
    form, between an intro and an outro. Raises ValueError for an unknown style or voice, and for a line with more
    syllables than fit.
    """
    rng = random.Random(f"{seed} song")
    drawn_seconds = rng.uniform(*rng.choices(LENGTHS, SHARES)[0])
    drawn_style = rng.choice(list(STYLES))
    drawn_vocal = rng.choices(("female", "male", ""), (3, 3, 2))[0]
    seconds = drawn_seconds if seconds is None else seconds
    style = drawn_style if style is None else style
    vocal = drawn_vocal if vocal is None else vocal
    if style not in STYLES:
        raise ValueError(f"unknown style {style!r}; the styles are {', '.join(STYLES)}")
    if vocal and vocal not in SEXES:
        raise ValueError(f"unknown voice {vocal!r}; voices are 'female', 'male', and '' for an instrumental")
    return _write(draw_plan(seed, seconds, STYLES[style], vocal, stanzas if vocal else ()))


def _write(plan: SongPlan) -> Score:
    motifs = draw_motifs(plan)
    parts = band(plan, motifs)
    lines, text = write_vocals(plan, motifs) if plan.voice else ((), "")
    facts = prompt.facts(plan, parts, lines)
    if plan.style.swing != 0.5:
        swing = Swing(plan.style.swing, plan.style.swing_grid)
        parts, lines = tuple(map(swing.part, parts)), tuple(map(swing.line, lines))
    parts = touch(plan, parts)
    return Score(
        seed=plan.seed,
        style=plan.style.name,
        key=plan.key,
        mode=plan.mode,
        frames_per_bar=plan.frames_per_bar,
        beats_per_bar=plan.beats_per_bar,
        voice=plan.voice,
        singer=plan.singer,
        backing=plan.backing if any(line.harmony or line.answer for line in lines) else "",
        sections=plan.sections,
        parts=parts,
        lines=lines,
        mix=plan.mix,
        tags=prompt.tags(plan.rng("tags"), facts),
        description=prompt.description(plan.rng("description"), facts),
        lyrics=text,
        words_from=plan.words_from,
    )
