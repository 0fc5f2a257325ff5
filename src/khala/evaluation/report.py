"""All measures of a song as one record, and of many songs as one summary."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from khala.audio.files import ENCODINGS, read_audio
from khala.evaluation.asked import Asked, asked_beside
from khala.evaluation.clipping import clipping
from khala.evaluation.loudness import loudness
from khala.evaluation.repetition import repetition
from khala.evaluation.sections import follows
from khala.evaluation.silence import silence
from khala.evaluation.tempo import metrical_level, tempo
from khala.evaluation.types import Array
from khala.evaluation.voice import voice
from khala.music.errors import InvalidRequest

LONG_SILENCE = 2.0
"""Seconds of silence inside a song that count as a fault."""
FOLLOWS = 0.3
"""Correlation of level and form from which a song counts as following its form."""

VERDICTS = {
    "tempo": "tempo as asked",
    "voice": "voice as asked",
    "form": "level follows the form",
    "sound": "no long silence, no clipping, nothing that is not a number",
}
"""What a song can pass or fail, in words. A song that was not asked for something has no verdict on it."""


def songs_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The audio files among `paths` and in the folders among them. Raises InvalidRequest for what is neither."""
    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.suffix.lower().removeprefix(".") in ENCODINGS)
            if not found:
                raise InvalidRequest(
                    f"there is no audio in {path}; name files that end with .wav, .flac, .mp3 or .opus"
                )
            yield from found
        elif path.is_file():
            yield path
        else:
            raise InvalidRequest(f"there is no file {path}")


def evaluate_file(path: Path) -> dict[str, Any]:
    """The record of one file, measured against the JSON file beside it if there is one. Raises InvalidRequest."""
    samples, rate = read_audio(path)
    return {"file": str(path), **evaluate(samples, rate, asked_beside(path) or Asked())}


def evaluate(samples: Array, rate: int, asked: Asked) -> dict[str, Any]:
    """The record of samples [channels, N] as JSON values: every measure, and under "verdicts" what passed (true),
    failed (false) or was not asked for (null)."""
    if samples.shape[1] == 0:
        raise InvalidRequest("a file without samples cannot be measured")
    beat, sung, quiet, flat = tempo(samples, rate), voice(samples, rate), silence(samples, rate), clipping(samples)
    form = follows(samples, rate, asked.parts) if asked.parts else None
    return {
        "seconds": samples.shape[1] / rate,
        "rate": rate,
        "channels": samples.shape[0],
        "tempo": {
            "bpm": beat and beat.bpm,
            "strength": beat and beat.strength,
            "asked": asked.bpm or (list(asked.limits) if asked.limits else None),
            "metrical_level": metrical_level(beat.bpm, asked.bpm) if beat and asked.bpm else None,
        },
        "voice": {"share": sung.share, "present": sung.present, "asked": asked.voice},
        "form": {"correlation": form},
        "silence": asdict(quiet),
        "clipping": asdict(flat),
        "loudness": asdict(loudness(samples, rate)),
        "repetition": asdict(repetition(samples, rate)),
        "verdicts": {
            "tempo": (asked.tempo_met(beat.bpm) if beat else False) if asked.bpm or asked.limits else None,
            "voice": None if asked.voice is None else sung.present == asked.voice,
            "form": (form is not None and form >= FOLLOWS) if asked.parts else None,
            "sound": quiet.longest <= LONG_SILENCE and not flat.clipped and not flat.not_finite,
        },
    }


def summarise(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """For every verdict how many songs passed and of how many; what nobody was asked for is left out."""
    summary = {}
    for name in VERDICTS:
        judged = [record["verdicts"][name] for record in records if record["verdicts"][name] is not None]
        if judged:
            summary[name] = {"passed": sum(judged), "of": len(judged)}
    return summary
