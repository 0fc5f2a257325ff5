"""A take: one rendition of a song, and the record of how it was made."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.audio.files import write_audio
from khala.audio.replacing import replacing
from khala.audio.samples import Samples
from khala.audio.tags.tag_set import Tags
from khala.generation.kept import KeptSong
from khala.generation.record_file import place_for_record
from khala.generation.tagging import tags_of
from khala.music.timing import TimedLine


@dataclass(frozen=True)
class Take:
    """`samples` float32 [2, n] at `rate` Hz, the `codes` int16 [levels, frames] they were decoded from, and `metadata`:
    JSON values that hold all that is needed to make the same samples again (`pipeline.Pipeline.generate`). `kept` is
    what other songs can be made of."""

    samples: Samples
    rate: int
    codes: NDArray[np.int16]
    metadata: dict[str, Any]
    kept: KeptSong | None = None

    @property
    def seconds(self) -> float:
        return float(self.samples.shape[1] / self.rate)

    @property
    def lyrics_timed(self) -> list[TimedLine] | None:
        """The lines of the lyrics with the times of their words; None where these are not known."""
        lines = self.metadata.get("lyrics")
        return None if lines is None else [TimedLine.from_dict(line) for line in lines]

    def save(self, path: str | Path, format: str | None = None, tags: bool | Tags = True) -> Path:
        """Write the samples to `path` (wav, flac, mp3 or opus, by `format` or else by the extension) and the metadata
        beside it, as its `record`: both or neither. Returns `path`.

        The file's tags are those of `generation.tagging`, the `tags` given, or none. Raises OutputError,
        InvalidRequest."""
        path = Path(path)
        name = os.fsencode(path.name).decode(errors="replace")  # a name may hold bytes that are no text
        record = {"file": name, **self.metadata}
        song = self.kept.to_text() if self.kept else ""
        if tags is True:
            tags = tags_of(self.metadata, song=song)
        elif not tags and song:
            record["song"] = song
        with replacing(place_for_record(path)) as part:
            part.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            write_audio(path, self.samples, self.rate, tags or None, format)
        return path
