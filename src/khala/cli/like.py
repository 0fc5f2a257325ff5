"""`--like SONG`: a song's own settings in place of the defaults, and what a machine can do of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from khala.engine.opening import require_possible, settings_need_torch
from khala.generation.remake import Remake, read_record
from khala.music.errors import InvalidRequest, OutputError
from khala.music.loras import Lora
from khala.music.request import SongRequest

_MODEL_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
"""Names and hub ids. A record comes from anyone: it opens no other path."""


@dataclass(frozen=True)
class Machine:
    """What computes a song: values of --model, --engine, --device, --dtype and --lora."""

    model: str = "mini"
    engine: str = "auto"
    device: str = "auto"
    dtype: str = "auto"
    loras: tuple[Lora, ...] = ()


def read_like(song: Path) -> Remake:
    """Return what a song, or the record of one, was made with. Raises InvalidRequest."""
    record = read_record(song)
    try:
        return Remake.from_record(record)
    except InvalidRequest as error:
        raise InvalidRequest(f"cannot make a song like {song}: {error}") from None


def changed(request: SongRequest, given: Mapping[str, Any], instrumental: bool) -> SongRequest:
    """Return a request with what was given in place of its own: a prompt replaces tags, and an instrumental has no
    lyrics. Raises InvalidRequest."""
    values = dict(given)
    if "prompt" in given or "tags" in given:
        values = {"prompt": "", "tags": (), **values}
    if instrumental or "lyrics" in given:
        values = {"lyrics": "", **values, "instrumental": instrumental}
    return replace(request, **values)


def machine_like(made: Remake, given: Mapping[str, Any], note: Callable[[str], None]) -> Machine:
    """Return what made a song, with what was given in place of it. Where this machine lacks it, the rest is chosen
    anew, and `note` gets a line about that. Raises InvalidRequest."""
    if "model" not in given and not _MODEL_NAME.fullmatch(made.model):
        raise InvalidRequest(f"the song was made with a model called {made.model[:40]!r}; name yours with --model")
    chosen = Machine(**{"model": made.model, "loras": made.loras, **given})
    if given.keys() & {"engine", "device", "dtype"}:
        return chosen
    try:
        require_possible(settings_need_torch(made.device, made.dtype, made.engine), made.engine)
    except InvalidRequest as error:
        note(f"the song was made by {made.engine} on {made.device} in {made.dtype}, and this one will differ: {error}.")
        return chosen
    return replace(chosen, engine=made.engine, device=made.device, dtype=made.dtype)


def require_other(song: Path, paths: list[Path]) -> None:
    """Raise OutputError if a song to write would replace the one that it is like."""
    if any(path.exists() and song.exists() and path.samefile(song) for path in paths):
        raise OutputError(f"cannot write {song}: it is the song to be like; choose another --output")
