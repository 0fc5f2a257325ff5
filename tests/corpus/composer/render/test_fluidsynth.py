import ctypes.util
from dataclasses import replace

import numpy as np
import pytest

from khala.corpus.composer.compose import STYLES
from khala.corpus.composer.compose.styles.base import INSTRUMENTS, KITS
from khala.corpus.composer.render import fluidsynth
from khala.corpus.composer.score import FONTS, InstrumentPart, Note
from khala.corpus.composer.voice import ToolMissing

INSTALLED = ctypes.util.find_library("fluidsynth") is not None and all(font.exists() for font in FONTS.values())
BAR = 40 * 2048


def played(parts) -> np.ndarray | None:
    """Eight bars of stems, or None where FluidSynth is not installed and says so."""
    if INSTALLED:
        return fluidsynth.play_parts(parts, BAR / 4, 8 * BAR)
    with pytest.raises(ToolMissing, match="apt-get install"):
        fluidsynth.play_parts(parts, BAR / 4, 8 * BAR)
    return None


def test_a_song_does_not_depend_on_what_was_played_before(score) -> None:
    first = played(score().parts)
    played([InstrumentPart("pad", 89, (Note(0, 30, 50, 120),))])
    again = played(score().parts)
    assert first is None or np.array_equal(first, again)


def test_every_part_has_its_stem_and_starts_on_time() -> None:
    stems = played(
        [
            InstrumentPart("drums", 0, (Note(2, 0.5, 38, 110),), drums=True),
            InstrumentPart("bass", 33, (Note(4, 1, 40, 110),)),
        ]
    )
    if stems is not None:
        for stem, beat in zip(stems, (2, 4), strict=True):
            heard = np.flatnonzero(np.abs(stem).max(0) > 1e-3)
            assert 0 <= heard[0] - beat * BAR / 4 < 2000


def test_a_repeated_dry_bar_is_repeated_sample_for_sample() -> None:
    clicks = tuple(Note(4.0 * bar + beat, 0.25, 37, 100) for bar in range(8) for beat in (0, 1.5))
    stems = played([InstrumentPart("drums", 0, clicks, drums=True)])
    assert stems is None or np.abs(stems[..., BAR : 2 * BAR] - stems[..., 2 * BAR : 3 * BAR]).max() < 1e-4


def test_a_key_struck_again_is_let_go_first() -> None:
    events = fluidsynth._events([InstrumentPart("comp", 0, (Note(0, 4, 60, 90), Note(1, 1, 60, 80)))], 6400, 100000)
    assert events == [(0, 1, 0, 60, 90), (6400, 0, 0, 60, 0), (6400, 1, 0, 60, 80), (12800, 0, 0, 60, 0)]


def test_sound_fonts_sound_different_and_programs_that_are_not_there_are_named() -> None:
    one = InstrumentPart("comp", 0, (Note(0, 2, 60, 100),))
    stems = played([replace(one, font=font) for font in FONTS])
    if stems is not None:
        assert np.abs(stems[0] - stems[1]).max() > 0.1 * np.abs(stems[0]).max()
        with pytest.raises(ValueError, match="fluid has no program 99 in bank 128"):
            played([replace(one, program=99, drums=True)])


def test_every_sound_of_the_composer_is_in_every_font() -> None:
    kits = {program for style in STYLES.values() for program in KITS.get(style.kit, (style.kit,))}
    parts = [InstrumentPart("comp", program, ()) for program in INSTRUMENTS] + [
        InstrumentPart("drums", kit, (), drums=True) for kit in kits
    ]
    for font in FONTS:
        for first in range(0, len(parts), 16):
            some = [replace(part, font=font) for part in parts[first : first + 16]]
            if INSTALLED:
                assert fluidsynth.play_parts(some, 100.0, 64).shape == (len(some), 2, 64)


def test_seventeen_parts_are_too_many() -> None:
    with pytest.raises(ValueError, match="17 parts"):
        fluidsynth.play_parts([InstrumentPart("comp", 0, ())] * 17, 6400, 1000)


def test_without_fluidsynth_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    fluidsynth._library.cache_clear()
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    with pytest.raises(ToolMissing, match=r"FluidSynth is missing.*libfluidsynth3"):
        fluidsynth.require_fluidsynth()
