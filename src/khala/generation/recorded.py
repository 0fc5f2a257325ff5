"""Songs that were recorded elsewhere as what another song is made of: encoded, in bars as they are heard."""

from dataclasses import replace
from pathlib import Path

from khala.audio.files import read_audio
from khala.audio.loudness import TARGET_LUFS
from khala.audio.tags.tagging import read_tags
from khala.conditioning.outline import KEYS, Outline, Part
from khala.conditioning.preview import preview
from khala.engine.base import Engine
from khala.generation.encoding import ENCODED_LUFS, encode_song
from khala.generation.kept import KeptSong
from khala.generation.record_file import own_record
from khala.generation.source import Source
from khala.generation.tagging import RECORD
from khala.music.errors import InvalidRequest
from khala.music.heard import Heard
from khala.music.request import SongRequest

UNTAGGED = "recorded song"
"""The tag of a song of which nothing is known."""


def is_recording(song: Path) -> bool:
    """Whether a file is audio that does not say how Khala made it."""
    if song.suffix.lower() == ".json" or own_record(song) is not None:
        return False
    try:
        return RECORD not in read_tags(song)
    except InvalidRequest:
        return song.exists()


def recorded_request(song: Path, seconds: float, tags: tuple[str, ...], heard: Heard, lyrics: str) -> SongRequest:
    """A request for a recording: `tags`, with tempo and key as they are heard where these do not say them."""
    said = " ".join(tags).lower()
    found = []
    if heard.bpm and "bpm" not in said:
        found.append(f"{heard.bpm:.0f} bpm")
    if heard.key and "major" not in said and "minor" not in said:
        found.append(heard.key)
    every = (*tags, *found) or (UNTAGGED,)
    return SongRequest(
        tags=every, lyrics=lyrics, instrumental=not lyrics, duration=seconds, seed=0, title=song.stem[:100]
    )


def recorded_source(
    engine: Engine, song: Path, heard: Heard, tags: tuple[str, ...] = (), lyrics: str = "", start: float | None = None
) -> Source:
    """Encode the recording at a path. Bars of a model with an outline are counted from the downbeat that is nearest to
    `start` in seconds, or to the end: they are whole numbers of frames, so elsewhere they may be off. Raises
    InvalidRequest."""
    samples, rate = read_audio(song)
    seconds = samples.shape[1] / rate
    if samples.shape[0] > 2 or seconds > engine.config.max_seconds:
        longest = f"{engine.config.max_seconds:g} s"
        raise InvalidRequest(
            f"{song} has {samples.shape[0]} channels and {seconds:.0f} s; it may have two at most, and {longest}"
        )
    request = replace(recorded_request(song, max(seconds, 5.0), tags, heard, lyrics), sampling=engine.config.sampling)
    codes = encode_song(engine, samples, rate)
    planned = preview(request, engine.config).outline
    outline = None
    if planned is not None:
        near = seconds if start is None else start
        outline = _outline(planned, codes.shape[1], heard, near, engine.config.frame_rate)
    kept = KeptSong(codes, engine.digest, TARGET_LUFS - ENCODED_LUFS, ended=False, outline=outline)
    return Source(kept, request, song.name)


def _outline(planned: Outline, frames: int, heard: Heard, near: float, frame_rate: float) -> Outline:
    """One part as long as the recording, in the bars that are heard."""
    bar, beats, first = planned.bar, planned.beats, 0
    if heard.bpm and heard.beats_per_bar and heard.first_downbeat_seconds is not None:
        beats = heard.beats_per_bar
        length = 60 / heard.bpm * beats
        bar = round(length * frame_rate)
        number = max(int((near - heard.first_downbeat_seconds) / length + 0.5), 0)
        first = round((heard.first_downbeat_seconds + number * length) * frame_rate)
        first = first if first <= frames else first - bar
    return replace(
        planned,
        frames=frames,
        bar=bar,
        beats=beats,
        parts=(Part(0, frames, "verse"),),
        lines=(),
        key=KEYS.index(heard.key) if heard.key else planned.key,
        chords=(),
        first_bar=first % bar if bar else 0,
    )
