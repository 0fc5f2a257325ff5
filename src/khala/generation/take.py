"""A take: one rendition of a song, and the record of how it was made."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.audio.files import replacing, write_audio
from khala.audio.samples import Samples
from khala.generation.record_file import place_for_record


@dataclass(frozen=True)
class Take:
    """`samples` float32 [2, n] at `rate` Hz, the `codes` int16 [levels, frames] they were decoded from, and `metadata`:
    JSON values that hold all that is needed to make the same samples again (`pipeline.Pipeline.generate`)."""

    samples: Samples
    rate: int
    codes: NDArray[np.int16]
    metadata: dict[str, Any]

    @property
    def seconds(self) -> float:
        return float(self.samples.shape[1] / self.rate)

    def save(self, path: str | Path, format: str | None = None) -> Path:
        """Write the samples to `path` (wav, flac, mp3 or opus, by `format` or else by the extension) and the metadata
        beside it, as its `record`: both or neither. Returns `path`. Raises OutputError, InvalidRequest."""
        path = Path(path)
        request = self.metadata["request"]
        tags = {
            "title": request["title"] or ", ".join(request["tags"]) or request["prompt"][:100],
            "artist": "Khala",
            "comment": f"model {self.metadata['model']['name']}, seed {self.metadata['seed']}",
        }
        name = os.fsencode(path.name).decode(errors="replace")  # a name may hold bytes that are no text
        record = {"file": name, **self.metadata}
        with replacing(place_for_record(path)) as part:
            part.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            write_audio(path, self.samples, self.rate, tags, format)
        return path
