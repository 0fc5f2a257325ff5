"""A song read back: what it was made with, from its record."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from khala.audio.tags.tagging import read_tags
from khala.generation.record_file import own_record
from khala.generation.tagging import RECORD
from khala.music.errors import InvalidRequest
from khala.music.loras import NAME, Lora
from khala.music.request import SongRequest

MAX_RECORD_BYTES = 4_000_000
"""Size of a record that is read."""


@dataclass(frozen=True)
class Remake:
    """The settings that make a take again: a `request` for one take, with the take's own seed, and what computed it;
    `digest` is that of the model's files, `loras` are installed adapters. `device` is a kind, without a number."""

    request: SongRequest
    model: str
    digest: str
    engine: str
    device: str
    dtype: str
    loras: tuple[Lora, ...] = ()

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Raises InvalidRequest for a record that lacks any of it, or that no request can be made of."""
        try:
            request, model = dict(record["request"]), record["model"]
            texts = [model["name"], model["digest"]]
            texts += [record.get(name, "auto") for name in ("engine", "device", "dtype")]  # old ones had no engine
            if not all(isinstance(text, str) for text in texts):
                raise TypeError
            loras = tuple(Lora(one["name"], float(one["weight"])) for one in record.get("loras", ()))
            if not all(re.fullmatch(NAME, lora.name) for lora in loras):  # a record comes from anyone: no paths
                raise ValueError
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InvalidRequest("its record does not say with what model and settings it was made") from None
        made = SongRequest.from_dict({**request, "takes": 1, "seed": record.get("seed")})
        if made.seed is None:
            raise InvalidRequest("its record has no seed")
        name, digest, engine, device, dtype = texts
        return cls(made, name, digest, engine, device.partition(":")[0], dtype, loras)


def read_record(song: Path) -> dict[str, Any]:
    """Return the record of a song of Khala's: from the file's tags, from the JSON file beside it, or from that file
    itself. It may come from anyone: only its form is checked. Raises InvalidRequest if there is none."""
    if song.suffix.lower() == ".json":
        return _parse(_text_of(song), song)
    try:
        text, unreadable = read_tags(song).get(RECORD), None
    except InvalidRequest as error:
        text, unreadable = None, error
    if text:
        return _parse(text, song)
    beside = own_record(song)
    if beside is None:
        raise unreadable or InvalidRequest(
            f"{song} does not say how it was made: it has no tags of Khala's and no record beside it; "
            "give a song or a .json record that Khala wrote"
        )
    return _parse(_text_of(beside), beside)


def _text_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_RECORD_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InvalidRequest(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _parse(text: str | bytes, path: Path) -> dict[str, Any]:
    try:
        record = json.loads(text) if len(text) <= MAX_RECORD_BYTES else None
    except (ValueError, RecursionError):
        record = None
    if not (isinstance(record, dict) and record.keys() >= {"request", "seed", "model"}):
        raise InvalidRequest(f"the record in {path} is damaged or not one of Khala's")
    return record
