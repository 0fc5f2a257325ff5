"""Parts of a score played by FluidSynth in this process, one stereo stem each.

Events lie on FluidSynth's own grid of 64 samples, 32 to a codec frame: a repeated bar is repeated sample for sample,
except for notes that ring into it. Every song gets a new synthesizer (40 ms), because a reset one keeps traces of the
song before, on which the samples would depend.
"""

import ctypes
import ctypes.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from khala.corpus.composer.score import FONTS, InstrumentPart, Note
from khala.corpus.composer.voice import ToolMissing
from khala.corpus.data.audio_format import SAMPLE_RATE

GRID = 64
"""Samples between two positions at which FluidSynth accepts events."""
_MAX_PARTS = 16
_DRUM_BANK = 128
_LEVELS = 5  # of FluidSynth's log


def play_parts(parts: Sequence[InstrumentPart], samples_per_beat: float, length: int) -> np.ndarray:
    """Return stems float32 [parts, 2, length] at `SAMPLE_RATE`, dry and at the sound fonts' own levels.

    Raises `ToolMissing` without FluidSynth or the sound fonts, and `ValueError` for more than 16 parts.
    """
    if len(parts) > _MAX_PARTS:
        raise ValueError(f"{len(parts)} parts; FluidSynth plays at most {_MAX_PARTS}")
    stems = np.zeros((len(parts), 2, length), np.float32)
    if not parts:
        return stems
    fluid = _library()
    settings = ctypes.c_void_p(fluid.new_fluid_settings())
    for key in ("synth.reverb.active", "synth.chorus.active"):
        fluid.fluid_settings_setint(settings, key.encode(), 0)
    for key in ("synth.audio-channels", "synth.audio-groups"):
        fluid.fluid_settings_setint(settings, key.encode(), len(parts))
    fluid.fluid_settings_setint(settings, b"synth.dynamic-sample-loading", 1)  # else 148 MB are read for every song
    fluid.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(SAMPLE_RATE))
    synth = ctypes.c_void_p(fluid.new_fluid_synth(settings))
    try:
        fonts = {name: _load(fluid, synth, FONTS[name]) for name in dict.fromkeys(part.font for part in parts)}
        for channel, part in enumerate(parts):
            fluid.fluid_synth_set_channel_type(synth, channel, int(part.drums))
            bank = _DRUM_BANK if part.drums else 0
            if fluid.fluid_synth_program_select(synth, channel, fonts[part.font], bank, part.program) < 0:
                raise ValueError(f"the sound font {part.font} has no program {part.program} in bank {bank}")
        position = 0
        for time, on, channel, pitch, velocity in [*_events(parts, samples_per_beat, length), (length, 0, 0, 0, 0)]:
            if time > position:
                row = stems.strides[1]
                start = stems.ctypes.data + position * stems.itemsize
                buffers = (ctypes.c_void_p * (2 * len(parts)))(*range(start, start + 2 * len(parts) * row, row))
                fluid.fluid_synth_process(synth, time - position, 0, None, 2 * len(parts), buffers)
                position = time
            if on:
                fluid.fluid_synth_noteon(synth, channel, pitch, velocity)
            else:
                fluid.fluid_synth_noteoff(synth, channel, pitch)
    finally:
        fluid.delete_fluid_synth(synth)
        fluid.delete_fluid_settings(settings)
    return stems


def require_fluidsynth() -> None:
    """Raise `ToolMissing` unless FluidSynth and the sound fonts are installed."""
    _library()


def _load(fluid: Any, synth: ctypes.c_void_p, font: Path) -> int:
    """Load a sound font and return its number."""
    number: int = fluid.fluid_synth_sfload(synth, str(font).encode(), 0)
    if number < 0:
        raise ToolMissing(f"a readable sound font {font}")
    return number


def _events(
    parts: Sequence[InstrumentPart], samples_per_beat: float, length: int
) -> list[tuple[int, int, int, int, int]]:
    """Return (sample, 1 for on or 0 for off, channel, pitch, velocity) in order; at a sample, offs come first."""
    events = []
    for channel, part in enumerate(parts):
        next_start: dict[int, float] = {}  # a key is released before it is struck again
        for note in sorted(part.notes, key=_start, reverse=True):
            end = min(note.start + note.length, next_start.get(note.pitch, np.inf))
            next_start[note.pitch] = note.start
            on, off = (int(beats * samples_per_beat + 0.5) // GRID * GRID for beats in (note.start, end))
            if on < length and off > on:
                events.append((on, 1, channel, note.pitch, note.velocity))
                events.append((min(off, length), 0, channel, note.pitch, 0))
    return sorted(events)


def _start(note: Note) -> float:
    return note.start


@cache
def _library() -> Any:
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        raise ToolMissing("the library FluidSynth")
    for font in FONTS.values():
        if not font.exists():
            raise ToolMissing(f"the sound font {font}")
    fluid = ctypes.CDLL(name)
    for function in ("new_fluid_settings", "new_fluid_synth"):
        getattr(fluid, function).restype = ctypes.c_void_p
    for level in range(_LEVELS):
        fluid.fluid_set_log_function(level, None, None)
    return fluid
